/* Where rows of tables go. Inside this folder. */
#ifndef LEAKLAB_TARGETS_H
#define LEAKLAB_TARGETS_H

#include "readers/source.h"

extern const struct target target_sessions, target_logons, target_processes, target_logon_processes,
    target_events, target_event_logons;

#endif
