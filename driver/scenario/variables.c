/* Knows how a variable is written in a scenario's text, in which keys it is replaced, and where its value comes from. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/scenario/check.h"

#define NAME_MOST 128

/* Where the next "${NAME}" of the text begins, and the bytes of it; NULL: there is none. */
static const char *find_variable(const char *text, size_t *length, char name[NAME_MOST])
{
	const char *start = strstr(text, "${");
	const char *end = start ? strchr(start, '}') : NULL;

	if (!end)
		return NULL;
	snprintf(name, NAME_MOST, "%.*s", (int)(end - start - 2), start + 2);
	*length = (size_t)(end + 1 - start);
	return start;
}

static bool print_expanded(const char *text, FILE *out, struct error *error)
{
	char name[NAME_MOST];
	const char *rest = text, *found;
	size_t length;

	while ((found = find_variable(rest, &length, name))) {
		const char *value = getenv(name);
		if (!value)
			return error_set(error, EXIT_USAGE,
			    "\"%s\": ${%s} is not known; it comes from the environment or from a "
			    "stage program's name=value line",
			    text, name);
		fwrite(rest, 1, (size_t)(found - rest), out);
		fputs(value, out);
		rest = found + length;
	}
	fputs(rest, out);
	return true;
}

char *expand(const char *text, struct error *error)
{
	char *out = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&out, &size);
	bool good = stream && print_expanded(text, stream, error);

	if (!stream || fclose(stream) != 0)
		good = error_memory(error);
	if (good)
		return out;
	free(out);
	return NULL;
}

/* ---- where they come from ---- */

/* "LAB_", of the program "lab": what the names of its variables begin with. */
static size_t prefix_of(const struct stage_program *program, char out[NAME_MOST])
{
	const size_t length = (size_t)snprintf(out, NAME_MOST, "%.40s_", program->name);

	for (char *at = out; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return length;
}

/* The one of some programs that may give a variable; NULL: none. */
static const struct stage_program *find_giver(
    const struct stage_program *programs, unsigned count, const char *name)
{
	char prefix[NAME_MOST];

	for (unsigned i = 0; i < count; i++) {
		const size_t length = prefix_of(&programs[i], prefix);
		if (!programs[i].no_ready && strncmp(name, prefix, length) == 0 && name[length])
			return &programs[i];
	}
	return NULL;
}

static const struct stage_program *giver_of(const struct scenario *scenario, const char *name)
{
	return find_giver(scenario->stage, scenario->stage_count, name);
}

static bool control_may_give(const struct scenario_control *control, const char *name)
{
	return control && find_giver(control->with, control->with_count, name);
}

bool scenario_may_give(const struct scenario *scenario, const char *name)
{
	return giver_of(scenario, name) || control_may_give(scenario->controls.negative, name) ||
	       control_may_give(scenario->controls.positive, name);
}

/* The stage's folder, which the driver makes itself. */
static bool is_stage_folder(const struct scenario *scenario, const char *name)
{
	return scenario->stage_count > 0 && strcmp(name, "LEAKLAB_STAGE") == 0;
}

/* Calls visit for each variable in the text that is not set; its false ends the visit. */
static bool visit_unset(const char *text,
    bool (*visit)(void *data, const char *key, const char *name), void *data, const char *key)
{
	char name[NAME_MOST];
	size_t length;

	while (text && (text = find_variable(text, &length, name))) {
		if (!getenv(name) && !visit(data, key, name))
			return false;
		text += length;
	}
	return true;
}

static bool visit_all(const struct scenario *s,
    bool (*visit)(void *data, const char *key, const char *name), void *data)
{
	const struct {
		const char *key, *text;
	} texts[] = {
	    {"host.address", s->host.address},
	    {"host.certificate.pin", s->host.certificate.pin},
	    {"host.certificate.ca", s->host.certificate.ca},
	    {"host.certificate.name", s->host.certificate.name},
	    {"host.certificate.tofu", s->host.certificate.tofu},
	    {"host.auth_packages", s->host.auth_packages},
	    {"host.load_balance_info", s->host.load_balance_info},
	    {"host.client_name", s->host.client_name},
	    {"accounts.csv", s->accounts.csv},
	    {"accounts.password_file", s->accounts.password_file},
	    {"logoff.shell", s->logoff.shell},
	    {"logon.keys", s->logon.keys},
	    {"logoff.keys", s->logoff.keys},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!visit_unset(texts[i].text, visit, data, texts[i].key))
			return false;
	return true;
}

struct awaiting {
	const struct scenario *scenario;
	void (*visit)(void *data, const char *name, const char *program);
	void *data;
};

static bool tell_awaited(void *data, const char *key, const char *name)
{
	const struct awaiting *awaiting = data;
	const struct stage_program *giver = giver_of(awaiting->scenario, name);

	(void)key;
	if (giver)
		awaiting->visit(awaiting->data, name, giver->name);
	return true;
}

void scenario_visit_awaited(const struct scenario *scenario,
    void (*visit)(void *data, const char *name, const char *program), void *data)
{
	visit_all(scenario, tell_awaited, &(struct awaiting){scenario, visit, data});
}

/* ---- what is checked ---- */

struct checking {
	const struct check *check;
	const struct scenario *scenario;
};

static bool check_variable(void *data, const char *key, const char *name)
{
	const struct checking *checking = data;
	const struct scenario *scenario = checking->scenario;
	char prefix[NAME_MOST];

	if (giver_of(scenario, name) || is_stage_folder(scenario, name))
		return true;
	if (scenario->stage_count == 0)
		return check_refuse(
		    checking->check, key, "${%s} is not set in the environment", name);
	prefix_of(&scenario->stage[0], prefix);
	return check_refuse(checking->check, key,
	    "${%s} is not set in the environment, and no stage program gives it: %s's begin with %s",
	    name, scenario->stage[0].name, prefix);
}

static bool is_unset(void *data, const char *key, const char *name)
{
	(void)data;
	(void)key;
	(void)name;
	return false;
}

static bool check_password(const struct check *check, const struct scenario_accounts *accounts)
{
	const char *value = accounts->password_env ? getenv(accounts->password_env) : NULL;

	return !accounts->password_env || (value && *value) || accounts->staged ||
	       isatty(STDIN_FILENO) || /* where it is asked for */
	       check_refuse(check, "accounts.password_env",
	           "the environment has no %s; set it (not on the command line)",
	           accounts->password_env);
}

bool variables_check(const struct check *check, struct scenario *scenario)
{
	struct checking checking = {check, scenario};

	scenario->accounts.staged = !visit_unset(scenario->accounts.csv, is_unset, NULL, NULL);
	return visit_all(scenario, check_variable, &checking) &&
	       check_password(check, &scenario->accounts);
}
