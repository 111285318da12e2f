/* Knows the file of refused logons: a line an account, "COUNT LAST UNTIL ACCOUNT"; names of accounts may have blanks. */
#include "driver/scenario/refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/array.h"
#include "common/state.h"
#include "common/timestamp.h"

struct store {
	char *folder;
	int lock; /* the folder itself, locked */
	char *path;
	char *next; /* written first, then put in the place of the other */
};

/* As it is set now: other runs, and the domain, go by it. */
static int64_t wall_clock(void)
{
	return timestamp_now() + timestamp_step();
}

static void store_close(struct store *store)
{
	if (store->lock >= 0)
		close(store->lock);
	free(store->folder);
	free(store->path);
	free(store->next);
}

static bool store_open(struct store *store, struct error *error)
{
	*store = (struct store){.lock = -1, .folder = state_folder(error)};
	if (!store->folder)
		return false;
	if (asprintf(&store->path, "%s/refused-logons", store->folder) < 0 ||
	    asprintf(&store->next, "%s.next", store->path) < 0)
		return error_memory(error);
	store->lock = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock >= 0 && flock(store->lock, LOCK_EX) == 0)
		return true;
	return error_set(error, EXIT_TARGET, "%s: %s", store->folder, strerror(errno));
}

char *refusals_account(const char *host, const char *domain, const char *user)
{
	const bool local = domain[0] == '\0' || strcmp(domain, ".") == 0;
	char *account;

	if (local && strchr(user, '@'))
		return strdup(user);
	return asprintf(&account, "%s\\%s", local ? host : domain, user) < 0 ? NULL : account;
}

void refusals_free(struct refusals *refusals)
{
	for (size_t i = 0; i < refusals->count; i++)
		free(refusals->items[i].account);
	free(refusals->items);
	*refusals = (struct refusals){0};
}

static bool add(struct refusals *refusals, const struct refusal *refusal, struct error *error)
{
	if (!array_reserve(&refusals->items, refusals->count, sizeof *refusals->items))
		return error_memory(error);
	refusals->items[refusals->count] = *refusal;
	refusals->items[refusals->count].account = strdup(refusal->account);
	return refusals->items[refusals->count++].account || error_memory(error);
}

static bool parse_line(char *line, struct refusal *out)
{
	char last[TIMESTAMP_TEXT], until[TIMESTAMP_TEXT];
	int account = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%9u %31s %31s %n", &out->count, last, until, &account) != 3 ||
	    !line[account])
		return false;
	out->account = line + account;
	return timestamp_parse(last, &out->last) && timestamp_parse(until, &out->until);
}

static bool store_read(const struct store *store, struct refusals *refusals, struct error *error)
{
	FILE *file = fopen(store->path, "re");
	const int64_t now = wall_clock();
	char *line = NULL;
	size_t size = 0, number = 0;
	bool done = true;

	if (!file)
		return errno == ENOENT ||
		       error_set(error, EXIT_TARGET, "%s: %s", store->path, strerror(errno));
	while (done && getline(&line, &size, file) >= 0) {
		struct refusal refusal;

		number++;
		if (!parse_line(line, &refusal))
			done = error_set(error, EXIT_TARGET,
			    "%s:%zu: is not a refused logon; correct the line, or remove the file, which forgets all",
			    store->path, number);
		else if (refusal.until > now)
			done = add(refusals, &refusal, error);
	}
	free(line);
	fclose(file);
	return done;
}

static bool print_lines(const struct refusals *refusals, FILE *file)
{
	char last[TIMESTAMP_TEXT], until[TIMESTAMP_TEXT];
	bool done = true;

	for (size_t i = 0; done && i < refusals->count; i++)
		done = fprintf(file, "%u %s %s %s\n", refusals->items[i].count,
		           timestamp_format(refusals->items[i].last, last),
		           timestamp_format(refusals->items[i].until, until),
		           refusals->items[i].account) > 0;
	return done;
}

