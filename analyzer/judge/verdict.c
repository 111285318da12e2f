/* A verdict's life, and what it means as an exit code. */
#include "judge/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

const char *const verdict_words[3] = {
    [VERDICT_CLEAN] = "CLEAN",
    [VERDICT_LEAK] = "LEAK",
    [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
};

int64_t verdict_leaks(const struct verdict *verdict)
{
	/* Who watches accounts asks for no others. */
	const int64_t strangers = verdict->commands.are_all ? 0 : verdict->strangers;
	return verdict->k + verdict->unmatched_leaks + verdict->uncounted + strangers +
	       verdict->pinned_ids + (int64_t)verdict->taken.leaks + verdict->witness.leaks;
}

int64_t verdict_failures(const struct verdict *verdict)
{
	int64_t failures = -verdict->played_again;

	for (int result = 0; result < CYCLE_RESULT_COUNT; result++)
		failures += cycle_result_is_failure(result) ? verdict->cycles[result] : 0;
	return failures;
}

bool verdict_is_proven(const struct verdict *verdict)
{
	return verdict->witness.leaks > 0 || (verdict->orphans_known && verdict_leaks(verdict) > 0);
}

int64_t verdict_unseen(const struct verdict *verdict)
{
	const bool seen = verdict->culprit_count > 0 && !image_follows(verdict->culprits[0].image);
	return seen ? verdict->unattributed + verdict->followers_only : verdict_leaks(verdict);
}

const struct suspect *verdict_suspect(const struct verdict *verdict)
{
	const int64_t unseen = verdict_is_proven(verdict) ? verdict_unseen(verdict) : 0;
	for (size_t i = 0; i < verdict->suspect_count; i++) {
		if (suspect_explains(&verdict->suspects[i], unseen))
			return &verdict->suspects[i];
	}
	return NULL;
}

bool sentences_add(struct sentences *sentences, const char *format, ...)
{
	if (!array_reserve(&sentences->items, sentences->count, sizeof *sentences->items))
		return false;
	va_list arguments;
	va_start(arguments, format);
	char *text = NULL;
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return false;
	sentences->items[sentences->count++] = text;
	return true;
}

void sentences_deinit(struct sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++)
		free(sentences->items[i]);
	free(sentences->items);
	memset(sentences, 0, sizeof *sentences);
}

static void rates_deinit(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->account_count; i++)
		free(verdict->accounts[i].user);
	free(verdict->accounts);
}

static void course_deinit(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->course_count; i++) {
		free(verdict->course[i].user);
		free(verdict->course[i].logon_type);
	}
	free(verdict->course);
	free(verdict->id_course);
}

static void witness_deinit(struct verdict *verdict)
{
	free(verdict->witness.skipped);
}

static void controls_deinit(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->control_count; i++) {
		free(verdict->controls[i].name);
		free(verdict->controls[i].reason);
	}
	free(verdict->controls);
}

static void growths_deinit(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->growth_count; i++) {
		free(verdict->growths[i].image);
		free(verdict->growths[i].type);
		free(verdict->growths[i].user);
		free(verdict->growths[i].follows);
	}
	free(verdict->growths);
}

void verdict_destroy(struct verdict *verdict)
{
	if (!verdict)
		return;
	sentences_deinit(&verdict->reasons);
	sentences_deinit(&verdict->changes);
	conditions_deinit(&verdict->conditions);
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		free((char *)verdict->culprits[i].services);
		free((char *)verdict->culprits[i].image);
	}
	for (size_t i = 0; i < verdict->suspect_count; i++)
		free((char *)verdict->suspects[i].image);
	free(verdict->suspects);
	rates_deinit(verdict);
	course_deinit(verdict);
	witness_deinit(verdict);
	for (size_t i = 0; i < verdict->taken.count; i++)
		free((char *)verdict->taken.items[i].image);
	taken_along_deinit(&verdict->taken);
	free(verdict->referred);
	free(verdict->pinned);
	free(verdict->culprits);
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		free(verdict->expectations[i].expected);
		free(verdict->expectations[i].seen);
	}
	free(verdict->expectations);
	controls_deinit(verdict);
	growths_deinit(verdict);
	free(verdict->orphaned);
	free(verdict);
}

int verdict_exit_code(const struct verdict *verdict)
{
	/* A proven leak comes first, whatever else went wrong. */
	if (verdict->word != VERDICT_LEAK && verdict->target_failed)
		return EXIT_TARGET;
	if (verdict->nobody_logged_on && verdict->expectation_count == 0)
		return EXIT_TARGET;
	if (verdict->word != VERDICT_LEAK && verdict->cut_short)
		return EXIT_INCONCLUSIVE;
	if (verdict->expectation_count == 0) {
		if (verdict->word == VERDICT_LEAK)
			return EXIT_LEAK;
		return verdict->word == VERDICT_CLEAN ? EXIT_CLEAN : EXIT_INCONCLUSIVE;
	}
	int code = EXIT_CLEAN;
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		if (verdict->expectations[i].met == NOT_MET)
			return EXIT_LEAK;
		if (verdict->expectations[i].met == NOT_DECIDABLE)
			code = EXIT_INCONCLUSIVE;
	}
	return code;
}
