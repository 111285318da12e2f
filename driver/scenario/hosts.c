#include "driver/scenario/hosts.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/state.h"

static bool is_loopback(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127; /* RFC 1122 3.2.1.3 */
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcasecmp(host, "localhost") == 0;
}

/* To free; NULL: memory is out, or nobody's home is known. */
static char *list_path(void)
{
	struct error unknown;
	char *folder = config_folder(&unknown), *path = NULL;

	if (folder && asprintf(&path, "%s/hosts", folder) < 0)
		path = NULL;
	free(folder);
	return path;
}

static bool is_listed(const char *host, const char *path)
{
	FILE *list = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t size = 0;
	bool listed = false;

	while (list && !listed && getline(&line, &size, list) >= 0) {
		const char *entry = line + strspn(line, " \t");
		line[strcspn(line, "#\r\n")] = '\0';
		for (char *end = line + strlen(line);
		     end > entry && (end[-1] == ' ' || end[-1] == '\t'); end--)
			end[-1] = '\0';
		listed = *entry && fnmatch(entry, host, FNM_CASEFOLD) == 0;
	}
	free(line);
	if (list)
		fclose(list);
	return listed;
}

bool host_is_allowed(const char *host, struct error *error)
{
	char *path = list_path();
	const bool allowed = is_loopback(host) || is_listed(host, path);

	if (!allowed)
		error_set(error, EXIT_USAGE,
		    "%.200s: a scenario alone may not send passwords and logons to a host: name it with --host %.200s, or put it into %s",
		    host, host, path ? path : "leaklab's list of hosts");
	free(path);
	return allowed;
}

void host_allow(const char *address, char **path)
{
	char host[256];
	char *list = list_path(), *end = list ? strrchr(list, '/') : NULL;
	FILE *file;

	*path = NULL;
	/* The address without its port; one of version 6 has brackets, or no port. */
	const bool bracketed = *address == '[';
	const char *colon = strchr(address, ':'), *start = address + bracketed;
	const bool bare = !bracketed && colon && strchr(colon + 1, ':');
	snprintf(host, sizeof(host), "%.*s",
	    (int)strcspn(start, bracketed ? "]"
	                        : bare    ? ""
	                                  : ":"),
	    start);
	if (!list || strchr(host, '$') || is_loopback(host) || is_listed(host, list)) {
		free(list);
		return;
	}
	*end = '\0';
	folders_make(list);
	*end = '/';
	file = fopen(list, "ae");
	if (file && fprintf(file, "%s\n", host) > 0 && fclose(file) == 0)
		*path = list;
	else
		free(list);
}

bool host_is_variable(const struct scenario *scenario)
{
	const char *address = scenario->host.address;
	const char *end = address && strncmp(address, "${", 2) == 0 ? strchr(address, '}') : NULL;
	char name[64];

	if (!end || (end[1] && (end[1] != ':' || end[2 + strspn(end + 2, "0123456789")])))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(end - address - 2), address + 2);
	return getenv(name) && !scenario_may_give(scenario, name);
}
