/* What reading and writing a snapshot's JSON share. Inside this folder. */
#ifndef LEAKLAB_JSON_PARTS_H
#define LEAKLAB_JSON_PARTS_H

#include <stdbool.h>

#include "evidence/field.h"

/* A list of the snapshot whose sight is said. */
bool json_is_section(const struct field *field);

#endif
