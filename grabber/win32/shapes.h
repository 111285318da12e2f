/* The ways in which programs get handles that they forget to close, on Windows. */
#ifndef LEAKLAB_GRABBER_WIN32_SHAPES_H
#define LEAKLAB_GRABBER_WIN32_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

/* A password for --how=logon: it is in no command line. */
#define SHAPES_PASSWORD L"LEAKLAB_GRABBER_PASSWORD"

/* Each returns false with the reason in GetLastError(). */

/* The process ID of an image in a session. */
bool shapes_find_process(uint32_t session, const wchar_t *image, uint32_t *pid);
/* A handle that is good for asking what the process is, and for nothing else. */
bool shapes_open_process(uint32_t pid, HANDLE *out);
/* The same of its first thread. */
bool shapes_open_thread(uint32_t pid, HANDLE *out);
bool shapes_restrict(HANDLE token, HANDLE *out);
/* account: DOMAIN\user. */
bool shapes_logon(const char *account, HANDLE *out);
bool shapes_s4u(const char *account, HANDLE *out);
/* Starts a program that ends at once, as the user of the token (NULL: as oneself); its process and its thread. */
bool shapes_run(HANDLE token, HANDLE out[2]);

#endif
