/* Knows the shell that ends a session by itself once its hold is over, and how much of a session is the shell's own life. */
#include "driver/rdp/shell.h"

#include <stdio.h>

#include "common/duration.h"
#include "common/timestamp.h"

/* Some hosts take long to end a session whose shell ends at once. */
#define SECONDS_LEAST 1

/* In whole seconds. */
static int64_t life_of(const struct order *order)
{
	const int64_t seconds = (order->hold + SECOND - 1) / SECOND;

	return seconds < SECONDS_LEAST ? SECONDS_LEAST : seconds;
}

void shell_command(const struct setup *setup, const struct order *order, char out[SHELL_TEXT])
{
	if (setup->logoff != LOGOFF_SHELL_EXIT || setup->shell[0])
		snprintf(out, SHELL_TEXT, "%s", setup->shell);
	else /* which every Windows has; the first echo comes at once */
		snprintf(out, SHELL_TEXT, "cmd.exe /c ping -n %lld 127.0.0.1",
		    (long long)life_of(order) + 1);
}

int64_t shell_life(const struct setup *setup, const struct order *order)
{
	return setup->logoff != LOGOFF_SHELL_EXIT || setup->shell[0] ? NUMBER_UNKNOWN
	                                                             : life_of(order) * SECOND;
}

void shell_share(int64_t life, int64_t passed, int64_t *hold, int64_t *logoff)
{
	const bool over = life != NUMBER_UNKNOWN && passed >= life;

	*hold = over ? life : passed;
	*logoff = over ? passed - life : NUMBER_UNKNOWN;
}
