/* Knows a scenario's defaults and which of its parts exclude each other. */
#include "driver/scenario/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/duration.h"
#include "driver/scenario/caps.h"
#include "driver/scenario/keys.h"
#include "evidence/identity.h"
#include "judge/judge.h"

/* The longest that anything may last is what a load may. */
#define LONGEST "744h"
#define SHORTEST "1ms" /* of what would have no meaning with 0s */

static bool check_span(const struct check *check, const char *key, struct span *span,
    const char *standard, const char *shortest)
{
	const char *text = span->text ? span->text : standard;
	int64_t least = 0;

	duration_parse(shortest, &least);
	if (!duration_parse_range(text, &span->least, &span->most) || span->most > LOAD_TIME_MAX ||
	    (span->text && span->least < least))
		return check_refuse(check, key,
		    "\"%s\" is not a duration from %s to " LONGEST
		    "; write it like 250ms, 1.5s or 10m",
		    text, shortest);
	if (span->least != span->most)
		return check_refuse(check, key,
		    "\"%s\" is a range, which only load.hold and load.think may have", text);
	return true;
}

/* A duration that is drawn for each cycle. */
static bool check_drawn(
    const struct check *check, const char *key, struct span *span, const char *standard)
{
	const char *text = span->text ? span->text : standard;

	return (span_parse(text, span) && span->most <= LOAD_TIME_MAX) ||
	       check_refuse(check, key,
	           "\"%s\" is not a duration from 0s to " LONGEST
	           "; write it like 1.5s, 1s..5s, exponential mean 10s, or "
	           "lognormal mean 10s sd 3s most 60s (normal likewise; most is longer than the mean)",
	           text);
}

