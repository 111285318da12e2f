/* When two records of snapshots mean the same thing: one account, one host, one boot, one logon session.
 *
 * What is not known contradicts nothing: such comparisons are true where a side is NULL or unknown, except for users. */
#ifndef LEAKLAB_IDENTITY_H
#define LEAKLAB_IDENTITY_H

#include <stdbool.h>

#include "evidence/snapshot.h"

/* Compares the users only, without a domain that is part of the name ("LAB\lab01", "lab01@lab.example"). */
int account_user_order(const char *a, const char *b);

/* True if both name one account. Domains are compared only where both sides have one; "LAB" and "lab.example"
 * by their first label. False without a user. */
bool account_same(
    const char *user_a, const char *domain_a, const char *user_b, const char *domain_b);

/* True unless the two are known to be two accounts: a name may be missing, cut at the end of a column of qwinsta, or have
 * characters that no code page could tell. */
bool account_may_be(
    const char *user_a, const char *domain_a, const char *user_b, const char *domain_b);

/* The same of the users only: their domains may be two spellings of one, as a UPN's suffix and a NetBIOS name are. */
bool account_user_may_be(const char *a, const char *b);

/* True if the user was surely printed as it is: of two such, account_user_order() tells all. */
bool account_user_is_plain(const char *user);

/* True if a name that may be the same account tells less of it: it is cut, or has characters that no code page could tell. */
bool account_is_vaguer(const char *user, const char *than);

/* "RDS01" and "rds01.lab.example" are one host, and so are a name and its first 15 letters, which is its NetBIOS name. */
bool host_same(const char *a, const char *b);

/* True if two boot times differ by no more than 2 minutes: some tools count back from the uptime, and clocks are set. */
bool boot_same(int64_t a, int64_t b);

/* Whether both logged on at one time: by the clock, else by what one tool printed. */
enum yes_no logon_time_same(const struct logon_session *a, const struct logon_session *b);

#define LUID_SYSTEM UINT64_C(0x3e7) /* the system's own logon session (winnt.h, SYSTEM_LUID) */

/* LUIDs of logon sessions that Windows makes as it starts and keeps: IUSR, LOCAL SERVICE, NETWORK SERVICE, SYSTEM (winnt.h,
 * *_LUID). */
bool luid_is_lasting(uint64_t luid);

/* Orders by LUID, for qsort() and bsearch() over struct logon_session. */
int logon_session_order(const void *a, const void *b);

/* True if both were made more than a minute apart, by the clock or by what one tool printed. False if that is not known. */
bool logon_session_apart(const struct logon_session *a, const struct logon_session *b);

/* The session of that ID and account; NULL: it is not listed. */
const struct session *snapshot_session(
    const struct snapshot *snapshot, int64_t id, const char *user, const char *domain);

#endif
