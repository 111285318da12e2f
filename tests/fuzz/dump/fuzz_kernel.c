/* The whole way from a dump to the answer, with the PDB that fits. The input changes bytes of a good dump (five at a time:
 * three say where, one how, one what), so that what is damaged is what the kernel pointed to, not the file's form. The
 * dump and its PDB are named by LEAKLAB_FUZZ_DUMP and LEAKLAB_FUZZ_SYMBOLS (a folder): what mkdump
 * makes of a description. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/input.h"
#include "dump/answer/answer.h"
#include "dump/little_endian.h"
#include "evidence/snapshot.h"
#include "tests/fuzz/input.h"

#define CHANGE 5
#define CHANGES_MOST 64

static char *good_dump;
static size_t good_length;
static struct symbol_store *store;
static FILE *nowhere;

static void begin(void)
{
	const char *dump = getenv("LEAKLAB_FUZZ_DUMP"), *symbols = getenv("LEAKLAB_FUZZ_SYMBOLS");
	struct error error;
	if (!dump || !symbols || !input_read(dump, &good_dump, &good_length, &error) ||
	    !(store = symbol_store_create(&error)) ||
	    !symbol_store_add(store, symbols, "LEAKLAB_FUZZ_SYMBOLS", &error) ||
	    !(nowhere = fopen("/dev/null", "w"))) {
		fputs("name a dump and its symbols in LEAKLAB_FUZZ_DUMP and LEAKLAB_FUZZ_SYMBOLS\n",
		    stderr);
		exit(2);
	}
}

/* Values that pointers, counts and offsets go wrong with, and what lies near a good value. */
static void change(uint8_t *bytes, size_t length, const uint8_t *order)
{
	static const uint64_t values[] = {0, 1, 8, UINT64_MAX, UINT64_C(1) << 63, INT64_MAX,
	    0xffffe40100000000, 0xffffe40100000a60, 0xffffc08040000000, 0xfffff80312a00000, 0x1000,
	    0xffff800000000000, 0x7fffffffffff};
	size_t at = (order[0] | (size_t)order[1] << 8 | (size_t)order[2] << 16) * 8 % (length - 8);
	uint64_t value = load64(bytes + at);
	switch (order[3] % 4) {
	case 0:
		bytes[at + order[3] / 4 % 8] = order[4];
		return;
	case 1:
		value = values[order[4] % (sizeof values / sizeof values[0])];
		break;
	case 2:
		value += (uint64_t)(int64_t)(int8_t)order[4] * 8;
		break;
	default: /* what is somewhere else */
		value = load64(bytes + (at + order[4] * UINT64_C(8)) % (length - 8) / 8 * 8);
	}
	memcpy(bytes + at, &value, sizeof value);
}

/* It goes through JSON unchanged. */
static void check_evidence(const struct snapshot *snapshot)
{
	struct error error;
	char *json = snapshot_to_json(snapshot, &error);
	struct snapshot *again = json ? snapshot_from_json(json, strlen(json), &error) : NULL;
	if (!again || !record_same(&snapshot_record, snapshot, again)) {
		fprintf(
		    stderr, "%s\n%s\n", json ? json : "", again ? "is read otherwise" : error.text);
		__builtin_trap();
	}
	snapshot_destroy(again);
	free(json);
}

static void answer_all(const char *path)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	struct error error;
	struct dump_file *dump = dump_file_open(path, &error);
	struct kernel *kernel =
	    dump && dump_file_find_pages(dump, &error) ? kernel_create(dump, &error) : NULL;
	if (kernel) {
		kernel_find_symbols(kernel, store, &error);
		bool good = kernel_read(kernel, NULL, NULL, &error);
		struct answer *answer =
		    good && kernel->has_symbols ? answer_create(kernel, &terms, &error) : NULL;
		struct telling telling = {.path = path,
		    .answer = answer,
		    .kernel = kernel,
		    .store = store,
		    .verbose = true};
		if (good) {
			answer_print_text(&telling, nowhere);
			answer_print_json(&telling, nowhere);
		}
		if (answer)
			check_evidence(answer->snapshot);
		answer_destroy(answer);
	}
	kernel_destroy(kernel);
	dump_file_close(dump);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (!good_dump)
		begin();
	uint8_t *dump = malloc(good_length);
	if (!dump)
		return 0;
	memcpy(dump, good_dump, good_length);
	for (size_t i = 0; i + CHANGE <= length && i < CHANGE * CHANGES_MOST; i += CHANGE)
		change(dump, good_length, bytes + i);
	answer_all(fuzz_file(dump, good_length));
	free(dump);
	return 0;
}
