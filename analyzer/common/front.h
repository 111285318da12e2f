/* leaklab is the one command; the programs behind it were its verbs' commands before. */
#ifndef LEAKLAB_FRONT_H
#define LEAKLAB_FRONT_H

#define FRONT "leaklab"

/* Says on standard error how the verb is written now, if argv0 is the program's own name. */
void front_say_if_old(const char *argv0, const char *program, const char *verb);

#endif
