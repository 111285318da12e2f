/* The worker process: slots, each a thread that plays the cycles it is ordered to. */
#ifndef LEAKLAB_WORKER_H
#define LEAKLAB_WORKER_H

/* Serves WORKER_SOCKET until its other end closes. Returns the process' exit code. */
int worker_main(void);

#endif
