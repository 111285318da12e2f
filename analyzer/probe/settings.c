#include "probe/settings.h"

#define CONTROL_KEY L"SYSTEM\\CurrentControlSet\\Control\\"
#define CRASH_KEY CONTROL_KEY L"CrashControl"

const struct setting settings[SETTING_COUNT] = {
    [TOKEN_LEAK_DIAG] = {CONTROL_KEY L"Session Manager\\Kernel", L"SeTokenLeakDiag"},
    [CRASH_DUMP] = {CRASH_KEY, L"CrashDumpEnabled"},
    [NMI_DUMP] = {CRASH_KEY, L"NMICrashDump"},
    [KEEP_DUMP] = {CRASH_KEY, L"AlwaysKeepMemoryDump"},
};

static LONG read_dword(const wchar_t *key, const wchar_t *name, DWORD *out)
{
	DWORD value;
	DWORD size = sizeof(value);
	const LONG error =
	    RegGetValueW(SETTINGS_ROOT, key, name, RRF_RT_REG_DWORD, NULL, &value, &size);

	if (error == ERROR_SUCCESS)
		*out = value;
	return error;
}

LONG setting_get(size_t index, DWORD *out)
{
	return read_dword(settings[index].key, settings[index].name, out);
}

bool get_dword(const wchar_t *key, const wchar_t *name, DWORD *out)
{
	return read_dword(key, name, out) == ERROR_SUCCESS;
}

LONG set_dword(HKEY key, const wchar_t *name, DWORD value)
{
	return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&value, sizeof(value));
}

bool settings_switch_is_on(void)
{
	DWORD value;

	return get_dword(CONTROL_KEY L"Session Manager\\Kernel",
	           L"SeTokenDoesNotTrackSessionObject", &value) &&
	       value != 0;
}
