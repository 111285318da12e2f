/* Who is logged on, and where a token of theirs is to be had. */
#ifndef LEAKLAB_GRABBER_WIN32_USERS_H
#define LEAKLAB_GRABBER_WIN32_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

/* The IDs of sessions in which a user is logged on, at most `room`. False: this system does not say. */
bool users_sessions(uint32_t *out, size_t room, size_t *count);
/* The IDs of the processes with that image name. */
bool users_processes(const wchar_t *image, uint32_t *out, size_t room, size_t *count);

/* The token of a session's user: WTSQueryUserToken, which only LocalSystem may call, or else that of one of the
 * processes there. On failure GetLastError() is that of the last thing tried. */
bool users_session_token(uint32_t session, HANDLE *out);
/* That of one of the processes of a person there, explorer.exe if there is one. */
bool users_person_token(uint32_t session, HANDLE *out);
bool users_process_token(uint32_t pid, HANDLE *out);

/* Whether it is the account of a person, and none of the system's. */
bool users_is_person(PSID sid);
/* Whether it is the user that this program runs as. */
bool users_is_oneself(PSID sid);

/* The shell of the session's user: explorer.exe if there is one, else a process of the user's. */
bool users_shell(uint32_t session, uint32_t *pid);
/* DOMAIN\user of a session; "" if it is not told. */
void users_account(uint32_t session, char *out, size_t size);

/* The logon session that a token refers to. */
bool users_token_luid(HANDLE token, uint64_t *out);

#endif
