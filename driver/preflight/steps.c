/* Knows a preflight's steps as people and programs read them, and what they come to. */
#include "driver/preflight/preflight.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/json_text.h"
#include "common/text.h"
#include "common/timestamp.h"

#define SCHEMA "leaklab.preflight/1"
#define ID_COLUMNS 24
#define INDENT "       "
#define LEAST_TOLD (SECOND / 1000)

static const char *const status_words[STEP_STATUS_COUNT] = {"ok", "warning", "failed", "skipped"};

void preflight_begin(struct preflight *preflight, FILE *live)
{
	*preflight = (struct preflight){.live = live, .began = timestamp_now()};
}

void preflight_deinit(struct preflight *preflight)
{
	for (size_t i = 0; i < preflight->count; i++) {
		free(preflight->steps[i].text);
		free(preflight->steps[i].remedy);
	}
	free(preflight->steps);
	*preflight = (struct preflight){0};
}

/* What was added since: each is whole only when the next comes. */
static void print_new(struct preflight *preflight)
{
	for (; preflight->live && preflight->printed < preflight->count; preflight->printed++)
		preflight_print_step(&preflight->steps[preflight->printed], preflight->live);
}

void preflight_add(struct preflight *preflight, enum step_concern concern, const char *id,
    enum step_status status, int64_t time, const char *remedy, const char *format, ...)
{
	struct step step = {.status = status, .concern = concern, .time = time};
	struct step *steps =
	    realloc(preflight->steps, (preflight->count + 1) * sizeof(*preflight->steps));
	va_list arguments;

	if (steps)
		preflight->steps = steps;
	snprintf(step.id, sizeof(step.id), "%s", id);
	va_start(arguments, format);
	if (vasprintf(&step.text, format, arguments) < 0)
		step.text = NULL;
	va_end(arguments);
	step.remedy = remedy ? strdup(remedy) : NULL;
	if (!steps || !step.text || (remedy && !step.remedy)) {
		preflight->out_of_memory = true;
		free(step.text);
		free(step.remedy);
		return;
	}
	text_make_safe(step.text);
	print_new(preflight);
	preflight->steps[preflight->count++] = step;
}

void preflight_blame(struct preflight *preflight, const struct cause *cause)
{
	if (preflight->count > 0)
		preflight->steps[preflight->count - 1].cause = cause;
}

void preflight_end(struct preflight *preflight)
{
	print_new(preflight);
	preflight->ended = timestamp_now();
}

size_t preflight_count(const struct preflight *preflight, enum step_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < preflight->count; i++)
		count += preflight->steps[i].status == status;
	return count;
}

enum exit_code preflight_exit_code(const struct preflight *preflight)
{
	enum exit_code code = EXIT_CLEAN;

	for (size_t i = 0; i < preflight->count; i++) {
		if (preflight->steps[i].status != STEP_FAILED)
			continue;
		if (preflight->steps[i].concern == STEP_OF_TARGET)
			return EXIT_TARGET;
		code = EXIT_INCONCLUSIVE;
	}
	return code;
}

/* Commands are to be pasted: each is on a line of its own, however long. */
static void print_cause(const struct cause *cause, FILE *out)
{
	char *text;

	if (asprintf(&text, "Probably %s.", cause->what) >= 0) {
		text_print_wrapped(out, INDENT, text);
		free(text);
	}
	text_print_wrapped(out, INDENT "do: ", cause->remedy);
	if (!cause->change)
		return;
	fprintf(out,
	    INDENT "or on the host:\n" INDENT "  %s\n" INDENT "to undo it:\n" INDENT "  %s\n",
	    cause->change, cause->undo);
	text_print_wrapped(out, INDENT, cause_on_change);
}

void preflight_print_step(const struct step *step, FILE *out)
{
	static const char *const shown[STEP_STATUS_COUNT] = {"ok", "WARN", "FAIL", "-"};
	char time[DURATION_TEXT] = "";
	char head[96], *text;

	if (step->time != NUMBER_UNKNOWN && step->time >= LEAST_TOLD)
		duration_format(step->time, time);
	snprintf(head, sizeof(head), "%-4s %-*s ", shown[step->status], ID_COLUMNS, step->id);
	if (asprintf(&text, "%s%s%s%s", step->text, *time ? " (" : "", time, *time ? ")" : "") < 0)
		return;
	text_print_wrapped(out, head, text);
	free(text);
	if (step->cause)
		print_cause(step->cause, out);
	if (step->remedy)
		text_print_wrapped(out, INDENT "do: ", step->remedy);
	fflush(out);
}

void preflight_print_end(const struct preflight *preflight, FILE *out)
{
	const size_t failed = preflight_count(preflight, STEP_FAILED);
	const size_t warnings = preflight_count(preflight, STEP_WARNING);

	fprintf(out, "Preflight of ");
	text_print(out, preflight->host);
	if (preflight->account[0]) {
		fprintf(out, " with ");
		text_print(out, preflight->account);
	}
	fprintf(out, ": %zu steps, %zu failed, %zu warning%s in %.1f s\n", preflight->count, failed,
	    warnings, text_plural((int64_t)warnings),
	    (double)(preflight->ended - preflight->began) / (double)SECOND);
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_of_text(text) : json_null();
}

static json_t *step_to_json(const struct step *step)
{
	const struct cause *cause = step->cause;
	const bool good = step->status == STEP_OK;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", step->id,
	    "status", status_words[step->status], "concern",
	    step->concern == STEP_OF_TARGET ? "target" : "observer", "ms",
	    step->time == NUMBER_UNKNOWN ? json_null() : json_real((double)step->time / 1000),
	    "found", json_of_text(step->text), "cause_id", text_or_null(cause ? cause->id : NULL),
	    "cause",
	    text_or_null(cause  ? cause->what
	                 : good ? NULL
	                        : step->text),
	    "remedy", text_or_null(cause ? cause->remedy : step->remedy), "change",
	    text_or_null(cause ? cause->change : NULL), "undo",
	    text_or_null(cause ? cause->undo : NULL));
}

char *preflight_to_json(const struct preflight *preflight)
{
	char began[TIMESTAMP_TEXT], ended[TIMESTAMP_TEXT];
	json_t *steps = json_array();

	for (size_t i = 0; i < preflight->count; i++)
		json_array_append_new(steps, step_to_json(&preflight->steps[i]));
	json_t *whole = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:o}", "schema", SCHEMA,
	    "began", timestamp_format(preflight->began, began), "ended",
	    timestamp_format(preflight->ended, ended), "host", text_or_null(preflight->host),
	    "account", text_or_null(preflight->account), "logoff_method",
	    text_or_null(preflight->method), "exit_code", (int)preflight_exit_code(preflight),
	    "steps", steps);
	char *text = preflight->out_of_memory ? NULL : json_to_text(whole, JSON_ON_ONE_LINE);
	json_decref(whole);
	return text;
}
