/* An answer's life, and what it says in one number. */
#include "dump/answer/answer.h"

#include <stdlib.h>

#include "dump/answer/orphans.h"

struct answer *answer_create(
    struct kernel *kernel, const struct leak_terms *terms, struct error *error)
{
	struct answer *answer = calloc(1, sizeof *answer);
	if (answer) {
		answer->kernel = kernel;
		answer->holders_seen = kernel_holders_seen(kernel);
		answer->snapshot = kernel_to_snapshot(kernel, answer->holders_seen);
		answer->leak = leak_create(terms);
	}
	if (answer && answer->snapshot && answer->leak &&
	    leak_add(answer->leak, answer->snapshot, answer->snapshot->time, 0) &&
	    answer_find_orphans(answer) && answer_group_culprits(answer))
		return answer;
	answer_destroy(answer);
	error_set(error, EXIT_TARGET, "out of memory");
	return NULL;
}

void answer_destroy(struct answer *answer)
{
	if (!answer)
		return;
	free(answer->orphans);
	free(answer->referred);
	free(answer->culprits);
	leak_destroy(answer->leak);
	snapshot_destroy(answer->snapshot);
	free(answer);
}

uint64_t answer_pages_cut(const struct kernel *kernel)
{
	struct dump_page_counts pages;
	dump_file_count_pages(kernel->dump, &pages);
	return pages.listed - pages.stored;
}

/* What was not seen may hide orphans; what was seen of them is enough to say that there are some, if they are old enough. Of a file
 * that was cut short nobody can say what its end would have told. A session ID that is referred to is no proof by itself. */
enum exit_code answer_exit_code(const struct answer *answer)
{
	const struct kernel *kernel = answer->kernel;
	if (answer_pages_cut(kernel) > 0)
		return EXIT_INCONCLUSIVE;
	if (answer->old_count > 0)
		return EXIT_LEAK;
	return answer->orphan_count > 0 || answer->referred_count > 0 || answer->unjudged > 0 ||
	               kernel->logon_count == 0 ||
	               !snapshot_whole(answer->snapshot, SECTION_SESSIONS) ||
	               !snapshot_whole(answer->snapshot, SECTION_LOGON_SESSIONS)
	           ? EXIT_INCONCLUSIVE
	           : EXIT_CLEAN;
}

const char *method_text(uint32_t method)
{
	switch (method) {
	case METHOD_CREATE:
		return "created";
	case METHOD_DUPLICATE:
		return "duplicated";
	case METHOD_FILTER:
		return "filtered";
	default:
		return "made";
	}
}

/* MSDN; the kernel's functions as public stacks show them. */
const char *method_calls(uint32_t method)
{
	switch (method) {
	case METHOD_CREATE:
		return "LogonUser, LsaLogonUser, AcceptSecurityContext (SepCreateToken)";
	case METHOD_DUPLICATE:
		return "DuplicateToken, DuplicateTokenEx, SetThreadToken, ImpersonateLoggedOnUser, "
		       "CreateProcessAsUser (SepDuplicateToken)";
	case METHOD_FILTER:
		return "CreateRestrictedToken, SaferComputeTokenFromLevel (SepFilterToken)";
	default:
		return NULL;
	}
}

const char *holder_kind_text(enum kernel_holder_kind kind, uint64_t count)
{
	static const char *const texts[][2] = {
	    [HOLDER_HANDLE] = {"handle", "handles"},
	    [HOLDER_PRIMARY] = {"primary token", "primary tokens"},
	    [HOLDER_THREAD] = {"impersonating thread", "impersonating threads"},
	    [HOLDER_SESSION] = {"logon session's own token", "logon sessions' own tokens"},
	    [HOLDER_EXITED] = {"handle to an exited process", "handles to exited processes"},
	};
	return texts[kind][count != 1];
}
