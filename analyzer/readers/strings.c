/* Rows come by the million, and repeat what they say: the string that came last is looked for before the pool of all. */
#include <stdlib.h>
#include <string.h>

#include "readers/format.h"

struct strings {
	struct account accounts[1024]; /* that were just seen */
	const char *recent[2048];      /* that were just interned */
};

struct strings *strings_create(void)
{
	return calloc(1, sizeof(struct strings));
}

void strings_destroy(struct strings *strings)
{
	free(strings);
}

/* Eleven bits that tell most strings from each other: their ends and their middle. */
static size_t quick_hash(struct span span)
{
	uint64_t head = 0, middle = 0, tail = 0;
	size_t part = span.length < 8 ? span.length : 8;
	memcpy(&head, span.text, part);
	memcpy(&middle, span.text + (span.length - part) / 2, part);
	memcpy(&tail, span.text + span.length - part, part);
	uint64_t mixed =
	    (head ^ middle * 3 ^ tail * 7 ^ span.length) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(mixed >> 53);
}

const char *reading_string(struct reading *reading, struct span span, bool *failed)
{
	if (span.length == 0)
		return NULL;
	const char **recent = &reading->strings->recent[quick_hash(span)];
	if (*recent && strncmp(*recent, span.text, span.length) == 0 &&
	    (*recent)[span.length] == '\0')
		return *recent;
	const char *own = snapshot_string(reading->snapshot, span.text, span.length);
	if (!own)
		*failed = true;
	else
		*recent = own;
	return own;
}

struct account reading_account(struct reading *reading, struct span span, bool *failed)
{
	struct account *known =
	    &reading->strings->accounts[span.length ? quick_hash(span) % 1024 : 0];
	size_t domain_length = known->domain_length;
	if (span.length && known->user && known->domain &&
	    span.length == domain_length + 1 + known->user_length &&
	    span.text[domain_length] == '\\' &&
	    memcmp(span.text, known->domain, domain_length) == 0 &&
	    memcmp(span.text + domain_length + 1, known->user, known->user_length) == 0)
		return *known;
	struct span domain, user;
	account_split(span, &domain, &user);
	struct account account = {reading_string(reading, domain, failed),
	    reading_string(reading, user, failed), domain.length, user.length};
	if (!*failed)
		*known = account;
	return account;
}
