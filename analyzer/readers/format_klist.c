/* klist sessions: "[0] Session 2 0:0x24bae6 LAB\anna Negotiate:RemoteInteractive". */
#include "readers/logon_list.h"

#include <stdlib.h>
#include <string.h>

static bool begins(struct reading *reading, struct span line)
{
	(void)reading;
	line = span_trim(line);
	return span_starts(line, "Current LogonId is ") && !memchr(line.text, '[', line.length);
}

static bool read_luid(struct span word, uint64_t *out)
{
	char text[40];
	if (word.length >= sizeof text)
		return false;
	memcpy(text, word.text, word.length);
	text[word.length] = '\0';
	return strchr(text, ':') && luid_parse(text, out);
}

/* "[3] Error calling API LsaGetLogonSessionData on LogonId (0:11943): 0x5": one of which klist may say no more. */
static enum taken take_refused(struct reading *reading, const struct words *words)
{
	uint64_t luid;
	struct span word;
	if (words->count < 8 || !span_is(words->items[6].span, "LogonId"))
		return TAKEN_NOT;
	word = words->items[7].span;
	const char *end = memchr(word.text, ')', word.length);
	if (word.text[0] != '(' || !end)
		return TAKEN_NOT;
	word = (struct span){word.text + 1, (size_t)(end - word.text) - 1};
	if (!read_luid(word, &luid))
		return TAKEN_NOT;
	struct logon_session *logon = snapshot_add_logon_session(reading->snapshot);
	if (!logon)
		return TAKEN_FAILED;
	logon->luid = luid;
	reading->logons->any = true;
	return TAKEN_ROW;
}

static enum taken take(struct reading *reading, struct span line)
{
	struct words words;
	int64_t session_id;
	uint64_t luid;
	bool failed = false;
	line = span_trim(line);
	if (!line.length || line.text[0] != '[' || line.length > 1000)
		return TAKEN_NOT;
	words_split(&words, line);
	/* A line end was lost. */
	for (size_t i = 2; i + 1 < words.count; i++) {
		if (memchr(words.items[i].span.text, ']', words.items[i].span.length) &&
		    (span_is(words.items[i + 1].span, "Session") ||
		        span_is(words.items[i + 1].span, "Error")))
			return TAKEN_NOT;
	}
	if (words.count > 1 && span_is(words.items[1].span, "Error")) {
		const enum taken taken = take_refused(reading, &words);
		if (taken == TAKEN_ROW)
			logon_list_number(reading, line);
		return taken;
	}
	if (words.count < 6 || !span_is(words.items[1].span, "Session") ||
	    !span_decimal(words.items[2].span, &session_id) ||
	    !read_luid(words.items[3].span, &luid))
		return TAKEN_NOT;
	struct span domain, user, account = words_join(&words, 4, words.count - 2);
	struct span package = words.items[words.count - 1].span;
	const char *colon = memchr(package.text, ':', package.length);
	if (!colon)
		return TAKEN_NOT;
	struct logon_session *logon = snapshot_add_logon_session(reading->snapshot);
	if (!logon)
		return TAKEN_FAILED;
	struct span type = span_from(package, (size_t)(colon - package.text) + 1);
	package.length = (size_t)(colon - package.text);
	account_split(account, &domain, &user);
	logon->luid = luid;
	logon->session_id = session_id <= INT32_MAX ? session_id : NUMBER_UNKNOWN;
	logon->domain = reading_string(reading, domain, &failed);
	logon->user = reading_string(reading, user, &failed);
	logon->auth_package = reading_string(reading, package, &failed);
	if (type.length && type.text[0] != '(')
		logon->logon_type = reading_string(reading, type, &failed);
	logon_list_number(reading, line);
	reading->logons->any = true;
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

const struct line_format format_klist = {
    .name = "klist sessions",
    .section = &section_logons,
    .begins = begins,
    .take = take,
    .rows_tell = true,
};