static bool check_control_spans(
    const struct check *check, const char *name, struct scenario_control *control)
{
	char key[96];

	for (unsigned i = 0; control && i < control->with_count; i++) {
		snprintf(key, sizeof(key), "controls.%s.with.%u.timeout", name, i);
		if (!check_span(check, key, &control->with[i].timeout, "30s", SHORTEST))
			return false;
	}
	return true;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct duration_key {
	const char *key;
	struct span *span;
	const char *standard;
};

static bool check_keys(const struct check *check, struct scenario *s)
{
	const struct duration_key lasting[] = {
	    {"connect.timeout", &s->connect.timeout, "30s"},
	    {"logon.timeout", &s->logon.timeout, "60s"},
	    {"logoff.timeout", &s->logoff.timeout, "60s"},
	    {"load.timeout", &s->load.timeout, "5m"},
	    {"limits.duration", &s->limits.duration, "24h"},
	    {"settle.poll", &s->settle.poll, "30s"},
	};
	/* 0s means something in these. */
	const struct duration_key spans[] = {
	    /* As "Reset account lockout counter after" in most policies; it is 10 minutes on Windows 11 22H2. */
	    {"accounts.lockout_window", &s->accounts.lockout_window, "30m"},
	    {"load.ramp", &s->load.ramp, "0s"},
	    {"load.ramp_down", &s->load.ramp_down, "0s"},
	    {"logon.delay", &s->logon.delay, "0s"},
	    {"limits.logon_time", &s->limits.logon_time, "0s"},
	    /* As RELEASE_TIME, within which holders on real hosts release. */
	    {"settle.at_least", &s->settle.at_least, "20m"},
	    {"settle.release", &s->settle.release, "0s"},
	    {"settle.quiet", &s->settle.quiet, "2m"},
	    {"settle.timeout", &s->settle.timeout, "30m"},
	};
	const struct duration_key drawn[] = {
	    {"load.hold", &s->load.hold, "1s"},
	    {"load.think", &s->load.think, "0s"},
	};

	for (size_t i = 0; i < COUNT(drawn); i++)
		if (!check_drawn(check, drawn[i].key, drawn[i].span, drawn[i].standard))
			return false;
	for (size_t i = 0; i < COUNT(lasting); i++)
		if (!check_span(
		        check, lasting[i].key, lasting[i].span, lasting[i].standard, SHORTEST))
			return false;
	for (size_t i = 0; i < COUNT(spans); i++)
		if (!check_span(check, spans[i].key, spans[i].span, spans[i].standard, "0s"))
			return false;
	return true;
}

/* Those in lists. */
static bool check_entries(const struct check *check, struct scenario *s)
{
	char key[64];

	for (unsigned i = 0; i < s->load.steps_count; i++) {
		snprintf(key, sizeof(key), "load.steps.%u.for", i);
		if (!check_span(check, key, &s->load.steps[i].time, "0s", SHORTEST))
			return false;
	}
	for (unsigned i = 0; i < s->stage_count; i++) {
		snprintf(key, sizeof(key), "stage.%u.timeout", i);
		if (!check_span(check, key, &s->stage[i].timeout, "30s", SHORTEST))
			return false;
	}
	for (unsigned i = 0; i < s->observers_count; i++) {
		snprintf(key, sizeof(key), "observers.%u.timeout", i);
		if (!check_span(check, key, &s->observers[i].timeout, "60s", SHORTEST))
			return false;
		snprintf(key, sizeof(key), "observers.%u", i);
		if (!s->observers[i].command == !s->observers[i].session)
			return check_refuse(check, key,
			    "needs either command, which prints one sample, or session, a program that "
			    "stays and prints one for each line that it reads");
	}
	return check_control_spans(check, "negative", s->controls.negative) &&
	       check_control_spans(check, "positive", s->controls.positive);
}

static bool check_spans(const struct check *check, struct scenario *s)
{
	if (!check_keys(check, s) || !check_entries(check, s))
		return false;
	if (s->settle.timeout.least < s->settle.at_least.least + s->settle.quiet.least)
		return check_refuse(check, "settle.timeout",
		    "is shorter than at_least plus quiet: it could never be quiet");
	return true;
}

static bool check_control(const struct check *check, const struct scenario *s, const char *name,
    const struct scenario_control *control)
{
	char key[96];

	if (!control)
		return true;
	for (unsigned i = 0; i < control->without_count; i++) {
		bool known = false;
		for (unsigned j = 0; j < s->stage_count && !known; j++)
			known = strcmp(s->stage[j].name, control->without[i]) == 0;
		snprintf(key, sizeof(key), "controls.%s.without.%u", name, i);
		if (!known)
			return check_refuse(
			    check, key, "no stage program is called %s", control->without[i]);
	}
	snprintf(key, sizeof(key), "controls.%s", name);
	if (strcmp(name, "negative") == 0)
		return !control->rate ||
		       check_refuse(
		           check, key, "the negative control has no leak, so give it no rate");
	if (!control->rate)
		return check_refuse(check, key, "say at which rate it leaks: rate: 0.1");
	struct error error;
	if (judging_valid("expect.rate", control->rate, &error))
		return true;
	snprintf(key, sizeof(key), "controls.%s.rate", name);
	return check_refuse(check, key, "\"%s\" should be a number from 0 to 1", control->rate);
}

static bool check_host(const struct check *check, const struct scenario_host *host)
{
	char pins[PINS_TEXT];
	struct error error;
	const int ways = (host->certificate.pin != NULL) + (host->certificate.ca != NULL) +
	                 (host->certificate.tofu != NULL) + host->certificate.ignore;

	if (host->certificate.tofu && (strcasecmp(host->certificate.tofu, "no") == 0 ||
	                                  strcasecmp(host->certificate.tofu, "false") == 0))
		return check_refuse(check, "host.certificate.tofu",
		    "\"%s\" trusts no certificate: say yes, or name a file",
		    host->certificate.tofu);
	if (ways == 0)
		return check_refuse(check, "host",
		    "does not say which certificate to accept; give one of certificate.pin, .ca, .tofu or "
		    ".ignore: true");
	if (host->certificate.pin && !strstr(host->certificate.pin, "${") &&
	    !certificate_pins_parse(host->certificate.pin, pins, sizeof(pins), &error))
		return check_refuse(check, "host.certificate.pin", "%s", error.text);
	if (host->certificate.name && !host->certificate.ca)
		return check_refuse(check, "host.certificate.name",
		    "goes with ca only: pin, tofu and ignore look at no name");
	if (ways > 1)
		return check_refuse(
		    check, "host.certificate", "give only one of pin, ca, tofu and ignore");
	return true;
}

static bool check_accounts(const struct check *check, const struct scenario_accounts *accounts)
{
	const int sources = (accounts->password_env != NULL) + (accounts->password_file != NULL) +
	                    (accounts->password_fd != 0);

	if ((accounts->users != NULL) == (accounts->csv != NULL))
		return check_refuse(
		    check, "accounts", "give either users (a pattern) or csv (a file)");
	if (sources > 1)
		return check_refuse(check, "accounts",
		    "give only one of password_env, password_file and password_fd");
	if (accounts->users && sources == 0)
		return check_refuse(check, "accounts",
		    "has no password source; give password_env, password_file or password_fd");
	return true;
}

static bool check_keystrokes(const struct check *check, const char *key, const char *text)
{
	struct error error;
	struct keys *keys = text ? keys_parse(text, &error) : NULL;

	if (text && !keys)
		return check_refuse(check, key, "%s", error.text);
	keys_destroy(keys);
	return true;
}

static bool check_logoff(const struct check *check, struct scenario_logoff *logoff)
{
	if (logoff->shell && logoff->method != LOGOFF_SHELL_EXIT)
		return check_refuse(check, "logoff.shell", "goes with method shell-exit only");
	if (logoff->keys && logoff->method != LOGOFF_KEYS)
		return check_refuse(check, "logoff.keys", "goes with method keys only");
	if (logoff->method == LOGOFF_COMMAND && !logoff->command)
		return check_refuse(check, "logoff", "method command needs the key command");
	if (logoff->command && strstr(logoff->command, "SESSION_ID") &&
	    (!strstr(logoff->command, "SESSION_USER") || !strstr(logoff->command, "SESSION_LOGON")))
		return check_refuse(check, "logoff.command",
		    "may end a stranger's session, as hosts give session IDs again: give what it runs SESSION_USER and SESSION_LOGON too, and let that "
		    "check both, as leaklab-probe.exe logoff does");
	return check_keystrokes(check, "logoff.keys", logoff->keys);
}

static bool check_logon(const struct check *check, const struct scenario_logon *logon)
{
	if (logon->keys && logon->signal == SIGNAL_ACTIVATED)
		return check_refuse(check, "logon.keys",
		    "would never be typed: with logon.signal activated a connection that is up counts as logged on");
	return check_keystrokes(check, "logon.keys", logon->keys);
}

static bool check_cleanup(const struct check *check, const struct scenario *s)
{
	return s->cleanup == CLEANUP_LEAVE || s->logoff.command ||
	       check_refuse(check, "cleanup", "logoff needs the key logoff.command, which it runs");
}

/* Where a scenario has a shell of its own, nobody but that knows when it ends. */
static bool check_shell(const struct check *check, const struct scenario *s)
{
	const struct scenario_percentile *percentiles[] = {
	    &s->expect.p50, &s->expect.p90, &s->expect.p95, &s->expect.p99};
	static const char *const keys[] = {
	    "expect.p50.logoff", "expect.p90.logoff", "expect.p95.logoff", "expect.p99.logoff"};

	if (s->logoff.method != LOGOFF_SHELL_EXIT || !s->logoff.shell)
		return true;
	if (s->load.hold.text)
		return check_refuse(check, "load.hold",
		    "has no effect, as logoff.shell ends when it does: remove one of the two. Without logoff.shell each session gets a "
		    "shell that lasts as long as its hold, in whole seconds; method keys holds exactly");
	for (size_t i = 0; i < COUNT(percentiles); i++)
		if (percentiles[i]->logoff)
			return check_refuse(check, keys[i],
			    "cannot be known: nobody sees when logoff.shell ends and the logoff begins. Expect hold, which is both, or "
			    "remove logoff.shell");
	return true;
}

/* A run's evidence is of one host: its session IDs, logon sessions and handles are nobody else's. */
static bool check_observed(const struct check *check, const struct scenario *s)
{
	const char *host = NULL;
	char key[64];

	for (unsigned i = 0; i < s->observers_count; i++) {
		const char *other = s->observers[i].host;
		if (!other)
			continue;
		snprintf(key, sizeof(key), "observers.%u.host", i);
		if (host && !host_same(host, other))
			return check_refuse(check, key,
			    "is another host than %s, and one run judges one host: observe one, and drain the others "
			    "(chglogon /drain), or make a run of each",
			    host);
		host = other;
	}
	return true;
}

static bool check_setting(void *data, const char *key, const char *value, struct error *error)
{
	const struct check *check = data;

	/* Its message begins with the key, too. */
	return judging_valid(key, value, error) ||
	       check_refuse(check, key, "%s", error->text + strlen(key) + strlen(": "));
}

static bool check_names(const struct check *check, const struct scenario *s)
{
	char key[64];

	for (unsigned i = 0; i < s->stage_count; i++) {
		const char *name = s->stage[i].name;
		if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name)) {
			snprintf(key, sizeof(key), "stage.%u.name", i);
			return check_refuse(check, key,
			    "use a-z, 0-9 and _: it becomes part of environment variables");
		}
	}
	return true;
}

