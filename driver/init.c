/* Knows what must be asked before a first scenario can be written, and that nothing is overwritten. */
#include "driver/init.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "driver/host/host.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/caps.h"
#include "driver/scenario/hosts.h"
#include "driver/scenario/scenario.h"

#define PROGRAM "leaklab init"
#define USERS "loadtest{01..05}"
#define SLOTS 5
#define CYCLES 100 /* what CLEAN takes at smallest_rate 0.05, and some that fail */

enum key {
	KEY_NAME = 1000,
	KEY_PASSWORD_ENV,
	KEY_PIN,
	KEY_OBSERVER,
	KEY_NO_OBSERVER,
	KEY_SLOTS,
	KEY_CYCLES
};

struct asked {
	struct init_answers answers;
	const char *file;
	bool no_observer;
};

static const struct argp_option options[] = {
    {"host", 'H', "ADDRESS", 0, "The Remote Desktop Session Host, host or host:port", 0},
    {"users", 'u', "PATTERN", 0, "Test accounts (asked with " USERS ")", 0},
    {"domain", 'd', "NAME", 0, "Their domain; \"\" for accounts of the host itself", 0},
    {"admin", 'a', "USER@HOST", 0,
        "Who looks at the host, by ssh, with leaklab-probe.exe in C:\\leaklab there", 0},
    {"observer", KEY_OBSERVER, "COMMAND", 0,
        "Another way to look: a program that answers each line with a snapshot", 0},
    {"no-observer", KEY_NO_OBSERVER, NULL, 0, "Nobody looks: only session IDs are judged", 0},
    {"password-env", KEY_PASSWORD_ENV, "NAME", 0,
        "Variable that will have the accounts' password (default LOADTEST_PASSWORD)", 0},
    {"pin", KEY_PIN, "sha256:HEX", 0,
        "The host's certificate (default: that of the first connection is remembered)", 0},
    {"name", KEY_NAME, "NAME", 0, "The scenario's name (default: the host's)", 0},
    {"slots", KEY_SLOTS, "N", 0, "Sessions at once (default: the accounts, at most 5)", 0},
    {"cycles", KEY_CYCLES, "N", 0, "Logons and logoffs (default 100)", 0},
    {0},
};

static uint64_t parse_number(
    const char *option, const char *text, uint64_t most, struct argp_state *state)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value == 0 || value > most)
		argp_error(state, "--%s %s: must be a number from 1 to %llu", option, text,
		    (unsigned long long)most);
	return value;
}

/* One that a shell can export. */
static const char *parse_variable(const char *option, const char *text, struct argp_state *state)
{
	bool good = *text && !isdigit((unsigned char)*text);

	for (const char *at = text; *at; at++)
		good &= isalnum((unsigned char)*at) || *at == '_';
	if (!good)
		argp_error(state,
		    "--%s \"%s\": must be the name of a variable, letters, digits and _, and no digit first",
		    option, text);
	return text;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct asked *asked = state->input;
	struct init_answers *answers = &asked->answers;

	switch (key) {
	case 'H':
		answers->host = argument;
		return 0;
	case 'u':
		answers->users = argument;
		return 0;
	case 'd':
		answers->domain = argument;
		return 0;
	case 'a':
		answers->admin = argument;
		return 0;
	case KEY_OBSERVER:
		answers->observer = argument;
		return 0;
	case KEY_NO_OBSERVER:
		asked->no_observer = true;
		return 0;
	case KEY_PASSWORD_ENV:
		answers->password_env = parse_variable("password-env", argument, state);
		return 0;
	case KEY_PIN:
		answers->pin = argument;
		return 0;
	case KEY_NAME:
		answers->name = argument;
		return 0;
	case KEY_SLOTS:
		answers->slots = parse_number("slots", argument, SESSIONS_MAX, state);
		return 0;
	case KEY_CYCLES:
		answers->cycles = parse_number("cycles", argument, CYCLES_MAX, state);
		return 0;
	case ARGP_KEY_ARG:
		if (asked->file)
			argp_error(state, "one file at a time");
		asked->file = argument;
		return 0;
	case ARGP_KEY_END:
		if (asked->no_observer + (answers->admin != NULL) + (answers->observer != NULL) > 1)
			argp_error(state, "give one of --admin, --observer and --no-observer");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
    options,
    parse,
    "[FILE]",
    "Writes a first scenario for a real host into FILE (default: HOST.yaml), with a remark on each choice. What is not given is asked; "
    "without a terminal --host, --users, --domain and how to look at the host must be. Nothing is overwritten, no secret is asked or written, "
    "and the host goes into your list of hosts, so that scenarios may name it.\v"
    "Example:\n"
    "  leaklab init --host rds01.example.com --users 'loadtest{01..05}' \\\n"
    "    --domain EXAMPLE --admin admin@rds01.example.com\n"
    "  leaklab check --connect rds01.yaml\n\n"
    "Exit codes: 0 written; 2 usage, or an answer that no scenario may have; 4 the file cannot be written.",
    NULL,
    NULL,
    NULL,
};

/* NULL: the input is over. The caller never frees it. */
static const char *ask(const char *question, const char *standard)
{
	char *line = NULL;
	size_t size = 0;

	fprintf(
	    stderr, "%s%s%s%s: ", question, *standard ? " [" : "", standard, *standard ? "]" : "");
	if (getline(&line, &size, stdin) < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (*line)
		return line;
	free(line);
	return standard;
}

/* Asks for what is missing. False: there is nobody to ask; the error says what to give. */
static bool complete(struct asked *asked, struct error *error)
{
	struct init_answers *answers = &asked->answers;
	const bool looked_at = asked->no_observer || answers->admin || answers->observer;

	if (answers->host && answers->users && answers->domain && looked_at)
		return true;
	if (!isatty(STDIN_FILENO))
		return error_set(error, EXIT_USAGE,
		    "no terminal to ask at: give --host, --users, --domain (may be empty), and one of --admin, --observer and --no-observer");
	if (!answers->host)
		answers->host = ask("The Remote Desktop Session Host (host or host:port)", "");
	if (answers->host && !answers->users)
		answers->users = ask("Test accounts, as a pattern", USERS);
	if (answers->users && !answers->domain)
		answers->domain = ask("Their domain (empty: accounts of the host itself)", "");
	if (answers->domain && !looked_at)
		answers->admin = ask(
		    "Who may look at the host by ssh, an administrator (admin@host; empty: nobody)",
		    "");
	if (answers->admin && !*answers->admin)
		answers->admin = NULL;
	return (answers->host && *answers->host && answers->users && answers->domain) ||
	       error_set(error, EXIT_USAGE, "nothing was written: an answer is missing");
}

/* The host's first label, or its address; what no name of a file may have becomes '-'. */
static char *short_name(const char *host)
{
	char name[256];
	uint16_t port;
	struct error none;

	if (!host_parse(host, name, &port, &none))
		snprintf(name, sizeof(name), "%.200s", host);
	if (name[strspn(name, "0123456789.")])
		name[strcspn(name, ".")] = '\0';
	for (char *at = name; *at; at++)
		if (!strchr(
		        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *at))
			*at = '-';
	return strdup(*name ? name : "real-host");
}

static bool count_accounts(const struct init_answers *answers, uint64_t *count, struct error *error)
{
	const struct scenario_accounts accounts = {.users = (char *)answers->users};
	struct accounts *made = accounts_create(&accounts, NULL, "", error);

	if (!made)
		return error_prefix(error, "--users");
	*count = accounts_count(made);
	accounts_destroy(made);
	return true;
}

/* What the scenario takes from the environment need not be there yet. */
static void set_variables(const char *text)
{
	char name[64];

	for (const char *at = strstr(text, "${"); at; at = strstr(at + 1, "${")) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 2, "}"), at + 2);
		setenv(name, "x", 0);
	}
}

