/* Knows how old what is left has to be, and for how long a run has to be quiet. */
#include <math.h>

#include "leak/inside.h"

int64_t leak_release_time(const struct leak *leak)
{
	if (leak->terms.release_time != NUMBER_UNKNOWN)
		return leak->terms.release_time;
	return leak->stated != NUMBER_UNKNOWN ? leak->stated : RELEASE_TIME;
}

/* What releases later than the release time are late by, for the sums that wait for them: a quarter of it, or one and a half times the
 * mean of those that were seen. */
static double lateness(const struct leak *leak)
{
	const double quarter = (double)leak_release_time(leak) / 4;
	if (leak->late_releases == 0)
		return quarter;
	const double excess = 1.5 * leak->late_excess / (double)leak->late_releases;
	return excess > quarter ? excess : quarter;
}

/* Simulated: where releases are bounded a quarter suffices; once one is seen to go later, ln 100 times the lateness, after which one in a
 * hundred is still held. */
int64_t leak_quiet_time(const struct leak *leak)
{
	if (leak->late_releases == 0)
		return leak_release_time(leak) / 4;
	return (int64_t)(lateness(leak) * log(100));
}

/* Simulated, too. */
int64_t leak_stopping_age(const struct leak *leak)
{
	return leak_release_time(leak) +
	       (int64_t)(lateness(leak) * log(100 * ((double)leak->late_releases + 3)));
}

int64_t leak_age(const struct leak *leak, int64_t ended, int64_t shown)
{
	int64_t age = leak->terms.after_logoff;
	if (ended != TIMESTAMP_UNKNOWN && shown != TIMESTAMP_UNKNOWN &&
	    (age == NUMBER_UNKNOWN || shown - ended > age))
		age = shown - ended;
	return age;
}

bool leak_is_old(const struct leak *leak, int64_t ended, int64_t shown, int64_t more)
{
	const int64_t age = leak_age(leak, ended, shown);
	return age != NUMBER_UNKNOWN && age >= leak_release_time(leak) + more;
}

int64_t leak_last_gone(const struct leak *leak)
{
	return leak->last_gone;
}
