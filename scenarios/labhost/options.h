/* Numbers on the command line. */
#ifndef LEAKLAB_LABHOST_OPTIONS_H
#define LEAKLAB_LABHOST_OPTIONS_H

#include <argp.h>
#include <stdint.h>

/* Each ends the program with a usage error that names the option if the text is no number within the bounds. */
uint64_t option_integer(
    struct argp_state *state, const char *option, const char *text, uint64_t least, uint64_t most);
double option_real(
    struct argp_state *state, const char *option, const char *text, double least, double most);
/* Which of the words it is; they end with NULL. */
int option_word(
    struct argp_state *state, const char *option, const char *text, const char *const *words);

#endif
