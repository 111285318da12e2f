/* fuzz-evidence-seeds DIR: writes what the fuzzers start from to DIR/json and DIR/run_file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runfile/runfile.h"
#include "tests/fuzz/evidence/sample_run.h"

static const char of_schema_1[] =
    "{\"schema\":\"leaklab.snapshot/1\",\"host\":\"RDS01\",\"elevated\":true,"
    "\"token_objects\":{\"total\":900,\"accounted\":850},\"sessions\":[{\"id\":2,\"user\":\"lab01\"}],"
    "\"logon_sessions\":[{\"luid\":\"00000000:000fd2f5\",\"user\":\"lab01\",\"session_id\":3,"
    "\"logon_time\":\"2026-11-21T09:29:00Z\"}],\"logon_sessions_end\":\"prompt\",\"sessions_cut\":true,"
    "\"handles\":[{\"pid\":4,\"luid\":\"0:fd2f5\",\"session_id\":3}],\"searched\":[\"0:fd2f5\"],"
    "\"handles_partial\":true,\"unavailable\":[{\"what\":\"processes\",\"why\":\"not asked for\"}]}";

static void write_seed(
    const char *folder, const char *target, unsigned number, const void *bytes, size_t length)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s/seed-%u", folder, target, number);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
		perror(path);
		exit(4);
	}
}

static void write_json(const char *folder, unsigned number, struct snapshot *snapshot)
{
	char *json = snapshot ? snapshot_to_json(snapshot, NULL) : NULL;
	if (!json)
		exit(4);
	write_seed(folder, "json", number, json, strlen(json));
	snapshot_destroy(snapshot);
	free(json);
}

int main(int argc, char **argv)
{
	char path[4096];
	if (argc != 2) {
		fputs("usage: fuzz-evidence-seeds DIR\n", stderr);
		return 2;
	}
	static const char *const targets[] = {"", "/json", "/run_file"};
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		snprintf(path, sizeof path, "%s%s", argv[1], targets[i]);
		mkdir(path, 0777);
	}
	snprintf(path, sizeof path, "%s/run_file/seed-0", argv[1]);
	make_sample_run(path);
	/* Changes: of each table's columns, and of several at once. */
	static uint8_t changes[12 * 24];
	for (unsigned seed = 1; seed <= 24; seed++) {
		for (unsigned i = 0; i < sizeof changes; i++)
			changes[i] = (uint8_t)(i * 37 * seed + i / 12 * seed);
		write_seed(argv[1], "run_file", seed, changes, 12 * seed);
	}
	struct runfile *runfile = runfile_open(path, NULL);
	if (!runfile)
		return 4;
	write_seed(argv[1], "json", 0, of_schema_1, sizeof of_schema_1 - 1);
	write_json(argv[1], 1, sample_of_all_fields());
	write_json(argv[1], 2, runfile_snapshot(runfile, MARK_DURING, 1, true, NULL));
	write_json(argv[1], 3, runfile_snapshot(runfile, MARK_SETTLED, 1, true, NULL));
	runfile_close(runfile);
	return 0;
}
