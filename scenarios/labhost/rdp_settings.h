/* What the lab host offers a client in the way of RDP's security and capabilities. */
#ifndef LEAKLAB_LABHOST_RDP_SETTINGS_H
#define LEAKLAB_LABHOST_RDP_SETTINGS_H

#include <freerdp/settings.h>

#include "labhost/connection.h"

bool rdp_settings_fill(rdpSettings *settings, const struct connection_environment *environment);

#endif
