/* Where this program lies: others of leaklab lie beside it. */
#ifndef LEAKLAB_OWN_FOLDER_H
#define LEAKLAB_OWN_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "common/error.h"

/* Without a slash at its end (proc(5), /proc/self/exe). False: error says why it is not known. */
bool own_folder(char out[PATH_MAX], struct error *error);

#endif
