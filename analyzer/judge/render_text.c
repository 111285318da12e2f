/* A verdict for people, 80 columns wide. */
#include <inttypes.h>

#include "common/text.h"
#include "judge/verdict.h"

static void print_culprits(const struct verdict *verdict, FILE *out)
{
	if (verdict->culprit_count == 0)
		return;
	fprintf(out, "\nholders of the %" PRId64 " orphaned logon sessions\n",
	    verdict->orphan_logon_sessions);
	fprintf(out, "  %-28s %7s %8s %15s\n", "image", "process", "handles", "logon sessions");
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		fputs("  ", out);
		text_print_column(out, culprit->image, 28);
		if (culprit->pid == NUMBER_UNKNOWN)
			fprintf(out, " %7s", "-");
		else
			fprintf(out, " %7" PRId64, culprit->pid);
		fprintf(out, " %8" PRId64 " %15" PRId64 "%s\n", culprit->handles,
		    culprit->logon_sessions, culprit->follower ? "  follows" : "");
	}
	if (verdict->culprits[verdict->culprit_count - 1].follower)
		text_print_wrapped(
		    out, "  ", "follows: lets go by itself once the last other holder has let go");
}

static void print_expectations(const struct verdict *verdict, FILE *out)
{
	static const char *const words[] = {
	    [MET] = "met", [NOT_MET] = "NOT met", [NOT_DECIDABLE] = "not decidable"};
	if (verdict->expectation_count == 0)
		return;
	fputs("\nexpectations\n", out);
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		fprintf(out, "  %-13s  %s: ", words[expectation->met],
		    expectation->key + sizeof "expect." - 1);
		text_print(out, expectation->expected);
		fputs("\n", out);
		text_print_wrapped(out, "                 seen: ", expectation->seen);
	}
}

void verdict_print_text(const struct verdict *verdict, FILE *out)
{
	fprintf(out, "verdict: %s\n", verdict_words[verdict->word]);
	for (size_t i = 0; i < verdict->reasons.count; i++)
		text_print_wrapped(out, "  - ", verdict->reasons.items[i]);
	print_culprits(verdict, out);
	print_expectations(verdict, out);
}
