/* Knows which part of a load one of several injectors plays, so that all of them together play what one alone would. */
#include "driver/scenario/scenario.h"

#include <stdio.h>

#include "driver/scenario/caps.h"

/* Of so many things, numbered from 0, each n-th. */
static uint64_t share_of(const struct share *share, uint64_t count)
{
	return count > share->shard
	           ? (count - share->shard + share->injectors - 1) / share->injectors
	           : 0;
}

/* What ends a load of all after so many failures in a row ends that of one after its part of them. */
static uint64_t failures_of(const struct share *share, uint64_t failures)
{
	const uint64_t part = (failures + share->injectors - 1) / share->injectors;
	const uint64_t least = part > SHARE_FAILURES ? part : SHARE_FAILURES;

	return least < failures ? least : failures;
}

static bool has_enough(uint64_t count, const char *key, uint64_t injectors, struct error *error)
{
	return count >= injectors ||
	       error_set(error, EXIT_USAGE,
	           "%s: %llu cannot be shared by %llu injectors: use fewer of them, or raise it",
	           key, (unsigned long long)count, (unsigned long long)injectors);
}

bool share_check(const struct scenario *scenario, uint64_t injectors, struct error *error)
{
	const struct scenario_load *load = &scenario->load;
	char key[48];

	if (!has_enough(load->slots, "load.slots", injectors, error) ||
	    !has_enough(load->cycles, "load.cycles", injectors, error))
		return false;
	for (unsigned i = 0; load->rate == 0 && i < load->steps_count; i++) {
		snprintf(key, sizeof(key), "load.steps.%u.slots", i);
		if (!has_enough(load->steps[i].slots, key, injectors, error))
			return false;
	}
	return true;
}

bool share_check_accounts(uint64_t accounts, uint64_t injectors, struct error *error)
{
	const uint64_t more = (accounts / injectors + 1) * injectors;

	if (accounts >= injectors && accounts % injectors == 0)
		return true;
	if (accounts < injectors)
		return error_set(error, EXIT_USAGE,
		    "%llu accounts cannot be shared by %llu injectors: each needs its own",
		    (unsigned long long)accounts, (unsigned long long)injectors);
	return error_set(error, EXIT_USAGE,
	    "%llu accounts do not divide among %llu injectors, and accounts that log on more often than others leak more often: use %llu or %llu",
	    (unsigned long long)accounts, (unsigned long long)injectors,
	    (unsigned long long)(more - injectors), (unsigned long long)more);
}

void share_take(struct scenario *scenario, const struct share *share)
{
	struct scenario_load *load = &scenario->load;
	uint64_t before = 0, until = 0;

	for (unsigned i = 0; i < load->steps_count; i++) {
		struct load_step *step = &load->steps[i];
		step->slots = share_of(share, step->slots);
		/* Of what open loads begin, their rates say how much. */
		until += step->cycles;
		step->cycles = step->rate > 0 ? step->cycles
		                              : share_of(share, until) - share_of(share, before);
		before = until;
	}
	load->slots = share_of(share, load->slots);
	load->cycles = share_of(share, load->cycles);
	load->share = *share;
	scenario->limits.failures = failures_of(share, scenario->limits.failures);
}

uint64_t share_number(const struct share *share, uint64_t index)
{
	return share->injectors == 0 ? index : index * share->injectors + share->shard;
}

bool share_has(const struct share *share, uint64_t index)
{
	return share->injectors == 0 || index % share->injectors == share->shard;
}
