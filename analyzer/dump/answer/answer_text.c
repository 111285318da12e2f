/* An answer for people: what the dump is, how it is with its logon sessions, which of them are orphaned, and what could not be
 * read. */
#include "dump/answer/answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/timestamp.h"
#include "dump/answer/inside.h"
#include "evidence/snapshot.h"

#define LABEL 15

static void fact(FILE *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line of the head, broken where it is too long. */
static void fact(FILE *out, const char *label, const char *format, ...)
{
	char first[LABEL + 1], *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	snprintf(first, sizeof first, "%-*s", LABEL, label);
	text_print_wrapped(out, first, text ? text : "?");
	free(text);
}

static void print_header(const struct telling *telling, FILE *out)
{
	const struct dump_header *header = dump_file_header(telling->kernel->dump);
	const char *bugcheck = dump_bugcheck_name(header->bugcheck);
	struct dump_page_counts pages;
	struct machine machine;
	char time[TIMESTAMP_TEXT];
	dump_file_count_pages(telling->kernel->dump, &pages);
	fact(out, "Dump", "%s", telling->path);
	if (machine_find(telling->kernel, &machine))
		fact(out, "Host", "%s%s%s%s", machine.name, machine.domain ? " (" : "",
		    machine.domain ? machine.domain : "", machine.domain ? ")" : "");
	fact(out, "Machine", "x64, Windows build %u, %u processor%s", header->build,
	    header->processors, text_plural(header->processors));
	fact(out, "Type", "%s, %" PRIu64 " pages%s", dump_type_name(header->type), pages.listed,
	    pages.stored == pages.listed ? ", all of them there" : "");
	if (pages.stored < pages.listed)
		fact(out, "", "cut short: %" PRIu64 " pages are not in the file",
		    pages.listed - pages.stored);
	if (header->system_time != TIMESTAMP_UNKNOWN)
		fact(out, "Taken", "%s%s", timestamp_format(header->system_time, time),
		    header->has_attributes && header->attributes & DUMP_ATTRIBUTE_LIVE
		        ? ", of a running system"
		        : "");
	if (header->up_time != DUMP_UP_TIME_UNKNOWN && header->up_time >= 0)
		fact(out, "Up", "%lld d %lld h %lld min",
		    (long long)(header->up_time / 86400000000),
		    (long long)(header->up_time / 3600000000 % 24),
		    (long long)(header->up_time / 60000000 % 60));
	if (header->has_bugcheck)
		fact(out, "Bugcheck",
		    "0x%x%s%s (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ")",
		    header->bugcheck, bugcheck ? " " : "", bugcheck ? bugcheck : "",
		    header->bugcheck_parameters[0], header->bugcheck_parameters[1],
		    header->bugcheck_parameters[2], header->bugcheck_parameters[3]);
	if (*header->comment)
		fact(out, "Comment", "%s", header->comment);
}

static void print_kernel(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	char *store = kernel->has_identity
	                  ? symbol_store_path(kernel->identity.pdb_name, &kernel->identity.pdb)
	                  : NULL;
	fact(out, "Kernel", "0x%" PRIx64 ", %u module%s loaded", kernel->base, kernel->module_count,
	    text_plural(kernel->module_count));
	fact(out, "Symbols", "%s: %s", store ? store : "?",
	    kernel->has_symbols ? "found, and they fit" : "not found");
	free(store);
	if (!kernel->has_symbols)
		return;
	static const char *const trackings[] = {
	    [TRACKING_UNKNOWN] = "not known: its switch is not in the dump",
	    [TRACKING_ABSENT] =
	        "this build has none (it came with Windows 10 1607 and Server 2016)",
	    [TRACKING_OFF] = "off: who made the tokens was not recorded",
	    [TRACKING_ON] = "on",
	};
	fact(out, "Leak tracking", "%s", trackings[kernel->tracking]);
	static const char *const rules[] = {
	    [RULE_UNKNOWN] = "not known: the switch of that rule is not in the dump",
	    [RULE_ABSENT] =
	        "no: tokens of this build have no SessionObject (it came with MS16-111)",
	    [RULE_OFF] = "no: SeTokenDoesNotTrackSessionObject is set on this host",
	    [RULE_ON] = "yes",
	};
	fact(out, "Tokens pin IDs", "%s", rules[kernel->rule]);
	char total[64] = "an unknown number";
	if (kernel->token_objects != NUMBER_UNKNOWN)
		snprintf(total, sizeof total, "%lld", (long long)kernel->token_objects);
	fact(out, "Tokens", "%s in the kernel, %u found; %u process%s", total, kernel->token_count,
	    kernel->process_count, kernel->process_count == 1 ? "" : "es");
}