/* No answer is more than a line: what is written has each in one, and the list of hosts too. */
static bool check_lines(const struct init_answers *answers, struct error *error)
{
	const char *const texts[] = {answers->name, answers->host, answers->users, answers->domain,
	    answers->password_env, answers->pin, answers->admin, answers->observer};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *at = texts[i]; at && *at; at++)
			if (iscntrl((unsigned char)*at))
				return error_set(error, EXIT_USAGE,
				    "\"%.80s\" has a character that no text has", texts[i]);
	return true;
}

/* What the options say must make a scenario. */
static bool check(const struct init_answers *answers, const char *text, struct error *error)
{
	char host[256];
	uint16_t port;

	if (strncmp(answers->host, "${", 2) != 0 && !host_parse(answers->host, host, &port, error))
		return false;
	setenv(answers->password_env, "x", 0);
	set_variables(text);
	struct scenario *scenario = scenario_parse(text, "the scenario", NULL, 0, NULL, error);
	scenario_destroy(scenario);
	return scenario != NULL;
}

static bool write_new(const char *file, const char *text, struct error *error)
{
	const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	const size_t length = strlen(text);

	if (fd < 0)
		return error_set(error, errno == EEXIST ? EXIT_USAGE : EXIT_TARGET, "%s: %s%s",
		    file, strerror(errno), errno == EEXIST ? ": name another file" : "");
	const bool written = write(fd, text, length) == (ssize_t)length;
	if (close(fd) == 0 && written)
		return true;
	error_set(error, EXIT_TARGET, "%s: %s", file, strerror(errno));
	unlink(file);
	return false;
}

static void tell_next(const struct init_answers *answers, const char *file, const char *list)
{
	printf("Wrote %s. Next:\n"
	       "  read -rs %s; export %s\n"
	       "  leaklab check --connect %s\n"
	       "  leaklab run %s\n",
	    file, answers->password_env, answers->password_env, file, file);
	if (list)
		printf("%s is in %s now: scenarios may name it.\n", answers->host, list);
}

static bool init(struct asked *asked, struct error *error)
{
	struct init_answers *answers = &asked->answers;
	char *name = NULL, *file = NULL, *list = NULL;
	uint64_t accounts = 0;

	if (!complete(asked, error) || !count_accounts(answers, &accounts, error))
		return false;
	if (answers->slots > accounts)
		return error_set(error, EXIT_USAGE,
		    "--slots %llu: there are only %llu accounts, and one never logs on twice at once: fewer slots, or more --users",
		    (unsigned long long)answers->slots, (unsigned long long)accounts);
	if (answers->slots == 0)
		answers->slots = accounts < SLOTS ? accounts : SLOTS;
	name = short_name(answers->host);
	if (name && asprintf(&file, "%s.yaml", name) < 0)
		file = NULL;
	if (!answers->name)
		answers->name = name;
	char *text = name && file ? init_text(answers) : NULL;
	const char *path = asked->file ? asked->file : file;
	const bool written = text ? check_lines(answers, error) && check(answers, text, error) &&
	                                write_new(path, text, error)
	                          : error_memory(error);
	if (written) {
		host_allow(answers->host, &list);
		tell_next(answers, path, list);
	}
	free(list);
	free(text);
	free(file);
	free(name);
	return written;
}

int init_main(int argc, char **argv)
{
	static struct asked asked = {
	    .answers = {.password_env = "LOADTEST_PASSWORD", .cycles = CYCLES}};
	struct error error = {0};

	argp_parse(&argp, argc, argv, 0, NULL, &asked);
	return init(&asked, &error) ? EXIT_CLEAN : error_print(&error, PROGRAM);
}
