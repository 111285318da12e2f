/* At which hosts logons are played: a scenario alone sends nobody's password anywhere. */
#ifndef LEAKLAB_HOSTS_H
#define LEAKLAB_HOSTS_H

#include <stdbool.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"

/* Whether the user's own list of hosts has it, or it is this machine by a loopback name or address. The list is
 * $XDG_CONFIG_HOME/leaklab/hosts: a host a line, * for any part of it, # before remarks. False: the error says what to do, EXIT_USAGE. */
bool host_is_allowed(const char *host, struct error *error);

/* Puts the host into that list, as whoever calls leaklab has named it; *path gets the list's name if it was not there yet, to be freed. One that
 * cannot be put there, or need not be, is left. */
void host_allow(const char *address, char **path);

/* Whether a scenario's address is nothing but a variable of the environment, which whoever calls leaklab has set: "${RDS_HOST}:3389". To be
 * asked before a stage program adds variables of its own; one that it may replace is not meant. */
bool host_is_variable(const struct scenario *scenario);

#endif
