/* One cycle of a workload that is a command: it is run, and ended at its time-out. */
#ifndef LEAKLAB_WORKLOAD_H
#define LEAKLAB_WORKLOAD_H

#include "driver/rdp/cycle.h"

/* Runs the setup's command and fills in the report. */
void workload_run(const struct setup *setup, const struct order *order,
    const struct cycle_watch *watch, struct report *report);
/* Ends all commands that run, and those that would begin. Any thread. */
void workload_stop_all(void);

#endif
