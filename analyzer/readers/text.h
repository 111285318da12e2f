/* Text: the output of one or several tools. Inside this folder. */
#ifndef LEAKLAB_TEXT_EVIDENCE_H
#define LEAKLAB_TEXT_EVIDENCE_H

#include "common/error.h"
#include "readers/lines.h"
#include "evidence/snapshot.h"

/* Reads the text; NULL if no line of it is any tool's. The snapshot's source names the tools. */
struct snapshot *text_evidence_read(struct span text, const char *origin, struct error *error);

#endif