bool scenario_check(const struct check *check, struct scenario *s)
{
	struct error error;

	if (s->limits.failures == 0)
		s->limits.failures = 20;
	const bool logs_on = !scenario_runs_commands(s);

	return check_spans(check, s) && check_load(check, s) && check_workload(check, s) &&
	       (!logs_on || (check_host(check, &s->host) && check_accounts(check, &s->accounts))) &&
	       check_logon(check, &s->logon) && check_logoff(check, &s->logoff) &&
	       check_shell(check, s) && check_observed(check, s) && check_cleanup(check, s) &&
	       check_names(check, s) && variables_check(check, s) &&
	       check_control(check, s, "negative", s->controls.negative) &&
	       check_control(check, s, "positive", s->controls.positive) &&
	       scenario_visit_judging(s, check_setting, (void *)check, &error);
}

static bool visit_percentile(const char *name, const struct scenario_percentile *percentile,
    bool (*visit)(void *data, const char *key, const char *value, struct error *error), void *data,
    struct error *error)
{
	const struct {
		const char *phase;
		const char *value;
	} settings[] = {
	    {"tcp", percentile->tcp},
	    {"tls", percentile->tls},
	    {"nla", percentile->nla},
	    {"activated", percentile->activated},
	    {"logon", percentile->logon},
	    {"hold", percentile->hold},
	    {"logoff", percentile->logoff},
	    {"to_logon", percentile->to_logon},
	};
	char key[64];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(key, sizeof(key), "expect.%s.%s", name, settings[i].phase);
		if (settings[i].value && !visit(data, key, settings[i].value, error))
			return false;
	}
	return true;
}

