/* The verbs of leaklab-labhost. Each takes the arguments from its own name on, and returns an exit code. */
#ifndef LEAKLAB_LABHOST_LABHOST_H
#define LEAKLAB_LABHOST_LABHOST_H

#define LABHOST_PROGRAM "leaklab-labhost"

int labhost_serve(int argc, char **argv);
int labhost_ask(int argc, char **argv);
int labhost_crash(int argc, char **argv);

#endif
