/* A packed PDB (.pd_), as symbol stores keep them: a Windows cabinet with one file in it ([MS-CAB]). */
#ifndef LEAKLAB_CABINET_H
#define LEAKLAB_CABINET_H

#include "dump/pdb/streams.h"

#define CABINET_MAGIC "MSCF"

/* The first file in it; *out is the caller's to free(). False: damaged, or packed in a way that is not understood. */
bool cabinet_unpack(struct span cabinet, uint8_t **out, size_t *length, struct error *error);

#endif
