/* Knows what a load of commands needs, and which keys of a load of logons have no meaning beside it. */
#include "driver/scenario/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/scenario/caps.h"

bool scenario_runs_commands(const struct scenario *scenario)
{
	return scenario->load.workload == WORKLOAD_COMMAND;
}

/* Where a key of the scenario has to be, and is not. */
static bool refuse_missing(const struct check *check, const char *key)
{
	return check_refuse_node(check, YAML_TREE_ROOT, NULL, "%s is missing", key);
}

static bool check_no_commands(const struct check *check, const struct scenario *s)
{
	if (!yaml_tree_find(check->tree, "host"))
		return refuse_missing(check, "host");
	if (!yaml_tree_find(check->tree, "accounts"))
		return refuse_missing(check, "accounts");
	if (s->load.command)
		return check_refuse(check, "load.command", "goes with load.workload: command");
	if (s->load.timeout.text)
		return check_refuse(check, "load.timeout",
		    "goes with load.workload: command; logons have connect.timeout, logon.timeout and logoff.timeout");
	return s->watch.accounts_count == 0 ||
	       check_refuse(check, "watch",
	           "goes with load.workload: command; of logons the accounts that log on are watched");
}

/* A host that nobody logs on to, and what is asked of a session. */
static bool check_others(const struct check *check)
{
	static const char *const keys[] = {"host", "accounts", "connect", "logon", "logoff",
	    "cleanup", "verify_ids", "load.hold", "load.reconnects", "limits.logon_time"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (yaml_tree_find(check->tree, keys[i]))
			return check_refuse(check, keys[i],
			    "has no meaning with load.workload: command, which logs on by itself: remove it");
	return true;
}

static bool check_accounts(const struct check *check, const struct scenario *s)
{
	char key[48];

	if (s->watch.accounts_count == 0)
		return check_refuse(check, "watch",
		    "say whose logon sessions are judged: watch: {accounts: [SandboxUser]}");
	for (unsigned i = 0; i < s->watch.accounts_count; i++) {
		const char *name = strrchr(s->watch.accounts[i], '\\');
		snprintf(key, sizeof(key), "watch.accounts.%u", i);
		if (name && (!name[1] || name == s->watch.accounts[i]))
			return check_refuse(check, key,
			    "\"%s\" is no account: write USER or DOMAIN\\USER",
			    s->watch.accounts[i]);
	}
	return true;
}

/* Cycles are given out by accounts that are free: here slots are. */
static bool name_slots(const struct check *check, struct scenario *s)
{
	if (asprintf(&s->accounts.users, "slot{1..%llu}", (unsigned long long)s->load.slots) >= 0)
		return true;
	s->accounts.users = NULL;
	return error_memory(check->error);
}

bool check_workload(const struct check *check, struct scenario *s)
{
	if (!scenario_runs_commands(s))
		return check_no_commands(check, s);
	if (!s->load.command)
		return check_refuse(
		    check, "load", "workload command needs the key command, which it runs");
	if (strlen(s->load.command) >= COMMAND_MAX)
		return check_refuse(
		    check, "load.command", "is longer than %d bytes", COMMAND_MAX - 1);
	return check_others(check) && check_accounts(check, s) && name_slots(check, s);
}
