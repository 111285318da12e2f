/* mkmany LOGON-SESSIONS TOKENS PROCESSES OUT.DMP PDB [19041|9600] [spread]: a large host's dump, for benchmarks and tests; spread: with its pages
 * in no order, as in those of real hosts. All but the users of the processes have gone, and a service holds their tokens. The logon session of the system, with its
 * token, comes first and is not counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "labkernel/labkernel.h"

#define FIRST_LUID 0x100000u
#define LEAKY 2

struct order {
	size_t logons, tokens, processes;
};

static bool make_processes(struct crash *crash, const struct order *order, struct error *error)
{
	for (size_t i = 0; i < order->processes; i++) {
		struct crash_process process = {
		    .image = i == 0       ? "System"
		             : i == 1     ? "lsass.exe"
		             : i == LEAKY ? "faultysvc.exe"
		                          : "explorer.exe",
		    .pid = 4 + 4 * i,
		    .session_id = i <= LEAKY ? 0 : (uint32_t)i,
		    .created = 1792900000000000,
		};
		if (crash_add_process(crash, &process, error) == NONE)
			return false;
	}
	return crash_add_user_module(crash, LEAKY, "faultysvc.exe", 0x7ff6a0000000, 0x40000, error);
}

/* Tokens are made when somebody logs on: those of one logon session lie together. 0: the system's. */
static size_t logon_of(const struct order *order, size_t token)
{
	return token == 0 ? 0 : 1 + (token - 1) * order->logons / order->tokens;
}

static size_t make_token(
    struct crash *crash, const struct order *order, size_t number, struct error *error)
{
	size_t logon = logon_of(order, number);
	bool is_copy = number > 0 && logon == logon_of(order, number - 1);
	char user[64];
	struct crash_token token = {.logon_session = logon,
	    .session_id = logon == 0 ? 0 : (uint32_t)logon + 2,
	    .user = user,
	    .impersonation = is_copy,
	    .creator = is_copy ? 4 + 4 * LEAKY : 8,
	    .creator_image = is_copy ? "faultysvc.exe" : "lsass.exe",
	    .thread = 100,
	    .method = is_copy ? DUPLICATED : CREATED,
	    .trace = {crash_symbol(crash, "SepDuplicateToken") + 4,
	        crash_symbol(crash, "NtDuplicateToken") + 4, 0x7ff6a0001000}};
	snprintf(user, sizeof user, "S-1-5-21-1-2-3-%zu", 1000 + logon);
	return crash_add_token(crash, &token, error);
}

static bool fill(struct crash *crash, const struct order *order, struct error *error)
{
	char user[32];
	for (size_t i = 0; i <= order->logons; i++) {
		snprintf(user, sizeof user, "user%06zu", i);
		if (crash_add_logon_session(
		        crash, i == 0 ? 0x3e7 : FIRST_LUID + i * 0x211, user, "LAB", error) == NONE)
			return false;
	}
	if (!make_processes(crash, order, error))
		return false;
	for (size_t i = 0; i <= order->tokens; i++) {
		size_t token = make_token(crash, order, i, error), logon = logon_of(order, i);
		bool is_first = i == 0 || logon != logon_of(order, i - 1);
		if (token == NONE ||
		    !crash_add_handle(crash, is_first ? 1 : LEAKY, token, 0, error))
			return false;
		for (size_t j = 0; i == 0 && j < order->processes; j++)
			crash_set_primary(crash, j, token); /* until a user's comes */
		if (logon < order->processes && logon > LEAKY)
			crash_set_primary(crash, logon, token);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct error error;
	if (argc < 6) {
		fputs(
		    "usage: mkmany LOGON-SESSIONS TOKENS PROCESSES OUT.DMP PDB [LAYOUT] [spread]\n",
		    stderr);
		return EXIT_USAGE;
	}
	const struct order order = {
	    strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10)};
	const bool spread = argc > 6 && strcmp(argv[argc - 1], "spread") == 0;
	const char *layout = argc - spread > 6 ? argv[6] : "19041";
	const struct crash_options options = {.layout = layout,
	    .tracking = layout[0] != '9',
	    .shuffled = spread,
	    .type = DUMP_BITMAP_KERNEL,
	    .time = 1793000000000000,
	    .up_time = 3600000000,
	    .memory = ((size_t)256 << 20) + order.tokens * 2048 + order.logons * 512};
	struct crash *crash = crash_create(&options, &error);
	bool good =
	    crash && fill(crash, &order, &error) && crash_write(crash, argv[4], argv[5], &error);
	crash_destroy(crash);
	return good ? EXIT_CLEAN : error_print(&error, "mkmany");
}
