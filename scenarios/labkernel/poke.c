/* Damages a machine on purpose: members overwritten, pages out of sight. */
#include <string.h>

#include "labkernel/inside.h"

static const char *const types[CRASH_OBJECTS] = {
    [CRASH_PROCESS] = "_EPROCESS",
    [CRASH_LOGON_SESSION] = "_SEP_LOGON_SESSION_REFERENCES",
    [CRASH_TOKEN] = "_TOKEN",
    [CRASH_DIAGNOSTICS] = "_SEP_TOKEN_DIAG_TRACK_ENTRY",
    [CRASH_NODE] = "_LIST_ENTRY", /* the node of a token in its session's list begins with one */
};

static struct thing thing_of(const struct crash *crash, enum crash_object kind, size_t number)
{
	switch (kind) {
	case CRASH_PROCESS:
		return crash->processes[number].body;
	case CRASH_LOGON_SESSION:
		return crash->logon_sessions[number].body;
	case CRASH_TOKEN:
		return crash->tokens[number].body;
	case CRASH_DIAGNOSTICS:
		return crash->tokens[number].diagnostics;
	default:
		return crash->tokens[number].node;
	}
}

bool poke_later(struct crash *crash, uint8_t *at, uint64_t value, size_t size)
{
	struct poke *poke = next_of(&crash->pokes, &crash->poke_count, sizeof(*crash->pokes));

	if (poke)
		*poke = (struct poke){at, value, size};
	return poke;
}

uint64_t crash_address(const struct crash *crash, enum crash_object kind, size_t number)
{
	return thing_of(crash, kind, number).address;
}

bool crash_poke(
    struct crash *crash, enum crash_object kind, size_t number, const char *member, uint64_t value)
{
	const struct thing thing = thing_of(crash, kind, number);
	const enum layout_member found = layout_member_find(types[kind], member);

	if (!thing.at || found == LAYOUT_MEMBERS || offset_of(crash, found) < 0)
		return false;
	return poke_later(
	    crash, thing.at + offset_of(crash, found), value, layout_member_size(found));
}

static const struct {
	const char *name;
	enum residence residence;
} places[] = {{"resident", RESIDENT}, {"transition", TRANSITION}, {"paged-out", PAGED_OUT},
    {"not-dumped", NOT_DUMPED}};

const char *crash_place(const char *name)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].name, name) == 0)
			return places[i].name;
	return NULL;
}

bool crash_put_page(struct crash *crash, uint64_t address, const char *where)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].name, where) == 0)
			return ram_set_residence(crash->ram, address, places[i].residence);
	return false;
}
