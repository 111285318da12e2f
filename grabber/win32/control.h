/* What is reported to the port from outside its thread: by the console, the service manager, a window. */
#ifndef LEAKLAB_GRABBER_WIN32_CONTROL_H
#define LEAKLAB_GRABBER_WIN32_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

enum control_signal { CONTROL_STOP, CONTROL_RELEASE, CONTROL_SESSION, CONTROL_COUNT };

/* Makes the events, once in the life of the process, which owns them. */
bool control_open(void);
/* The events, in the order of enum control_signal; all reset themselves. */
const HANDLE *control_events(void);

/* From any thread. */
void control_stop(void);
void control_release(void);
/* `what` is WTS_SESSION_LOGON or WTS_SESSION_LOGOFF; all others are nothing new. */
void control_session(DWORD what, DWORD session);

/* Takes the oldest notice; false: there is none. */
bool control_session_take(bool *logon, uint32_t *session);

#endif
