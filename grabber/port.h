/* What the grabber needs of a host. One port for each kind of host implements it; the tests have their own. */
#ifndef LEAKLAB_GRABBER_PORT_H
#define LEAKLAB_GRABBER_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;

/* A handle value in the grabber's process on that host. */
typedef uint64_t port_handle;

#define PORT_ACCOUNT 128

/* A user's logon. The session ID alone is no identity: healthy hosts use it again at once. */
struct logon {
	uint32_t session;
	uint64_t luid;              /* of the logon session */
	char account[PORT_ACCOUNT]; /* DOMAIN\user; "": not known */
};

/* What is taken of a logon. */
enum port_what {
	TAKE_TOKEN,    /* the user's token: WTSQueryUserToken */
	TAKE_WINLOGON, /* that of the session's winlogon.exe, which is SYSTEM's: OpenProcessToken */
	TAKE_DWM,      /* that of its dwm.exe */
	TAKE_PROCESS,  /* the user's shell itself: OpenProcess */
	TAKE_THREAD,   /* the shell's first thread: OpenThread */
};

/* How the handle that is kept comes about. */
enum port_how {
	BY_DUPLICATE,           /* DuplicateToken at the identification level */
	BY_RESTRICTED,          /* CreateRestrictedToken */
	BY_LOGON,               /* LogonUser */
	BY_S4U,                 /* LsaLogonUser without a password */
	BY_PROCESS_INFORMATION, /* CreateProcessAsUser: the handles of PROCESS_INFORMATION */
};

enum port_news {
	PORT_LOGON,   /* *logon tells which */
	PORT_LOGOFF,  /* of logon->session */
	PORT_RELEASE, /* the operator wants the handles closed */
	PORT_STOP,    /* the operator wants the end */
	PORT_LOST,    /* the host has gone; port_error() says how */
};

#define PORT_ERROR_SIZE 256

/* Joins the host as a process of its own. `where` is the port's to understand; image: its name there (NULL: as usual). NULL, and a message, on failure. */
struct port *port_open(const char *where, const char *image, char error[PORT_ERROR_SIZE]);
void port_close_all(struct port *port); /* leaves the host; NULL is allowed */

uint64_t port_pid(const struct port *port);
/* Blocks until there is news. No logon after port_open() is left out; one may be reported twice. */
enum port_news port_wait(struct port *port, struct logon *logon);
/* The logons that exist now, at most `room`; returns how many there are. */
size_t port_logons(struct port *port, struct logon *out, size_t room);

/* Why this host cannot play that; NULL: it can. */
const char *port_refuses(const struct port *port, enum port_what what, enum port_how how);

/* A handle to what is taken. */
bool port_take(struct port *port, const struct logon *logon, enum port_what what, port_handle *out);
/* A copy of a token: BY_DUPLICATE, BY_RESTRICTED. */
bool port_copy(struct port *port, port_handle token, enum port_how how, port_handle *out);
#define PORT_MADE 2
/* Makes something new for the user, by the other ways; returns how many handles that gave, at most PORT_MADE. 0: it failed. */
size_t port_make(
    struct port *port, const struct logon *logon, enum port_how how, port_handle out[PORT_MADE]);
/* The process ends, with all its handles, and another one takes its place. */
bool port_restart(struct port *port);
/* CloseHandle. */
bool port_close_handle(struct port *port, port_handle handle);

/* Why the last call failed. */
const char *port_error(const struct port *port);

#endif
