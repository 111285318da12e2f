/* Knows when a control run has the expected result: the one without the leaker CLEAN, the one with it LEAK, with the leaker's
 * rate inside the interval. */
#include "judge/weigh.h"
#include "judge/words.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "judge/rate.h"

bool controls_add(struct verdict *verdict, const char *name, const char *rate,
    const struct verdict *judged, struct error *error)
{
	double expected = 0;

	if (!array_reserve(&verdict->controls, verdict->control_count, sizeof *verdict->controls))
		return error_memory(error);
	if (rate && !rate_parse(rate, &expected))
		return error_set(error, EXIT_USAGE, "control %s: \"%s\" is not a rate", name, rate);
	struct control *control = &verdict->controls[verdict->control_count++];
	*control = (struct control){
	    .name = strdup(name),
	    .leaks = rate != NULL,
	    .expected = expected,
	    .word = judged->word,
	    .k = judged->k,
	    .n = judged->n,
	    .lower = judged->lower,
	    .upper = judged->upper,
	    .reason = judged->reasons.count ? strdup(judged->reasons.items[0]) : NULL,
	};
	control->held = rate ? judged->word == VERDICT_LEAK && control->lower <= expected &&
	                           expected <= control->upper
	                     : judged->word == VERDICT_CLEAN;
	return (control->name && (control->reason || judged->reasons.count == 0)) ||
	       error_memory(error);
}

bool controls_block(struct sentences *out, const struct verdict *verdict)
{
	char rate[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT];

	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		if (control->held)
			continue;
		bool good;
		if (control->leaks && control->word == VERDICT_LEAK)
			good = sentences_add(out,
			    "the %s control leaked at %s %% of the logons, and %s %% to %s %% were found: the lab does not measure "
			    "what it should",
			    control->name, percent_format(control->expected, rate),
			    percent_format(control->lower, lower),
			    percent_format(control->upper, upper));
		else
			good = sentences_add(out, "the %s control came out as %s (%s): the lab %s",
			    control->name, verdict_words[control->word],
			    control->reason ? control->reason : "no reason",
			    control->leaks ? "would not have seen a leak of that size"
			                   : "sees leaks where none should be");
		if (!good)
			return false;
	}
	return true;
}

bool controls_tell(struct sentences *out, const struct verdict *verdict)
{
	char rate[PERCENT_TEXT];

	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		if (!control->held)
			continue;
		const bool good =
		    control->leaks
		        ? sentences_add(out,
		              "the positive control's leak at %s %% of the logons was found (%lld of %lld)",
		              percent_format(control->expected, rate), (long long)control->k,
		              (long long)control->n)
		        : sentences_add(out, "the negative control was clean (0 of %lld)",
		              (long long)control->n);
		if (!good)
			return false;
	}
	return true;
}
