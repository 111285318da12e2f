/* Knows in which order a session is asked to end: keys may be typed before there is a desktop, and policies take keys away. */
#include "driver/rdp/logoff.h"

#include "common/duration.h"
#include "driver/programs/programs.h"
#include "driver/scenario/keys.h"

/* Until the keys are typed a second time; each further time twice as long. A first logon makes its profile meanwhile. */
#define AGAIN_AFTER (5 * SECOND)

#define LEAST (3 * SECOND) /* for each way, however short the time-out is */

/* Win+R is what a policy takes away (NoRun); nothing takes Ctrl+Alt+Del away. The command comes last: it needs a way to the host beside
 * RDP. */
static const enum logoff_way ways[] = {
    LOGOFF_WAY_KEYS, LOGOFF_WAY_SECURITY_KEYS, LOGOFF_WAY_COMMAND};
/* The shares of the time-out when each is over, without a command and with one. */
static const double shares[][3] = {{0.6, 1, 1}, {0.5, 0.75, 1}};

static bool run_command(const struct setup *setup, const struct order *order, const struct rdp *rdp,
    const struct report *report, struct error *error)
{
	const int64_t offset = rdp_host_clock_offset(rdp);
	const struct session_of session = {order->user, order->domain, report->session_id,
	    report->logged_on + (offset == NUMBER_UNKNOWN ? 0 : offset)};

	return session_log_off(setup->command, &session, setup->logoff_timeout, error);
}

static bool type(struct rdp *rdp, const char *text, struct error *error)
{
	struct keys *keys = keys_parse(text, error);

	if (keys)
		rdp_type(rdp, keys);
	keys_destroy(keys);
	return keys != NULL;
}

/* Only the host's own word shows that somebody is logged on. What is painted without it may be a dialog that wants a password: each Enter
 * presents one there, and the domain locks the account. */
static bool may_be_logon_dialog(const struct setup *setup, const struct rdp *rdp)
{
	return setup->signal != SIGNAL_SAVE_SESSION_INFO && rdp_session_id(rdp) == NUMBER_UNKNOWN;
}

/* Types, again and again where nobody's password can be meant, until the end comes or the time (monotonic) has. */
static bool type_until(const struct setup *setup, struct rdp *rdp, const char *text,
    int64_t deadline, enum rdp_end *end, struct error *error)
{
	const bool once = may_be_logon_dialog(setup, rdp);
	int64_t pause = AGAIN_AFTER;
	int64_t left = deadline - timestamp_monotonic();

	*end = RDP_TIMED_OUT;
	while (*end == RDP_TIMED_OUT && left > 0) {
		if (!type(rdp, text, error))
			return false;
		left = deadline - timestamp_monotonic();
		*end = rdp_wait(rdp, false, false, !once && left > pause ? pause : left);
		left = once ? 0 : deadline - timestamp_monotonic();
		pause *= 2;
	}
	return true;
}

/* All on one connection: another logon of the account would join a session that stays. */
static bool ask_in_turn(const struct setup *setup, const struct order *order, struct rdp *rdp,
    struct report *report, enum rdp_end *end, struct error *error)
{
	const bool commands = setup->command[0] != '\0';
	const int64_t start = timestamp_monotonic();

	*end = RDP_TIMED_OUT;
	for (size_t i = 0; i < (commands ? 3 : 2) && *end == RDP_TIMED_OUT; i++) {
		const int64_t share =
		    start + (int64_t)((double)setup->logoff_timeout * shares[commands][i]);
		const int64_t least = timestamp_monotonic() + LEAST;
		const int64_t deadline = share > least ? share : least;

		if (ways[i] == LOGOFF_WAY_SECURITY_KEYS && may_be_logon_dialog(setup, rdp)) {
			*end = rdp_wait(rdp, false, false, deadline - timestamp_monotonic());
			continue;
		}
		report->logoff_by = ways[i];
		if (ways[i] != LOGOFF_WAY_COMMAND) {
			if (!type_until(setup, rdp, logoff_way_keys(ways[i]), deadline, end, error))
				return false;
			continue;
		}
		if (!run_command(setup, order, rdp, report, error))
			return false;
		*end = rdp_wait(rdp, false, false, LEAST);
	}
	return true;
}

bool logoff_ask(const struct setup *setup, const struct order *order, struct rdp *rdp,
    struct report *report, int64_t more, enum rdp_end *end, struct error *error)
{
	const int64_t time = setup->logoff_timeout + more;

	switch (setup->logoff) {
	case LOGOFF_AUTO:
		return ask_in_turn(setup, order, rdp, report, end, error);
	case LOGOFF_KEYS:
		if (setup->keys_again)
			return type_until(
			    setup, rdp, setup->keys, timestamp_monotonic() + time, end, error);
		if (!type(rdp, setup->keys, error))
			return false;
		break;
	case LOGOFF_COMMAND:
		if (!run_command(setup, order, rdp, report, error))
			return false;
		break;
	case LOGOFF_DROP:
		rdp_drop(rdp);
		*end = RDP_ENDED;
		return true;
	case LOGOFF_DISCONNECT: /* rdp_destroy() does it */
		*end = RDP_ENDED;
		return true;
	case LOGOFF_SHELL_EXIT: /* the shell ends by itself */
	default:
		break;
	}
	*end = rdp_wait(rdp, false, false, time);
	return true;
}

void logoff_rescue(
    const struct setup *setup, const struct order *order, struct rdp *rdp, struct report *report)
{
	enum rdp_end end;
	struct error ignored;

	/* A dialog is no session that a later logon could join. */
	if (may_be_logon_dialog(setup, rdp) ||
	    !ask_in_turn(setup, order, rdp, report, &end, &ignored) || end != RDP_ENDED ||
	    !rdp_logoff_proof(rdp))
		report->logoff_by = LOGOFF_WAY_NONE;
}
