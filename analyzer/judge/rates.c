#include "judge/weigh.h"
#include "judge/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"
#include "evidence/identity.h"
#include "judge/rate.h"
#include "statistics/interval.h"

/* Counted cycles in the order in which they began. */
struct counted {
	const struct cycle **cycles;
	size_t *account; /* the number of each one's */
	bool *hits;      /* work space */
	size_t count;
};

static int by_start(const void *a, const void *b)
{
	const struct cycle *left = *(const struct cycle *const *)a,
	                   *right = *(const struct cycle *const *)b;

	if (left->started != right->started)
		return left->started < right->started ? -1 : 1;
	return (left->number > right->number) - (left->number < right->number);
}

static bool add_account(struct verdict *verdict, const char *user)
{
	struct account_rate *account = &verdict->accounts[verdict->account_count];

	if (verdict->account_count > 0 && account_user_order(account[-1].user, user) == 0)
		return true;
	*account = (struct account_rate){.user = strdup(user ? user : "")};
	verdict->account_count++;
	return account->user;
}

/* Accounts are numbered in the order of the index, which is by user. */
static bool list_counted(
    struct counted *out, struct verdict *verdict, const struct evidence *evidence)
{
	const struct cycle_index *index = &evidence->index;
	const struct cycle *base = evidence->cycles.items;
	size_t *numbers = malloc((evidence->cycles.count + 1) * sizeof *numbers); /* by place */
	bool good;

	*out = (struct counted){malloc((index->count + 1) * sizeof *out->cycles),
	    malloc((index->count + 1) * sizeof *out->account),
	    calloc(index->count + 1, sizeof *out->hits), 0};
	verdict->accounts = calloc(index->count + 1, sizeof *verdict->accounts);
	good = numbers && out->cycles && out->account && out->hits && verdict->accounts;
	for (size_t i = 0; good && i < index->count; i++) {
		const struct cycle *cycle = index->items[i];
		if (!cycle_counts(evidence, cycle))
			continue;
		good = add_account(verdict, cycle->user);
		verdict->accounts[verdict->account_count - 1].n++;
		numbers[cycle - base] = verdict->account_count - 1;
		out->cycles[out->count++] = cycle;
	}
	if (good && out->count)
		qsort(out->cycles, out->count, sizeof *out->cycles, by_start);
	for (size_t i = 0; good && i < out->count; i++)
		out->account[i] = numbers[out->cycles[i] - base];
	free(numbers);
	return good;
}

/* The cycles with these numbers, sorted, are hits. */
static void mark(struct counted *counted, const int64_t *numbers, int64_t count)
{
	for (size_t i = 0; i < counted->count; i++)
		counted->hits[i] =
		    count > 0 && bsearch(&counted->cycles[i]->number, numbers, (size_t)count,
		                     sizeof *numbers, order_of_numbers);
}

/* Of the cycles that are marked. */
static bool find_dependence(struct verdict *verdict, const struct counted *counted)
{
	struct dependence *found = &verdict->dependence;

	for (size_t i = 0; i < counted->count; i++)
		verdict->accounts[counted->account[i]].k += counted->hits[i];
	if (!dependence_find(
	        found, counted->hits, counted->account, counted->count, verdict->account_count))
		return false;
	if (found->kind == DEPENDENCE_TIME) {
		verdict->densest_first = counted->cycles[found->first]->number;
		verdict->densest_last = counted->cycles[found->last]->number;
		verdict->densest_to_end = found->last + 1 == counted->count;
	}
	return true;
}

/* Those with a pinned ID are marked. What ended holders took along is of cycles that nobody knows. */
static int64_t count_leaked(const struct verdict *verdict, const struct counted *counted)
{
	int64_t count = verdict->k + (int64_t)verdict->taken.leaks;

	for (size_t i = 0; i < counted->count; i++)
		count += counted->hits[i] &&
		         !(verdict->k > 0 &&
		             bsearch(&counted->cycles[i]->number, verdict->orphaned,
		                 (size_t)verdict->k, sizeof *verdict->orphaned, order_of_numbers));
	return count < verdict->n ? count : verdict->n;
}

bool rates_find(struct verdict *verdict, const struct evidence *evidence)
{
	struct counted counted;
	bool good = list_counted(&counted, verdict, evidence);

	if (good && verdict->n > 0) {
		mark(&counted, verdict->pinned, verdict->pinned_k);
		const struct course_rate pinned = interval_of_course(counted.hits, counted.count);
		verdict->pinned_lower = pinned.interval.lower;
		verdict->pinned_upper = pinned.interval.upper;
		good = verdict->k > 0 || find_dependence(verdict, &counted);
		verdict->leaked_k = count_leaked(verdict, &counted);
		mark(&counted, verdict->orphaned, verdict->k);
		good = good && (verdict->k == 0 || find_dependence(verdict, &counted));
		const struct course_rate found = interval_of_course(counted.hits, counted.count);
		verdict->rate = (double)verdict->k / (double)verdict->n;
		verdict->effective = found.effective;
		verdict->lower = found.interval.lower;
		verdict->upper = found.interval.upper;
		if (verdict->k_most > verdict->k)
			verdict->upper = interval_exact(
			    (double)verdict->k_most * found.effective / (double)verdict->n,
			    found.effective)
			                     .upper;
	}
	free(counted.cycles);
	free(counted.account);
	free(counted.hits);
	return good;
}

static bool tell_part(struct sentences *out, const struct verdict *verdict)
{
	const struct dependence *found = &verdict->dependence;
	const int64_t all = verdict->k > 0 ? verdict->k : verdict->pinned_k;
	char where[80];

	if (verdict->densest_to_end)
		snprintf(
		    where, sizeof where, "from cycle %lld on", (long long)verdict->densest_first);
	else
		snprintf(where, sizeof where, "in cycles %lld to %lld",
		    (long long)verdict->densest_first, (long long)verdict->densest_last);
	return sentences_add(out,
	    "they are not spread evenly: %s %lld of %lld, elsewhere %lld of %lld; about the rate, the %lld cycles tell only as "
	    "much as %.1f independent ones",
	    where, (long long)found->hits, (long long)found->tries, (long long)(all - found->hits),
	    (long long)(verdict->n - found->tries), (long long)verdict->n, verdict->effective);
}

static bool tell_account(struct sentences *out, const struct verdict *verdict)
{
	const struct dependence *found = &verdict->dependence;
	const int64_t all = verdict->k > 0 ? verdict->k : verdict->pinned_k;

	return sentences_add(out,
	    "accounts differ: %lld of %lld cycles of %s, %lld of %lld of the others",
	    (long long)found->hits, (long long)found->tries, verdict->accounts[found->account].user,
	    (long long)(all - found->hits), (long long)(verdict->n - found->tries));
}

bool rates_tell(struct sentences *out, const struct verdict *verdict)
{
	/* What went with ended holders is of cycles that nobody knows. */
	if (verdict->n == 0 || verdict->bounded || verdict->taken.leaks > 0)
		return true;
	if (verdict->dependence.kind == DEPENDENCE_ACCOUNT)
		return tell_account(out, verdict);
	return verdict->dependence.kind != DEPENDENCE_TIME || tell_part(out, verdict);
}
