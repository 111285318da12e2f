/* "Custom Symbol Stores" and "Symbol path for Windows debuggers" on learn.microsoft.com, as far as Linux has a meaning
 * for it: elements divided by ";", their parts by "*". */
#include "dump/symbols/symbol_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"

static bool starts_with(const char *text, const char *start)
{
	return strncasecmp(text, start, strlen(start)) == 0;
}

static bool is_server(const char *text)
{
	return starts_with(text, "http://") || starts_with(text, "https://");
}

/* A URL without "user:password@" and what follows "?", signatures mostly: these must not get into messages. */
static char *without_secrets(const char *url)
{
	const char *host = strstr(url, "://");
	char *shown = NULL;
	if (!host)
		return strdup(url);
	host += 3;
	const char *end = host + strcspn(host, "/?#"),
	           *at = memrchr(host, '@', (size_t)(end - host)), *rest = at ? at + 1 : host;
	int length = (int)strcspn(rest, "?");
	return asprintf(&shown, "%.*s%.*s%s", (int)(host - url), url, length, rest,
	           rest[length] ? "?..." : "") < 0
	           ? NULL
	           : shown;
}

/* The cache of people who name none. */
static char *default_cache(void)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *cache = NULL;
	int made = -1;
	if (base && base[0] == '/')
		made = asprintf(&cache, "%s/leaklab/symbols", base);
	else if (home && home[0] == '/')
		made = asprintf(&cache, "%s/.cache/leaklab/symbols", home);
	return made < 0 ? NULL : cache;
}

static bool append(struct symbol_path *path, enum place_kind kind, const char *where,
    const char *cache, struct error *error)
{
	if (!array_reserve(&path->place, path->count, sizeof *path->place))
		return error_memory(error);
	struct place place = {.kind = kind, .is_two_tier = -1};
	place.where = strdup(where);
	place.shown = without_secrets(where);
	place.cache = cache ? strdup(cache) : NULL;
	if (!place.where || !place.shown || (cache && !place.cache)) {
		free(place.where);
		free(place.shown);
		free(place.cache);
		return error_memory(error);
	}
	size_t length = strlen(place.where);
	while (length > 1 && place.where[length - 1] == '/')
		place.where[--length] = '\0';
	path->place[path->count++] = place;
	return true;
}

/* The path of a local part: as it is, or of a file:// URL. */
static const char *local_path(const char *part, struct error *error)
{
	if (starts_with(part, "file://")) {
		part += strlen("file://");
		if (starts_with(part, "localhost/"))
			part += strlen("localhost");
		if (*part != '/') {
			error_set(error, EXIT_USAGE,
			    "a file:// URL has three slashes: file:///path/to/symbols");
			return NULL;
		}
	}
	if (strstr(part, "://")) {
		error_set(error, EXIT_USAGE,
		    "\"%.*s://\" is not understood; http, https and file are",
		    (int)(strstr(part, "://") - part), part);
		return NULL;
	}
	return part;
}

/* Taken from a Windows machine's _NT_SYMBOL_PATH: a folder of that name would be made here. */
static bool check_cache(const char *folder, struct error *error)
{
	return (!strchr(folder, '\\') && !(folder[0] && folder[1] == ':')) ||
	       error_set(error, EXIT_USAGE,
	           "\"%s\" is a path of Windows: name a folder of this machine (mount the other one here)",
	           folder);
}

static bool add_server(
    struct symbol_path *path, const char *url, const char *cache, struct error *error)
{
	char *mine = NULL, *shown = without_secrets(url);
	if (!cache)
		cache = path->cache;
	if (!cache)
		cache = mine = default_cache();
	bool good = shown || error_memory(error);
	good = good && (!cache || check_cache(cache, error));
	good = good && (cache || error_set(error, EXIT_USAGE,
	                             "no cache folder for %s: name one (srv*CACHE*URL), or set "
	                             "HOME",
	                             shown));
	/* A cache that no element named before must be looked at too. */
	good = good && (!mine || append(path, PLACE_STORE, mine, NULL, error)) &&
	       append(path, PLACE_SERVER, url, cache, error);
	free(shown);
	free(mine);
	return good;
}

/* The parts of srv*: stores from near to far. */
static bool parse_stores(struct symbol_path *path, char *parts, struct error *error)
{
	const char *cache = NULL;
	size_t places = path->count;
	for (char *part; (part = strsep(&parts, "*"));) {
		if (*part == '\0')
			continue;
		if (is_server(part)) {
			if (!add_server(path, part, cache, error))
				return false;
			continue;
		}
		const char *folder = local_path(part, error);
		if (!folder || !append(path, PLACE_STORE, folder, NULL, error))
			return false;
		if (!cache)
			cache = folder;
	}
	return path->count > places ||
	       error_set(error, EXIT_USAGE, "\"srv*\" without a store; write srv*CACHE*URL");
}

static bool parse_element(struct symbol_path *path, char *element, struct error *error)
{
	if (starts_with(element, "srv*"))
		return parse_stores(path, element + strlen("srv*"), error);
	if (starts_with(element, "symsrv*")) {
		char *dll = element + strlen("symsrv*"), *rest = strchr(dll, '*');
		return rest ? parse_stores(path, rest + 1, error)
		            : error_set(error, EXIT_USAGE,
		                  "\"symsrv*\" without a store; write symsrv*symsrv.dll*CACHE*URL");
	}
	if (starts_with(element, "cache*")) {
		const char *folder = local_path(element + strlen("cache*"), error);
		char *cache = folder ? *folder ? strdup(folder) : default_cache() : NULL;
		if (!folder)
			return false;
		if (!cache)
			return error_set(
			    error, EXIT_USAGE, "\"cache*\" without a folder; write cache*DIR");
		if (!check_cache(cache, error)) {
			free(cache);
			return false;
		}
		free(path->cache);
		path->cache = cache;
		return append(path, PLACE_STORE, cache, NULL, error);
	}
	if (strchr(element, '*'))
		return error_set(error, EXIT_USAGE,
		    "\"%.*s*\" is not understood; srv*, symsrv* and cache* are",
		    (int)strcspn(element, "*"), element);
	if (is_server(element))
		return add_server(path, element, NULL, error);
	const char *folder = local_path(element, error);
	return folder && append(path, PLACE_FOLDER, folder, NULL, error);
}

bool symbol_path_parse(struct symbol_path *path, const char *text, struct error *error)
{
	char *copy = strdup(text), *rest = copy;
	if (!copy)
		return error_memory(error);
	bool good = true;
	for (char *element; good && (element = strsep(&rest, ";"));) {
		element += strspn(element, " \t");
		size_t length = strlen(element);
		while (length > 0 && strchr(" \t\r\n", element[length - 1]))
			element[--length] = '\0';
		if (length > 0)
			good = parse_element(path, element, error);
	}
	free(copy);
	return good;
}

void symbol_path_deinit(struct symbol_path *path)
{
	for (size_t i = 0; i < path->count; i++) {
		free(path->place[i].where);
		free(path->place[i].shown);
		free(path->place[i].cache);
	}
	free(path->place);
	free(path->cache);
}
