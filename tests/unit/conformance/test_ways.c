/* The same evidence means the same, whatever way it took: as the JSON of a snapshot, as the text of tools, and each of them through
 * a run file. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leak/leak.h"
#include "readers/reader.h"
#include "runfile/runfile.h"
#include "tests/unit/conformance/hosts.h"

#define HOSTS 40

enum way { WAY_JSON, WAY_TEXT, WAY_RUN_OF_JSON, WAY_RUN_OF_TEXT, WAY_COUNT };
static const char *const way_names[] = {"JSON", "text", "run file of JSON", "run file of text"};

static bool is_of_text(enum way way)
{
	return way == WAY_TEXT || way == WAY_RUN_OF_TEXT;
}

/* The tools that a way sees the host by. */
static enum host_tool first_tool(enum way way)
{
	return is_of_text(way) ? TOOL_QWINSTA : TOOL_SNAPSHOT;
}

static enum host_tool last_tool(enum way way)
{
	return is_of_text(way) ? TOOL_HANDLE : TOOL_SNAPSHOT;
}

static struct snapshot *read_tool(const struct host *host, enum host_tool tool, char **text)
{
	static const char *const names[] = {"snapshot", "qwinsta", "logonsessions", "handle"};
	*text = host_shown(host, tool);
	struct snapshot *snapshot = evidence_read(*text, strlen(*text), names[tool], NULL, NULL);
	assert_non_null(snapshot);
	return snapshot;
}

static struct snapshot *seen_directly(const struct host *host, enum way way)
{
	struct snapshot *all = NULL;
	for (int tool = first_tool(way); tool <= (int)last_tool(way); tool++) {
		char *text;
		struct snapshot *one = read_tool(host, (enum host_tool)tool, &text);
		free(text);
		if (!all) {
			all = one;
			continue;
		}
		assert_true(snapshot_merge(all, one, true, NULL));
		snapshot_destroy(one);
	}
	return all;
}

static struct snapshot *seen_by_run_file(const struct host *host, enum way way)
{
	char *directory = unit_directory();
	struct runfile *runfile = runfile_create(unit_path(directory, "a.leaklab"), NULL);
	assert_non_null(runfile);
	for (int tool = first_tool(way); tool <= (int)last_tool(way); tool++) {
		char *text;
		struct snapshot *one = read_tool(host, (enum host_tool)tool, &text);
		struct capture capture = {.mark = MARK_SETTLED,
		    .round = 1,
		    .observer = "any",
		    .command = "any",
		    .output = text,
		    .output_length = strlen(text)};
		assert_true(runfile_add_capture(runfile, &capture, one, NULL));
		snapshot_destroy(one);
		free(text);
	}
	struct snapshot *all = runfile_snapshot(runfile, MARK_SETTLED, 1, true, NULL);
	assert_non_null(all);
	runfile_close(runfile);
	unit_remove_directory(directory);
	return all;
}

static struct snapshot *seen(const struct host *host, enum way way)
{
	return way == WAY_RUN_OF_JSON || way == WAY_RUN_OF_TEXT ? seen_by_run_file(host, way)
	                                                        : seen_directly(host, way);
}

/* ---- what it means, as text ---- */

static void tell_holders(FILE *out, const struct snapshot *sample, uint64_t luid)
{
	struct holders holders;
	size_t count;
	assert_true(holders_find(&holders, sample, NULL));
	const struct holder *holder = holders_of(&holders, luid, &count);
	for (size_t i = 0; i < count; i++)
		fprintf(out, " [%s %" PRId64 ": %" PRId64 ", %" PRId64 " and %" PRId64 "%s]",
		    holder[i].image, holder[i].pid, holder[i].tokens, holder[i].exited,
		    holder[i].directories, holder[i].follower ? ", follows" : "");
	holders_deinit(&holders);
}

