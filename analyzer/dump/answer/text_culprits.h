/* Culprits for people. Inside this folder. */
#ifndef LEAKLAB_ANSWER_TEXT_CULPRITS_H
#define LEAKLAB_ANSWER_TEXT_CULPRITS_H

#include "dump/answer/answer.h"

void print_culprits(const struct telling *telling, FILE *out);

#endif
