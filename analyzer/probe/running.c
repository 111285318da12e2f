#include "probe/running.h"

#include "probe/settings.h"
#include "windows/win32.h"

/* A volatile key: it is never written to disk, so what is in it is of this boot, whatever became of the clock. Not below
 * arm's own key, which would have to stay for it. */
#define BOOT_KEY L"SOFTWARE\\leaklab-boot"
#define TRACKING_VALUE L"LeakTracking"

static bool can_track(const struct host *host)
{
	return host->build == 0 || host->build >= RUNNING_FIRST_BUILD;
}

static enum tracking_state what_is_set(struct running *out)
{
	char why[WIN32_ERROR_SIZE];
	DWORD value = 0;
	const LONG error = setting_get(TOKEN_LEAK_DIAG, &value);

	if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND)
		return value == 1 ? TRACKING_ON : TRACKING_OFF;
	snprintf(out->why, sizeof(out->why), "SeTokenLeakDiag cannot be read: %s",
	    win32_error((DWORD)error, why));
	return TRACKING_UNKNOWN;
}

/* When a value of SeTokenLeakDiag's key was last set or deleted, whichever it was: values have no times of their own.
 * 100 ns since 1601; 0: never, as there is no such key; -1: cannot be told. */
static int64_t key_written(void)
{
	FILETIME time = {0};
	HKEY key;
	LONG error =
	    RegOpenKeyExW(SETTINGS_ROOT, settings[TOKEN_LEAK_DIAG].key, 0, KEY_QUERY_VALUE, &key);

	if (error == ERROR_FILE_NOT_FOUND)
		return 0;
	if (error != ERROR_SUCCESS)
		return -1;
	error = RegQueryInfoKeyW(
	    key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &time);
	RegCloseKey(key);
	return error == ERROR_SUCCESS
	           ? (int64_t)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime)
	           : -1;
}

/* Where leaklab has changed nothing since the start. */
static enum tracking_state tracking_untouched(
    const struct host *host, bool armed, struct running *out)
{
	const enum tracking_state set = what_is_set(out);
	const int64_t written = key_written();

	if (set == TRACKING_UNKNOWN)
		return set;
	/* Armed at an earlier boot, and as arm left it. */
	if (armed && set == TRACKING_ON)
		return set;
	if (host->boot && written >= 0 && written < host->boot)
		return set;
	snprintf(out->why, sizeof(out->why),
	    "the kernel reads SeTokenLeakDiag when it starts, and %s. It is %s now; after a reboot "
	    "it is known",
	    !host->boot    ? "it is not known when that was"
	    : written >= 0 ? "its key was written since, perhaps for another value"
	                   : "its key does not tell when it was last written",
	    set == TRACKING_ON ? "1" : "not 1");
	return TRACKING_UNKNOWN;
}

static enum tracking_state tracking_noted(struct running *out)
{
	DWORD value;

	if (get_dword(BOOT_KEY, TRACKING_VALUE, &value))
		return value ? TRACKING_ON : TRACKING_OFF;
	snprintf(out->why, sizeof(out->why),
	    "the kernel reads SeTokenLeakDiag when it starts, and its key was written between then "
	    "and arm or disarm; after a reboot it is known");
	return TRACKING_UNKNOWN;
}

static bool is_noted(void)
{
	HKEY key;

	if (RegOpenKeyExW(SETTINGS_ROOT, BOOT_KEY, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
		return false;
	RegCloseKey(key);
	return true;
}

/* Whether what is set for dumps is other than when it was noted. */
static bool are_dumps_changed(void)
{
	for (size_t i = CRASH_DUMP; i < SETTING_COUNT; i++) {
		DWORD then = 0;
		DWORD now = 0;

		if (get_dword(BOOT_KEY, settings[i].name, &then) !=
		        (setting_get(i, &now) == ERROR_SUCCESS) ||
		    then != now)
			return true;
	}
	return false;
}

void running_read(const struct host *host, bool armed, struct running *out)
{
	struct running running = {.tracking = TRACKING_OFF, .next = TRACKING_OFF};
	const bool noted = is_noted();

	if (can_track(host)) {
		running.next = what_is_set(&running);
		running.tracking =
		    noted ? tracking_noted(&running) : tracking_untouched(host, armed, &running);
	}
	if ((noted && are_dumps_changed()) ||
	    (running.tracking != TRACKING_UNKNOWN && running.next != TRACKING_UNKNOWN &&
	        running.next != running.tracking))
		running.reboot = REBOOT_NEEDED;
	else if (running.tracking == TRACKING_UNKNOWN && running.next == TRACKING_ON)
		running.reboot = REBOOT_TO_BE_SURE;
	*out = running;
}

LONG running_keep(const struct host *host, bool armed)
{
	struct running running;
	DWORD disposition;
	DWORD value;
	HKEY key;

	running_read(host, armed, &running);
	LONG error = RegCreateKeyExW(SETTINGS_ROOT, BOOT_KEY, 0, NULL, REG_OPTION_VOLATILE,
	    KEY_SET_VALUE, NULL, &key, &disposition);
	if (error != ERROR_SUCCESS)
		return error;
	if (disposition == REG_CREATED_NEW_KEY) {
		for (size_t i = CRASH_DUMP; i < SETTING_COUNT && error == ERROR_SUCCESS; i++)
			if (setting_get(i, &value) == ERROR_SUCCESS)
				error = set_dword(key, settings[i].name, value);
		if (error == ERROR_SUCCESS && running.tracking != TRACKING_UNKNOWN)
			error = set_dword(key, TRACKING_VALUE, running.tracking == TRACKING_ON);
	}
	RegCloseKey(key);
	if (error != ERROR_SUCCESS)
		RegDeleteKeyW(SETTINGS_ROOT, BOOT_KEY);
	return error;
}
