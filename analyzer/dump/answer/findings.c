/* What an answer says in one number, and the words for what it names. */
#include "dump/answer/findings.h"

#include "evidence/identity.h"

uint64_t answer_pages_cut(const struct kernel *kernel)
{
	struct dump_page_counts pages;
	dump_file_count_pages(kernel->dump, &pages);
	return pages.listed - pages.stored;
}

/* What was not seen may hide orphans; what was seen of them is enough to say that there are some, if they are old enough. Of a file
 * that was cut short nobody can say what its end would have told. A session ID that is referred to is no proof by itself, nor is a
 * logon session that a process still has handles to. */
enum exit_code answer_exit_code(const struct answer *answer)
{
	const struct kernel *kernel = answer->kernel;
	if (answer_pages_cut(kernel) > 0)
		return EXIT_INCONCLUSIVE;
	if (answer->old_count > 0)
		return EXIT_LEAK;
	return answer->orphan_count > 0 || answer->referred_count > 0 || answer->unjudged > 0 ||
	               answer->kept_count > 0 || kernel->logon_count == 0 ||
	               !snapshot_whole(answer->snapshot, SECTION_SESSIONS) ||
	               !snapshot_whole(answer->snapshot, SECTION_LOGON_SESSIONS)
	           ? EXIT_INCONCLUSIVE
	           : EXIT_CLEAN;
}

uint64_t orphan_kernel_references(const struct orphan *orphan)
{
	return (orphan->tokens_seen ? orphan->beyond : 0) + orphan->unheld - orphan->unseen;
}

bool orphan_is_unseen(const struct orphan *orphan)
{
	return orphan->unseen > 0 || (orphan->beyond > 0 && !orphan->tokens_seen);
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

/* lsass makes the tokens of logons; services, winlogon and smss run others' programs with tokens of their own making. */
bool image_makes_for_others(const char *image)
{
	return image_follows(image) || image_same(image, "services") ||
	       image_same(image, "winlogon") || image_same(image, "smss");
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

/* What tokens tell: the session ID, of the session's own token first, then of any that names another than 0. */
int64_t logon_session_id(
    const struct kernel *kernel, const struct kernel_logon_session *logon, const char **sid)
{
	int64_t id = NUMBER_UNKNOWN;
	*sid = NULL;
	if (logon->own != KERNEL_NONE && kernel->tokens[logon->own].is_read) {
		id = kernel_session_id(kernel->tokens[logon->own].session_id);
		*sid = kernel->tokens[logon->own].user;
	}
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session) {
		const struct kernel_token *token = &kernel->tokens[i];
		if (!token->is_read)
			continue;
		if (id == NUMBER_UNKNOWN || id == 0)
			id = kernel_session_id(token->session_id);
		if (!*sid)
			*sid = token->user;
	}
	/* Copies of the host's own tokens are made for any session. */
	return luid_is_lasting(logon->luid) ? 0 : id;
}
