/* What both Windows programs need of Win32: text in UTF-8, errors in words, privileges. Its door. */
#ifndef LEAKLAB_WIN32_H
#define LEAKLAB_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <windows.h>

/* mingw's own stdio is used, whose formats are those of C. */
#ifndef PRINTF_FORMAT
#define PRINTF_FORMAT gnu_printf
#endif

#define WIN32_ERROR_SIZE 256

/* UTF-8 of UTF-16 (length in characters, or -1: up to its NUL). The caller's to free(); NULL: out of memory. */
char *utf8(const wchar_t *text, int length);
/* The other way. */
wchar_t *utf16(const char *text);
/* All arguments in UTF-8, with a NULL at the end, never freed. NULL: out of memory. */
char **utf8_arguments(int argc, wchar_t **argv);

/* "access is denied (error 5)"; "no error was given" for 0, which is what stubs do. Returns out. */
char *win32_error(DWORD code, char out[WIN32_ERROR_SIZE]);

/* Lets the process use a privilege that it has. False: it does not have it. */
bool enable_privilege(const wchar_t *name);
/* -1: cannot be told. */
int is_elevated(void);

/* A function that some versions of Windows lack; NULL there. The caller casts it. */
FARPROC optional_function(const wchar_t *module, const char *name);

#endif
