/* The worker process, and what the supervisor and its workers say to each other: fixed-size messages over a SOCK_SEQPACKET
 * pair, both ends of one build. Strings are NUL-terminated. */
#ifndef LEAKLAB_WORKER_H
#define LEAKLAB_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/host/host.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/caps.h"
#include "runfile/runfile.h"

#define WORKER_PROGRAM "leaklab-worker" /* beside this one: the only one that loads FreeRDP */
#define WORKER_SOCKET 3                 /* its end: served until the other one closes */

#define SERVER_TEXT 256 /* a DNS name */

enum order_kind { ORDER_CYCLE, ORDER_LOG_OFF_ALL };

/* Later messages to a worker. */
struct order {
	enum order_kind kind;
	int64_t cycle;
	uint32_t slot;
	int64_t hold;        /* microseconds, of each of its connections */
	uint32_t reconnects; /* how often the session is disconnected and connected again */
	char user[128];
	char domain[128];
	char password[256];
};

#define MESSAGE_TEXT 512
#define OUTPUT_KEPT 4096 /* bytes of what a command prints, with the NUL */
/* Microseconds. A process that comes to itself so much later than it should, and it should every so often, was not let run. */
#define LOOK_EVERY INT64_C(1000000)
#define STALL_LEAST INT64_C(2000000)

/* Messages from a worker: one at the logon and one at the end of each cycle; one once a reconnected session was held; and one when it was not
 * let run. */
struct report {
	int64_t stalled; /* microseconds that it was not; else 0. Nothing of the rest is set then */
	int64_t cycle;
	uint32_t slot;
	bool done; /* false: logged on just now, or of a reconnect */
	uint32_t
	    reconnect; /* its number; then the times, phases and ID are its own. 0: of the cycle */
	int64_t started; /* timestamps */
	int64_t logged_on;
	int64_t ended;
	int64_t phase_us[PHASE_COUNT];
	int64_t processor_wait; /* microseconds up to the logon, left out of phase_us */
	int64_t session_id;
	int64_t error_info;
	int64_t host_clock_offset; /* microseconds; NUMBER_UNKNOWN */
	enum cycle_result result;
	int failed_phase; /* enum phase; -1: none */
	enum logoff_way
	    logoff_by; /* what LOGOFF_AUTO tried last, or what ended a session that the setup's way did not */
	enum account_outcome account;
	char proof[16];
	char code[64];
	char message[MESSAGE_TEXT];
	char served_by[256];
	char server[SERVER_TEXT]; /* its computer name; "": not told */
	/* Of a command only. */
	int64_t exit_status; /* NUMBER_UNKNOWN: it did not end by itself */
	int64_t printed[2];  /* bytes on stdout and stderr */
	char output
	    [2][OUTPUT_KEPT]; /* the beginning of them; last, as it is not sent without a command */
};
/* Of a message: what a cycle that runs no command has to say. */
#define REPORT_WITHOUT_OUTPUT offsetof(struct report, output)

#endif
