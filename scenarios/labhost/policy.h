/* Policies and settings that a session host may have, and that a driver meets at its first run against it. */
#ifndef LEAKLAB_LABHOST_POLICY_H
#define LEAKLAB_LABHOST_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "labhost/model.h"

enum start_program { START_PROGRAM_RUNS, START_PROGRAM_REFUSED, START_PROGRAM_IGNORED };

struct policies { /* all 0: none */
	enum start_program start_program;
	bool prompt_password;
	bool legal_notice;
	bool no_run;
	bool logon_denied;
	enum rejoin rejoin;      /* of a user who has left a session */
	int64_t slow_profile;    /* microseconds that the first logon of an account takes longer */
	uint32_t session_limit;  /* 0: none */
	const char *must_change; /* whose password; "": everybody's, NULL: nobody's */
	const char *expired;     /* the same */
	const char *temporary_profile; /* the same: whose profile cannot be loaded */
};

/* Reads "NAME" or "NAME=VALUE" and adds it to the policies, which borrow the text. */
bool policy_parse(const char *text, struct policies *policies);
/* A line of help text for each, with line breaks. */
extern const char policy_help[];

/* The NTSTATUS that refuses an account whose password is right; 0: it does not. */
uint32_t policy_password_status(const struct policies *policies, const char *user);
/* Whether the user gets a temporary profile. */
bool policy_temporary_profile(const struct policies *policies, const char *user);

#endif
