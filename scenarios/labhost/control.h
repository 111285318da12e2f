/* The control socket: clients that look at the host, or that act as processes on it and own handles. */
#ifndef LEAKLAB_LABHOST_CONTROL_H
#define LEAKLAB_LABHOST_CONTROL_H

#include "labhost/lab.h"

struct control;

/* Listens on a Unix socket that only this user can reach. */
struct control *control_create(struct lab *lab, const char *path, struct error *error);
void control_destroy(struct control *control); /* NULL is allowed */

int control_fd(const struct control *control); /* to poll for reading */
/* Serves what is ready. */
void control_run(struct control *control);
/* Tells the watchers of the logons and logoffs that have gathered. */
void control_tell_events(struct control *control);

#endif