static bool store_write(
    const struct store *store, const struct refusals *refusals, struct error *error)
{
	const int fd = open(store->next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool done = file && print_lines(refusals, file) && fflush(file) == 0 && fsync(fd) == 0;

	if (file)
		done = fclose(file) == 0 && done;
	else if (fd >= 0)
		close(fd);
	return (done && rename(store->next, store->path) == 0) ||
	       error_set(
	           error, EXIT_TARGET, "%s cannot be written: %s", store->path, strerror(errno));
}

bool refusals_read(struct refusals *refusals, struct error *error)
{
	struct store store;

	*refusals = (struct refusals){0};
	const bool done = store_open(&store, error) && store_read(&store, refusals, error);
	store_close(&store);
	return done;
}

struct refusal *refusals_find(const struct refusals *refusals, const char *account)
{
	for (size_t i = 0; i < refusals->count; i++)
		if (strcasecmp(refusals->items[i].account, account) == 0)
			return &refusals->items[i];
	return NULL;
}

char *refusals_to_text(const struct refusals *refusals)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	const bool printed = stream && print_lines(refusals, stream);

	if (stream && fclose(stream) == 0 && printed)
		return text;
	free(text);
	return NULL;
}

static bool take_one(struct refusals *refusals, const struct refusal *other, struct error *error)
{
	struct refusal *known = refusals_find(refusals, other->account);

	if (!known)
		return add(refusals, other, error);
	if (other->count > known->count)
		known->count = other->count;
	return true;
}

bool refusals_take(struct refusals *refusals, const char *text, struct error *error)
{
	char *copy = strdup(text), *rest = copy;
	const int64_t now = wall_clock();
	struct refusal other;
	bool done = copy || error_memory(error);

	for (char *line; done && (line = strsep(&rest, "\n"));)
		if (*line && parse_line(line, &other) && other.until > now)
			done = take_one(refusals, &other, error);
	free(copy);
	return done;
}

void refusals_keep(struct refusals *refusals, const bool *kept)
{
	size_t count = 0;

	for (size_t i = 0; i < refusals->count; i++)
		if (kept[i])
			refusals->items[count++] = refusals->items[i];
		else
			free(refusals->items[i].account);
	refusals->count = count;
}

static bool count_one(struct refusals *refusals, const char *account, unsigned least,
    int64_t window, unsigned *count, struct error *error)
{
	struct refusal *known = refusals_find(refusals, account);
	struct refusal one = {.account = (char *)account, .count = 1, .last = wall_clock()};

	one.until = one.last + window;
	if (known) {
		one.count = known->count + 1;
		one.account = known->account;
	}
	if (one.count < least)
		one.count = least;
	*count = one.count;
	if (!known)
		return add(refusals, &one, error);
	*known = one;
	return true;
}

bool refusals_add(
    const char *account, unsigned least, int64_t window, unsigned *count, struct error *error)
{
	struct refusals refusals = {0};
	struct store store;
	const bool done = store_open(&store, error) && store_read(&store, &refusals, error) &&
	                  count_one(&refusals, account, least, window, count, error) &&
	                  store_write(&store, &refusals, error);

	refusals_free(&refusals);
	store_close(&store);
	return done;
}

/* Drops those of the account; NULL: all. */
static bool drop(struct refusals *refusals, const char *account, struct error *error)
{
	bool *kept = calloc(refusals->count + 1, sizeof *kept);

	if (!kept)
		return error_memory(error);
	for (size_t i = 0; i < refusals->count; i++)
		kept[i] = account && strcasecmp(refusals->items[i].account, account) != 0;
	refusals_keep(refusals, kept);
	free(kept);
	return true;
}

bool refusals_forget(const char *account, size_t *count, struct error *error)
{
	struct refusals refusals = {0};
	struct store store;
	bool done = store_open(&store, error) && store_read(&store, &refusals, error);
	const size_t before = refusals.count;

	done = done && drop(&refusals, account, error);
	if (done && refusals.count < before)
		done = store_write(&store, &refusals, error);
	if (count)
		*count = before - refusals.count;
	refusals_free(&refusals);
	store_close(&store);
	return done;
}