/* ---- what is not in the answer ---- */

/* One line of each kind and reason, however many there are. */
static void print_missing_kind(
    const struct kernel *kernel, enum kernel_thing thing, unsigned reason, FILE *out)
{
	const uint64_t count = kernel->missing[thing][reason];
	const char *first = reason == KERNEL_DAMAGED ? kernel->first_damage[thing] : NULL;
	char text[480];
	snprintf(text, sizeof text, "%" PRIu64 " %s: %s%s%s", count,
	    kernel_thing_text(thing, count), kernel_reason_text(reason),
	    !first      ? ""
	    : count > 1 ? "; the first: "
	                : ": ",
	    first ? first : "");
	text_print_wrapped(out, "  ", text);
}

static void print_missing(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	if (kernel_missing_total(kernel) == 0 && kernel->lack_count == 0)
		return;
	fputs("\nNot read, and so not included above:\n", out);
	for (unsigned i = 0; i < THINGS; i++)
		for (unsigned j = 0; j < KERNEL_REASONS; j++)
			if (kernel->missing[i][j])
				print_missing_kind(kernel, (enum kernel_thing)i, j, out);
	for (size_t i = 0; i < kernel->lack_count; i++)
		text_print_wrapped(out, "  ", kernel->lacks[i]);
}

static void print_mended(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	char text[400];
	if (kernel->mended == 0 || !telling->verbose)
		return;
	snprintf(text, sizeof text, "%" PRIu64 " damaged list%s, of which nothing is missing%s%s",
	    kernel->mended, text_plural((int64_t)kernel->mended),
	    kernel->mended > 1 ? "; the first: " : ": ",
	    kernel->first_mended ? kernel->first_mended : "?");
	fputc('\n', out);
	text_print_wrapped(out, "", text);
}

static void print_without_symbols(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	fputs("\nLogon sessions cannot be read without the kernel's symbols:\n", out);
	text_print_wrapped(out, "  ", kernel->no_symbol.text);
	text_print_wrapped(out, "  ",
	    "Say where they are with --symbols DIR, or let them be fetched with --symbols "
	    "srv*CACHE*https://msdl.microsoft.com/download/symbols");
	fputs("\nLoaded modules:\n", out);
	uint32_t shown = telling->verbose || kernel->module_count < 10 ? kernel->module_count : 10;
	for (uint32_t i = 0; i < shown; i++) {
		fprintf(out, "  0x%016" PRIx64 " %8x  ", kernel->modules[i].base,
		    kernel->modules[i].size);
		text_print_column(out, kernel->modules[i].name, 40);
		fputc('\n', out);
	}
	if (shown < kernel->module_count)
		fprintf(
		    out, "  ... and %u more (--verbose shows all)\n", kernel->module_count - shown);
}

void answer_print_text(const struct telling *telling, FILE *out)
{
	print_header(telling, out);
	print_kernel(telling, out);
	if (telling->answer) {
		print_verdict(telling->answer, out);
		print_holders(telling, out);
		print_creators(telling, out);
		print_orphans(telling, out);
		print_kept(telling, out);
		print_all_logons(telling, out);
	} else {
		print_without_symbols(telling, out);
	}
	print_missing(telling, out);
	print_mended(telling, out);
}
