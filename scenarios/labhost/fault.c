/* Knows the faults' names, and how every n-th connection or logon is named. */
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

/* The n of "/N"; 1 for "". 0: it is none. */
static uint64_t every_nth(const char *text)
{
	char *end;

	if (!*text)
		return 1;
	if (text[1] < '0' || text[1] > '9')
		return 0;
	const uint64_t every = strtoul(text + 1, &end, 10);
	return *end ? 0 : every;
}

bool redirect_parse(char *text, struct redirect *out)
{
	const size_t length = strcspn(text, "/");
	const uint64_t every = every_nth(text + length);

	text[length] = '\0';
	*out = (struct redirect){text, every};
	return length > 0 && every > 0;
}

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
	const uint64_t every = every_nth(text + length);

	if (every == 0)
		return false;
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
