/* What the lab host offers a client in the way of RDP's security and capabilities. */
#ifndef LEAKLAB_LABHOST_RDP_SETTINGS_H
#define LEAKLAB_LABHOST_RDP_SETTINGS_H

#include <freerdp/settings.h>

#include "labhost/certificate.h"
#include "labhost/connection_options.h"

/* Settings for each connection to copy; the copies share the private key. The caller frees them with
 * freerdp_settings_free(); NULL: the certificate cannot be used, or memory is out. */
rdpSettings *rdp_settings_create(
    const struct certificate *certificate, const struct connection_options *options);

#endif