bool scenario_visit_judging(const struct scenario *scenario,
    bool (*visit)(void *data, const char *key, const char *value, struct error *error), void *data,
    struct error *error)
{
	const struct {
		const char *key;
		const char *value;
	} settings[] = {
	    {"judge.smallest_rate", scenario->judge.smallest_rate},
	    {"judge.max_failed", scenario->judge.max_failed},
	    {"judge.growth", scenario->judge.growth},
	    {"expect.verdict", scenario->expect.verdict},
	    {"expect.bounded", scenario->expect.bounded},
	    {"expect.culprit", scenario->expect.culprit},
	    {"expect.rate", scenario->expect.rate},
	    {"expect.failed", scenario->expect.failed},
	    {"expect.session_ids", scenario->expect.session_ids},
	    {"expect.pinned", scenario->expect.pinned},
	    {"expect.orphans_after", scenario->expect.orphans_after},
	    {"expect.unattributed", scenario->expect.unattributed},
	    {"expect.sessions_left", scenario->expect.sessions_left},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (settings[i].value && !visit(data, settings[i].key, settings[i].value, error))
			return false;
	return visit_percentile("p50", &scenario->expect.p50, visit, data, error) &&
	       visit_percentile("p90", &scenario->expect.p90, visit, data, error) &&
	       visit_percentile("p95", &scenario->expect.p95, visit, data, error) &&
	       visit_percentile("p99", &scenario->expect.p99, visit, data, error);
}
