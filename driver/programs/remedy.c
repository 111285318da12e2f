/* Knows what ssh says when it fails, and what to do then (ssh_config(5), sshd_config(5)). */
#include "driver/programs/remedy.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define LINES 2 /* the last of them tell why */

static const struct {
	const char *words, *remedy;
} known[] = {
    {"Permission denied",
        "the host does not take this user's key: an administrator's belongs into administrators_authorized_keys, see "
        "leaklab-real-host(7)"},
    {"Host key verification failed", "connect once by hand to take the host's key up"},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host shows another key than before: find out why, then remove the old one with ssh-keygen -R"},
    {"Could not resolve hostname", "check the observer's host name"},
    {"Connection refused", "no ssh server answers there: see leaklab-real-host(7)"},
    {"Connection timed out", "nothing answers there: check name, network and firewall"},
    {"No route to host", "nothing answers there: check name, network and firewall"},
    {"Too many authentication failures", "name one key with ssh -i and -o IdentitiesOnly=yes"},
    {"not recognized as an internal or external command",
        "the program is not there: copy leaklab-probe.exe to the host, see leaklab-real-host(7)"},
    {"not found", "a program of the command is not installed, or not in PATH"},
};

const char *remedy_for(const char *messages)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(messages, known[i].words))
			return known[i].remedy;
	return NULL;
}

/* Where the last lines that are not empty begin, and how long they are. */
static const char *find_last_lines(const char *messages, size_t *length)
{
	const char *end = messages + strlen(messages);

	while (end > messages && strchr(" \t\r\n", end[-1]))
		end--;
	const char *start = end;
	for (int lines = 0; start > messages; start--)
		if (start[-1] == '\n' && ++lines == LINES)
			break;
	*length = (size_t)(end - start);
	return start;
}

const char *last_words(const char *messages, char out[LAST_WORDS])
{
	size_t length, used = 0;
	const char *text = find_last_lines(messages, &length);

	for (size_t i = 0; i < length && used < LAST_WORDS - 4; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] == '\n')
			used += (size_t)snprintf(out + used, LAST_WORDS - used, " / ");
		else
			out[used++] = text[i];
	}
	out[used] = '\0';
	text_make_safe(out);
	return out;
}
