/* Knows the faults' names, and which connection has one. */
#include "labhost/rdp.h"

#include <stdlib.h>
#include <string.h>

const char fault_help[] =
    "  mute              accepts the connection and never sends anything\n"
    "  mute-after-tls    falls silent in the middle of the authentication\n"
    "  close-mid-logon   closes the connection after the authentication\n"
    "  no-logon-info     logs on, but sends no Save Session Info PDU\n"
    "  hang-logoff       neither the shell's end nor keys log off\n"
    "  silent-logoff     logs off, but closes without the error info that proves it\n";

bool fault_parse(const char *text, struct fault *out)
{
	static const struct {
		const char *name;
		enum fault_kind kind;
	} names[] = {
	    {"mute", FAULT_MUTE},
	    {"mute-after-tls", FAULT_MUTE_AFTER_TLS},
	    {"close-mid-logon", FAULT_CLOSE_MID_LOGON},
	    {"no-logon-info", FAULT_NO_LOGON_INFO},
	    {"hang-logoff", FAULT_HANG_LOGOFF},
	    {"silent-logoff", FAULT_SILENT_LOGOFF},
	};
	const size_t length = strcspn(text, "/");
	uint64_t every = 1;

	if (text[length] == '/') {
		char *end;
		every = strtoul(text + length + 1, &end, 10);
		if (text[length + 1] < '0' || text[length + 1] > '9' || *end || every == 0)
			return false;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == length && strncmp(names[i].name, text, length) == 0) {
			*out = (struct fault){names[i].kind, every};
			return true;
		}
	return false;
}

enum fault_kind fault_for(const struct fault *fault, uint64_t connection)
{
	return fault->kind != FAULT_NONE && connection % fault->every == 0 ? fault->kind
	                                                                   : FAULT_NONE;
}
