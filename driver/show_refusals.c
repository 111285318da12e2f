/* Knows the verb "refusals": which accounts leaklab leaves alone, and how it forgets why. */
#include "driver/driver.h"

#include <argp.h>
#include <stdio.h>

#include "common/timestamp.h"
#include "driver/scenario/refusals.h"

struct arguments {
	const char *account; /* to forget */
	bool all;            /* to forget */
};

static const struct argp_option options[] = {
    {"forget", 'f', "ACCOUNT", 0, "Forget those of this account, as the list writes it", 0},
    {"forget-all", 'a', NULL, 0, "Forget all", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'f':
		arguments->account = argument;
		return 0;
	case 'a':
		arguments->all = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "to forget an account: --forget %s", argument);
		return EINVAL;
	case ARGP_KEY_END:
		if (arguments->account && arguments->all)
			argp_error(state, "--forget names one account, --forget-all takes all");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
    options,
    parse,
    NULL,
    "Lists the accounts whose logons were refused in a row and not long ago, by any run of yours on this machine: after two an account is "
    "left alone until its accounts.lockout_window is over, before its domain locks it.\v"
    "They are kept in $XDG_STATE_HOME/leaklab (~/.local/state/leaklab). Forget them once the password is right, or the account unlocked.\n\n"
    "Exit codes: 0 done; 2 usage, or no such account; 4 the list cannot be read or written.",
    NULL,
    NULL,
    NULL,
};

static bool list(struct error *error)
{
	char last[TIMESTAMP_TEXT], until[TIMESTAMP_TEXT];
	struct refusals refusals;
	const bool done = refusals_read(&refusals, error);

	if (done && refusals.count == 0)
		puts("No account has been refused of late.");
	else if (done)
		printf("%-7s  %-27s  %-27s  %s\n", "REFUSED", "LAST", "COUNTS UNTIL", "ACCOUNT");
	for (size_t i = 0; done && i < refusals.count; i++)
		printf("%7u  %-27s  %-27s  %s\n", refusals.items[i].count,
		    timestamp_format(refusals.items[i].last, last),
		    timestamp_format(refusals.items[i].until, until), refusals.items[i].account);
	refusals_free(&refusals);
	return done;
}

static bool forget(const struct arguments *arguments, struct error *error)
{
	size_t count;

	if (!refusals_forget(arguments->account, &count, error))
		return false;
	if (arguments->account && count == 0)
		return error_set(error, EXIT_USAGE,
		    "no refused logon of %s is known: leaklab refusals lists those that are",
		    arguments->account);
	printf("Forgotten: %zu.\n", count);
	return true;
}

int refusals_main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct error error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (arguments.account || arguments.all ? forget(&arguments, &error) : list(&error))
		return EXIT_CLEAN;
	return error_print(&error, "leaklab refusals");
}
