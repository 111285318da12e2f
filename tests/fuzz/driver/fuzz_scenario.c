/* A scenario's text, as somebody may have written it: it is refused in words, or its plan can be made and told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/plan.h"
#include "driver/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void tell(const struct scenario *scenario)
{
	static FILE *nowhere;
	struct plan plan;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	plan_make(&plan, scenario);
	plan_print_text(&plan, scenario, nowhere);
	if (!plan_print_json(&plan, scenario, nowhere))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error error = {0};
	char *text = strndup((const char *)bytes, length), *played = NULL;
	struct scenario *scenario = scenario_parse(text, "fuzz.yaml", NULL, 0, &played, &error);

	if (!scenario && (!error.text[0] || error.code != EXIT_USAGE))
		abort();
	if (scenario) {
		tell(scenario);
		/* What is kept in a run file is read again when the run is resumed. */
		struct scenario *again =
		    scenario_parse(played, "again.yaml", NULL, 0, NULL, &error);
		if (!again || again->load.cycles != scenario->load.cycles)
			abort();
		scenario_destroy(again);
	}
	scenario_destroy(scenario);
	free(played);
	free(text);
	return 0;
}
