/* From a scenario to what the workers are told once. */
#ifndef LEAKLAB_SETUP_H
#define LEAKLAB_SETUP_H

#include <stdbool.h>

#include "common/error.h"
#include "driver/message.h"
#include "driver/scenario/scenario.h"

/* Expands ${...}, reads the address and the certificate policy, chooses what the scenario leaves open. To be called
 * when the stage stands. */
bool setup_make(const struct scenario *scenario, struct setup *setup, struct error *error);

#endif
