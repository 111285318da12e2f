/* Faults that the lab host can be told to have, so that what is driven against it can be tested. */
#ifndef LEAKLAB_LABHOST_FAULT_H
#define LEAKLAB_LABHOST_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_MUTE,
	FAULT_MUTE_AFTER_TLS,
	FAULT_CLOSE_MID_LOGON,
	FAULT_NO_LOGON_INFO,
	FAULT_HANG_LOGOFF,
	FAULT_SILENT_LOGOFF,
};

struct fault {
	enum fault_kind kind;
	uint64_t every; /* every n-th connection has it */
};

/* Reads "NAME" or "NAME/N". */
bool fault_parse(const char *text, struct fault *out);
enum fault_kind fault_for(const struct fault *fault, uint64_t connection);
/* A line of help text for each, with line breaks. */
extern const char fault_help[];

#endif
