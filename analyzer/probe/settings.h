/* The settings of Windows that arm changes: where they are in the registry. */
#ifndef LEAKLAB_PROBE_SETTINGS_H
#define LEAKLAB_PROBE_SETTINGS_H

#include <stdbool.h>

#include <windows.h>

#define SETTINGS_ROOT HKEY_LOCAL_MACHINE

struct setting {
	const wchar_t *key;
	const wchar_t *name;
};

enum { TOKEN_LEAK_DIAG, CRASH_DUMP, NMI_DUMP, KEEP_DUMP, SETTING_COUNT };
extern const struct setting settings[SETTING_COUNT];

/* ERROR_FILE_NOT_FOUND: it is not set. */
LONG setting_get(size_t index, DWORD *out);

/* Values of any other key. */
bool get_dword(const wchar_t *key, const wchar_t *name, DWORD *out);
LONG set_dword(HKEY key, const wchar_t *name, DWORD value);

/* SeTokenDoesNotTrackSessionObject, which Microsoft has not documented: tokens keep no session IDs on this host. */
bool settings_switch_is_on(void);

#endif
