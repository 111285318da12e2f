/* What no scenario may ask for, whatever it says: one that hurts a host must not be a slip of the finger. */
#ifndef LEAKLAB_SCENARIO_CAPS_H
#define LEAKLAB_SCENARIO_CAPS_H

#include "common/duration.h"

#define SESSIONS_MAX 2000  /* at once, those that cycles leave behind included */
#define RATE_MAX 500       /* logons a second, and slots of a closed load that begin in one */
#define RATE_MIN 0.0001    /* logons a second, one in three hours: less is a slip of the pen */
#define CYCLES_MAX 1000000 /* a run */
#define LOAD_TIME_MAX (31 * 24 * 3600 * SECOND)
#define STEPS_MAX 100
#define WORKERS_MAX 64
#define COMMAND_MAX 4096    /* bytes, with the NUL */
#define RECONNECTS_MAX 1000 /* of a cycle */

#endif
