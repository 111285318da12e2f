/* Knows what a first scenario for a real host says, and why. */
#include "driver/init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One connection for all samples: each more logon of the observer would make logon sessions on the host. */
#define SSH "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=30 "
#define PROBE "C:\\leaklab\\leaklab-probe.exe"

/* As YAML's double quotes have it (YAML 1.2, 7.3.1). */
static void put_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* As sh takes it for one word that is nothing else: DOMAIN\\admin has a backslash. NULL: out of memory. */
static char *word_for_shell(const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_+=:,./-${}[]";
	char *word = NULL;
	size_t size = 0;
	FILE *out = text[strspn(text, plain)] ? open_memstream(&word, &size) : NULL;

	if (!text[strspn(text, plain)])
		return strdup(text);
	if (!out)
		return NULL;
	putc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
	putc('\'', out);
	return fclose(out) == 0 ? word : NULL;
}

static void put_value(FILE *out, const char *key, const char *value, const char *remark)
{
	fprintf(out, "%s: ", key);
	put_quoted(out, value);
	fprintf(out, "%s%s\n", *remark ? " # " : "", remark);
}

static void put_head(FILE *out, const struct init_answers *answers)
{
	fprintf(out,
	    "# Test users log on and off at a Remote Desktop Session Host; is anything left of them?\n"
	    "# leaklab-real-host(7): what host, accounts and observer need; leaklab-scenario(5): all keys. Written by leaklab init.\n"
	    "#   read -rs %s; export %s  # their password, else it is asked; it is never written down here\n"
	    "#   leaklab check --connect THIS-FILE             # one logon: is everything ready?\n"
	    "#   leaklab run THIS-FILE\n",
	    answers->password_env, answers->password_env);
	put_value(out, "name", answers->name, "");
	fputs("description: \"Are logon sessions or session IDs left behind at a real host?\"\n",
	    out);
}

static void put_host(FILE *out, const struct init_answers *answers)
{
	fputs("host:\n", out);
	put_value(out, "  address", answers->host, "host, or host:port");
	fputs("  certificate:\n", out);
	if (answers->pin)
		put_value(out, "    pin", answers->pin, "");
	else
		fputs(
		    "    tofu: yes # the first connection's is remembered; pin is safer, and check --connect shows what to paste\n",
		    out);
	fputs(
	    "accounts: # test accounts that nobody else uses: in Remote Desktop Users, allowed to log on\n",
	    out);
	put_value(out, "  users", answers->users, "");
	if (*answers->domain)
		put_value(
		    out, "  domain", answers->domain, "for local accounts the host's own name");
	put_value(out, "  password_env", answers->password_env,
	    "one password for all; else csv: a file of user,domain,password");
}

static void put_load(FILE *out, const struct init_answers *answers)
{
	fprintf(out,
	    "load:\n"
	    "  slots: %llu # sessions at once; each has an account of its own\n"
	    "  cycles: %llu # more cycles show rarer leaks: leaklab check says which\n"
	    "  ramp: 30s\n"
	    "  hold: 5s..10s\n"
	    "  think: 10s..15s # profiles are unloaded, and their disks released, after a logoff\n"
	    "connect:\n"
	    "  timeout: 30s\n"
	    "logon:\n"
	    "  timeout: 3m # a first logon makes the profile\n"
	    "logoff: # method auto: keys first, as a host starts no shell of ours unless a policy lets it\n",
	    (unsigned long long)answers->slots, (unsigned long long)answers->cycles);
	if (answers->admin) {
		fputs(
		    "  # if no keys help, and for sessions that a run would leave; checks user and time on the host, as session IDs are given again\n"
		    "  command: >-\n"
		    "    " SSH,
		    out);
		fprintf(out,
		    "%s\n"
		    "    \"C:\\leaklab\\leaklab-probe.exe logoff --session=$SESSION_ID --user=$SESSION_USER --domain=$SESSION_DOMAIN --logon=$SESSION_LOGON\"\n",
		    answers->admin);
	}
	fprintf(out,
	    "  timeout: 2m\n"
	    "%s"
	    "limits:\n"
	    "  failures: 5\n"
	    "  duration: 4h\n",
	    answers->admin ? "cleanup: logoff # of sessions that the run would leave\n" : "");
}

static void put_observers(FILE *out, const struct init_answers *answers)
{
	char *session = NULL;

	if (!answers->admin && !answers->observer) {
		fputs(
		    "# observers: # without one only the session IDs that the host sends to clients are judged: name one by leaklab-real-host(7)\n"
		    "#   - name: probe\n"
		    "#     session: " SSH "ADMIN@HOST '" PROBE " watch'\n",
		    out);
		return;
	}
	if (!answers->observer &&
	    asprintf(&session, SSH "%s '" PROBE " watch'", answers->admin) < 0)
		session = NULL;
	fputs(
	    "observers:\n"
	    "  - name: probe # one connection for all samples: each logon of the observer makes logon sessions on the host too\n",
	    out);
	put_value(out, "    session",
	    answers->observer ? answers->observer
	    : session         ? session
	                      : "",
	    "");
	fputs("    timeout: 2m\n"
	      "observe_every: 3\n",
	    out);
	free(session);
}

char *init_text(const struct init_answers *answers)
{
	struct init_answers safe = *answers;
	char *admin = answers->admin ? word_for_shell(answers->admin) : NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = !answers->admin || admin ? open_memstream(&text, &size) : NULL;

	if (!out) {
		free(admin);
		return NULL;
	}
	safe.admin = admin;
	put_head(out, &safe);
	put_host(out, &safe);
	put_load(out, &safe);
	put_observers(out, &safe);
	free(admin);
	fputs(
	    "settle: # holders of healthy hosts release 10 to 20 minutes after a logoff: judged sooner, each is a false alarm\n"
	    "  at_least: 20m\n"
	    "  quiet: 2m\n"
	    "  poll: 30s\n"
	    "  timeout: 60m # a holder that releases late makes the wait longer\n"
	    "judge:\n"
	    "  smallest_rate: 0.05 # say CLEAN only if a leak at every twentieth logon would have been seen\n",
	    out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
