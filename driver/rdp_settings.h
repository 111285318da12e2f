/* What the driver asks of libfreerdp for each connection. */
#ifndef LEAKLAB_RDP_SETTINGS_H
#define LEAKLAB_RDP_SETTINGS_H

#include <stdbool.h>

#include "driver/message.h"

struct rdp_settings; /* FreeRDP's rdpSettings */

bool rdp_settings_fill(
    struct rdp_settings *settings, const struct setup *setup, const struct order *order);

#endif
