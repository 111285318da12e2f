/* Knows what is worth saying of a run's surroundings, and what must not be said. */
#include "report/fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"

bool fact_add(struct report *report, const char *key, const char *name, char *value)
{
	if (!value)
		return true;
	if (!array_reserve(&report->facts, report->fact_count, sizeof *report->facts)) {
		free(value);
		return false;
	}
	report->facts[report->fact_count++] = (struct fact){key, name, value};
	return true;
}

static bool has_fact(const struct report *report, const char *key, const char *value)
{
	for (size_t i = 0; i < report->fact_count; i++) {
		if (strcmp(report->facts[i].key, key) == 0 &&
		    strcasecmp(report->facts[i].value, value) == 0)
			return true;
	}
	return false;
}

const char *fact_of(const struct report *report, const char *key)
{
	for (size_t i = 0; i < report->fact_count; i++) {
		if (strcmp(report->facts[i].key, key) == 0)
			return report->facts[i].value;
	}
	return NULL;
}

struct host_facts {
	struct report *report;
	bool failed;
};

static void add_host_fact(
    struct host_facts *facts, const char *key, const char *name, const char *value)
{
	char *copy = NULL;
	if (!value || !*value || has_fact(facts->report, key, value))
		return;
	copy = strdup(value);
	facts->failed |= !copy || !fact_add(facts->report, key, name, copy);
}

static void visit_host(void *data, const struct snapshot *snapshot)
{
	struct host_facts *facts = data;
	char time[TIMESTAMP_TEXT];
	add_host_fact(facts, "host", "host", snapshot->host);
	add_host_fact(facts, "build", "host's build", snapshot->build);
	if (snapshot->boot_time != TIMESTAMP_UNKNOWN)
		add_host_fact(
		    facts, "boot_time", "host's boot", timestamp_format(snapshot->boot_time, time));
	add_host_fact(facts, "source", "evidence from", snapshot->source);
	if (snapshot->elevated != YES_NO_UNKNOWN)
		add_host_fact(facts, "elevated", "observer elevated",
		    snapshot->elevated == YES ? "yes" : "no");
	if (snapshot->leak_tracking != YES_NO_UNKNOWN)
		add_host_fact(facts, "leak_tracking", "host's leak tracking (SeTokenLeakDiag)",
		    snapshot->leak_tracking == YES ? "on" : "off");
}

/* A scenario names where its password comes from, not the password; but its commands are anybody's. What follows
 * "password=", "--password " and the like in a line is blotted out. */
static void hide_secrets(char *text)
{
	static const char *const words[] = {"password", "passwd", "passphrase", "secret", "pwd"};
	static const char *const sources[] = {"_env", "_file", "_fd"};
	for (char *at = text; *at; at++) {
		size_t length = 0;
		for (size_t i = 0; i < sizeof words / sizeof words[0] && !length; i++)
			length =
			    strncasecmp(at, words[i], strlen(words[i])) == 0 ? strlen(words[i]) : 0;
		bool source = false;
		for (size_t i = 0; length && i < sizeof sources / sizeof sources[0]; i++)
			source |= strncasecmp(at + length, sources[i], strlen(sources[i])) == 0;
		if (!length || source)
			continue;
		at += length;
		const char *after = at + strspn(at, "=: \t\"'");
		if (after == at || *after == '$') { /* a variable's name is none */
			at--;
			continue;
		}
		for (at += after - at; *at && !isspace((unsigned char)*at); at++)
			*at = '*';
		at--;
	}
}

bool facts_gather(struct report *report, struct runfile *runfile, struct error *error)
{
	static const struct {
		const char *setting, *key, *name;
	} settings[] = {
	    {"scenario.name", "scenario", "scenario"},
	    {"host", "target", "target"},
	    {"driver.version", "driver_version", "played by leaklab"},
	    {"started", "started", "started"},
	    {"finished", "finished", "finished"},
	    {"load.slots", "slots", "slots"},
	    {"load.cycles", "cycles", "cycles wanted"},
	    {"load.rate", "rate", "arrivals a second (0: closed load)"},
	    {"load.missed", "missed", "arrivals missed"},
	    {"logoff.method", "logoff_method", "logoff by"},
	    {"settled", "settled", "settled by"},
	    {"settle.at_least", "settle_at_least", "settled for at least, seconds"},
	    {"ended-early", "ended_early", "ended early"},
	    {"interrupted", "interrupted", "interrupted"},
	};
	struct host_facts facts = {.report = report};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (!fact_add(report, settings[i].key, settings[i].name,
		        runfile_get(runfile, settings[i].setting)))
			return error_memory(error);
	}
	if (!runfile_hosts(runfile, visit_host, &facts, error))
		return false;
	if (facts.failed)
		return error_memory(error);
	report->scenario_name = runfile_get(runfile, "scenario.name");
	report->scenario = runfile_get(runfile, "scenario");
	if (report->scenario)
		hide_secrets(report->scenario);
	return true;
}
