/* Knows what of a scenario the workers need, and in which words. */
#include "driver/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/state.h"
#include "common/timestamp.h"
#include "driver/scenario/keys.h"

/* Takes what is copied, which may be NULL: then error is set. */
static bool put_text(char *out, size_t size, const char *key, char *expanded, struct error *error)
{
	if (!expanded)
		return error_prefix(error, "%s", key);
	const bool fits = (size_t)snprintf(out, size, "%s", expanded) < size;
	free(expanded);
	return fits || error_set(error, EXIT_USAGE, "%s: is longer than %zu bytes", key, size - 1);
}

/* Copies an optional text of the scenario with ${...} expanded. */
static bool copy_text(
    char *out, size_t size, const char *key, const char *text, struct error *error)
{
	out[0] = '\0';
	return !text || put_text(out, size, key, expand(text, error), error);
}

/* Keystrokes, which what was expanded may have spoilt. */
static bool copy_keys(
    char *out, size_t size, const char *key, const char *text, struct error *error)
{
	if (!copy_text(out, size, key, text, error))
		return false;
	struct keys *keys = keys_parse(out, error);
	keys_destroy(keys);
	return keys || error_prefix(error, "%s", key);
}

/* "yes": the file in which leaklab keeps the certificates of all scenarios. */
static char *find_known_hosts(const struct scenario *scenario, struct error *error)
{
	const char *file = scenario->host.certificate.tofu;

	if (strcasecmp(file, "yes") != 0 && strcasecmp(file, "true") != 0)
		return expand_path(file, scenario->folder, error);
	char *folder = state_folder(error), *known = NULL;
	if (folder && asprintf(&known, "%s/known-hosts", folder) < 0) {
		error_memory(error);
		known = NULL;
	}
	free(folder);
	return known;
}

static bool set_certificate(
    const struct scenario *scenario, struct setup *setup, struct error *error)
{
	const struct scenario_host *host = &scenario->host;
	char pin[sizeof(setup->certificate_value)];
	char *out = setup->certificate_value;
	const size_t size = sizeof(setup->certificate_value);

	if (host->certificate.pin) {
		setup->certificate = CERTIFICATE_PIN;
		return copy_text(pin, sizeof(pin), "host.certificate.pin", host->certificate.pin,
		           error) &&
		       certificate_pins_parse(pin, out, size, error);
	}
	if (host->certificate.ca) {
		setup->certificate = CERTIFICATE_CA;
		return put_text(out, size, "host.certificate.ca",
		           expand_path(host->certificate.ca, scenario->folder, error), error) &&
		       (access(out, R_OK) == 0 ||
		           error_set(error, EXIT_USAGE, "host.certificate.ca: %s: %s", out,
		               strerror(errno)));
	}
	if (host->certificate.tofu) {
		setup->certificate = CERTIFICATE_TOFU;
		return put_text(
		    out, size, "host.certificate.tofu", find_known_hosts(scenario, error), error);
	}
	setup->certificate = CERTIFICATE_IGNORE;
	return true;
}

/* The shell expands ${NAME} itself, as variables: what a stage's program says of itself becomes no part of the command. */
static bool copy_command(const struct scenario *scenario, struct setup *setup, struct error *error)
{
	const char *text = scenario->logoff.command;

	if (!text)
		return true;
	if (strlen(text) >= sizeof(setup->command))
		return error_set(error, EXIT_USAGE, "logoff.command: is longer than %zu bytes",
		    sizeof(setup->command) - 1);
	snprintf(setup->command, sizeof(setup->command), "%s", text);
	return true;
}

/* A client's licences of one host are no other's: hosts refuse them ("timeout waiting for activation", FreeRDP issue 12004). Without a
 * home they lie where FreeRDP puts them. */
static void set_licences(struct setup *setup)
{
	struct error none;
	char *state = state_folder(&none);
	char host[sizeof(setup->host)];

	snprintf(host, sizeof(host), "%s", setup->host);
	for (char *at = host; *at; at++)
		if (*at == '/' || (*at == '.' && at == host))
			*at = '_';
	if (state && (size_t)snprintf(setup->licences, sizeof(setup->licences), "%s/licences/%s",
	                 state, host) >= sizeof(setup->licences))
		setup->licences[0] = '\0';
	free(state);
}

/* sh expands what is in it. */
static bool setup_of_command(const struct scenario *scenario, struct setup *setup)
{
	*setup = (struct setup){
	    .clock_anchor = timestamp_anchor(), .workload_timeout = scenario->load.timeout.least};
	snprintf(setup->workload, sizeof(setup->workload), "%s", scenario->load.command);
	return true;
}

bool setup_make(const struct scenario *scenario, struct setup *setup, struct error *error)
{
	if (scenario_runs_commands(scenario))
		return setup_of_command(scenario, setup);

	const enum logoff_method method = scenario->logoff.method;
	char address[512];

	*setup = (struct setup){
	    .security = scenario->host.security,
	    .signal = scenario->logon.signal,
	    .logoff =
	        method == LOGOFF_AUTO ? LOGOFF_KEYS : method, /* until a preflight knows better */
	    .keys_again = !scenario->logoff.keys,
	    .clock_anchor = timestamp_anchor(),
	    .connect_timeout = scenario->connect.timeout.least,
	    .logon_timeout = scenario->logon.timeout.least,
	    .logon_delay = scenario->logon.delay.least,
	    .logoff_timeout = scenario->logoff.timeout.least,
	};
	const bool good =
	    copy_text(address, sizeof(address), "host.address", scenario->host.address, error) &&
	    host_parse(address, setup->host, &setup->port, error) &&
	    set_certificate(scenario, setup, error) &&
	    copy_text(setup->certificate_name, sizeof(setup->certificate_name),
	        "host.certificate.name", scenario->host.certificate.name, error) &&
	    copy_text(setup->auth_packages, sizeof(setup->auth_packages), "host.auth_packages",
	        scenario->host.auth_packages, error) &&
	    copy_text(setup->load_balance_info, sizeof(setup->load_balance_info),
	        "host.load_balance_info", scenario->host.load_balance_info, error) &&
	    copy_text(setup->client_name, sizeof(setup->client_name), "host.client_name",
	        scenario->host.client_name ? scenario->host.client_name : "LEAKLAB", error) &&
	    copy_text(setup->shell, sizeof(setup->shell), "logoff.shell", scenario->logoff.shell,
	        error) &&
	    copy_keys(setup->keys, sizeof(setup->keys), "logoff.keys",
	        scenario->logoff.keys ? scenario->logoff.keys : KEYS_LOGOFF, error) &&
	    copy_keys(setup->logon_keys, sizeof(setup->logon_keys), "logon.keys",
	        scenario->logon.keys, error) &&
	    copy_command(scenario, setup, error);
	if (good)
		set_licences(setup);
	return good;
}

void setup_take_way(struct setup *setup, enum logoff_way way)
{
	const char *keys = logoff_way_keys(way);

	setup->way = way;
	setup->logoff = keys ? LOGOFF_KEYS : LOGOFF_COMMAND;
	setup->keys_again = true;
	snprintf(setup->keys, sizeof(setup->keys), "%s", keys ? keys : "");
}

void setup_take_way_named(struct setup *setup, const char *word)
{
	for (enum logoff_way way = LOGOFF_WAY_KEYS; way < LOGOFF_WAY_COUNT; way++)
		if (strcmp(word, logoff_way_words[way]) == 0)
			setup_take_way(setup, way);
}