static char *orphans_told(const struct leak *leak, const struct snapshot *sample)
{
	char *text = NULL;
	size_t length, count;
	FILE *out = open_memstream(&text, &length);
	const struct left_logon *logons = leak_logons(leak, &count);
	for (size_t i = 0; i < count; i++) {
		if (!left_is_orphan(&logons[i]))
			continue;
		fprintf(out, "%" PRIx64 " of %s in %" PRId64, logons[i].luid,
		    logons[i].user ? logons[i].user : "?", logons[i].session_id);
		tell_holders(out, sample, logons[i].luid);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static char *ids_told(const struct leak *leak)
{
	char *text = NULL;
	size_t length, count;
	FILE *out = open_memstream(&text, &length);
	const struct left_id *ids = leak_ids(leak, &count);
	for (size_t i = 0; i < count; i++) {
		if (!ids[i].gone)
			fprintf(out, "%" PRId64 "%s ", ids[i].id, ids[i].pinned ? " pinned" : "");
	}
	fclose(out);
	return text;
}

static char *sights_told(const struct snapshot *sample)
{
	static const char *const sections[] = {
	    SECTION_SESSIONS, SECTION_LOGON_SESSIONS, SECTION_HANDLES, SECTION_PROCESSES};
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	for (size_t i = 0; i < 4; i++)
		fprintf(out, "%s: %s ", sections[i],
		    extent_words[snapshot_extent(sample, sections[i])]);
	fclose(out);
	return text;
}

static void assert_same(uint64_t seed, unsigned moment, enum way way, const char *what,
    const char *wanted, const char *got)
{
	if (strcmp(wanted, got) == 0)
		return;
	print_error("host %" PRIu64 ", moment %u, %s, %s:\n%s\nshould be\n%s\n", seed, moment,
	    way_names[way], what, got, wanted);
	fail();
}

struct meaning {
	char *orphans, *ids, *sights;
};

/* What was looked at, summed up: a test that saw nothing proves nothing. */
static struct {
	size_t samples, orphans, holders, ids, whole;
} seen_by[WAY_COUNT];

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;
	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

static void note(enum way way, const struct meaning *meaning)
{
	seen_by[way].samples++;
	seen_by[way].orphans += occurrences(meaning->orphans, "\n");
	seen_by[way].holders += occurrences(meaning->orphans, "[");
	seen_by[way].ids += occurrences(meaning->ids, " ");
	seen_by[way].whole += occurrences(meaning->sights, "whole");
}

static struct meaning meaning_of(struct leak *leak, const struct host *host, enum way way)
{
	struct snapshot *sample = seen(host, way);
	assert_true(leak_add(leak, sample, host->now, 0));
	const struct meaning meaning = {
	    orphans_told(leak, sample), ids_told(leak), sights_told(sample)};
	snapshot_destroy(sample);
	return meaning;
}

static void check_moment(uint64_t seed, const struct host *host, struct leak *leaks[])
{
	struct meaning all[WAY_COUNT];
	for (int way = 0; way < WAY_COUNT; way++)
		all[way] = meaning_of(leaks[way], host, (enum way)way);
	/* handle tells the process IDs of exited processes, and not whose they were: there text has to be like text only. */
	const bool text_tells = host->shape != 0;
	for (int way = 1; way < WAY_COUNT; way++)
		assert_same(seed, host->moment, (enum way)way, "orphans and holders",
		    all[is_of_text((enum way)way) && !text_tells ? WAY_TEXT : WAY_JSON].orphans,
		    all[way].orphans);
	/* Text tells less than a snapshot; what it tells stays through a run file. */
	assert_same(seed, host->moment, WAY_RUN_OF_JSON, "session IDs", all[WAY_JSON].ids,
	    all[WAY_RUN_OF_JSON].ids);
	assert_same(seed, host->moment, WAY_RUN_OF_TEXT, "session IDs", all[WAY_TEXT].ids,
	    all[WAY_RUN_OF_TEXT].ids);
	assert_same(seed, host->moment, WAY_RUN_OF_JSON, "sight", all[WAY_JSON].sights,
	    all[WAY_RUN_OF_JSON].sights);
	assert_same(seed, host->moment, WAY_RUN_OF_TEXT, "sight", all[WAY_TEXT].sights,
	    all[WAY_RUN_OF_TEXT].sights);
	for (int way = 0; way < WAY_COUNT; way++) {
		note((enum way)way, &all[way]);
		free(all[way].orphans);
		free(all[way].ids);
		free(all[way].sights);
	}
}

static void a_host_means_the_same_whatever_way_its_evidence_took(void **state)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	(void)state;
	for (uint64_t seed = 0; seed < HOSTS; seed++) {
		struct host host;
		struct leak *leaks[WAY_COUNT];
		for (int way = 0; way < WAY_COUNT; way++)
			leaks[way] = leak_create(&terms);
		host_start(&host, seed);
		while (host_next(&host))
			check_moment(seed, &host, leaks);
		host_end(&host);
		for (int way = 0; way < WAY_COUNT; way++)
			leak_destroy(leaks[way]);
	}
	print_message("# %-18s %8s %8s %8s %12s %15s\n", "way", "samples", "orphans", "holders",
	    "referred IDs", "whole sections");
	for (int way = 0; way < WAY_COUNT; way++)
		print_message("# %-18s %8zu %8zu %8zu %12zu %15zu\n", way_names[way],
		    seen_by[way].samples, seen_by[way].orphans, seen_by[way].holders,
		    seen_by[way].ids, seen_by[way].whole);
	assert_in_range(seen_by[WAY_TEXT].orphans, 100, 10000);
	assert_in_range(seen_by[WAY_JSON].ids, 100, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_host_means_the_same_whatever_way_its_evidence_took),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
