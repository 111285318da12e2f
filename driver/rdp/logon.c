/* Knows that a host may want a key before it logs anybody on: a legal notice waits for one. */
#include "driver/rdp/logon.h"

#include "common/timestamp.h"
#include "driver/scenario/keys.h"

enum rdp_end logon_wait(const struct setup *setup, struct rdp *rdp)
{
	const int64_t deadline = timestamp_monotonic() + setup->logon_timeout;
	struct error ignored; /* they were parsed when the setup was made */
	struct keys *keys = setup->logon_keys[0] ? keys_parse(setup->logon_keys, &ignored) : NULL;

	if (keys)
		rdp_type_for_logon(rdp, keys, deadline);
	keys_destroy(keys);
	return rdp_wait(rdp, true, false, deadline - timestamp_monotonic());
}
