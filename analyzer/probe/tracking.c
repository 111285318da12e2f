#include "probe/tracking.h"

#include <stdlib.h>
#include <wchar.h>

#include <windows.h>

#include "probe/win32.h"

#define EXIT_GOOD 0
#define EXIT_TARGET 4
#define CONTROL_KEY L"SYSTEM\\CurrentControlSet\\Control\\"
#define KERNEL_KEY CONTROL_KEY L"Session Manager\\Kernel"
#define CRASH_KEY CONTROL_KEY L"CrashControl"
#define OWN_KEY L"SOFTWARE\\leaklab"
#define SAVED_KEY OWN_KEY L"\\Armed" /* what was there before, one key for each setting */
#define FIRST_BUILD 14393 /* Windows 10 1607 / Server 2016: SeTokenLeakTracking is in its PDB */
#define ROOT HKEY_LOCAL_MACHINE

struct setting {
	const wchar_t *key;
	const wchar_t *name;
	DWORD armed;
};

enum { TOKEN_LEAK_DIAG, CRASH_DUMP, NMI_DUMP, KEEP_DUMP, SETTING_COUNT };

static struct setting settings[SETTING_COUNT] = {
    [TOKEN_LEAK_DIAG] = {KERNEL_KEY, L"SeTokenLeakDiag", 1},
    [CRASH_DUMP] = {CRASH_KEY, L"CrashDumpEnabled", DUMP_KERNEL},
    [NMI_DUMP] = {CRASH_KEY, L"NMICrashDump", 1},
    [KEEP_DUMP] = {CRASH_KEY, L"AlwaysKeepMemoryDump", 1},
};

static int fail(const char *what, LONG error)
{
	char why[WIN32_ERROR_SIZE];

	fprintf(stderr, "leaklab-probe: %s: %s\n", what, win32_error((DWORD)error, why));
	return EXIT_TARGET;
}

static bool get_dword(const wchar_t *key, const wchar_t *name, DWORD *out)
{
	DWORD size = sizeof(*out);

	return RegGetValueW(ROOT, key, name, RRF_RT_REG_DWORD, NULL, out, &size) == ERROR_SUCCESS;
}

/* When arm was run; 0: it is not armed. */
static int64_t armed_at(void)
{
	int64_t time;
	DWORD size = sizeof(time);

	return RegGetValueW(ROOT, SAVED_KEY, L"Time", RRF_RT_REG_QWORD, NULL, &time, &size) ==
	               ERROR_SUCCESS
	           ? time
	           : 0;
}

static bool needs_reboot(const struct host *host)
{
	const int64_t armed = armed_at();

	return armed && (!host->boot || host->boot < armed);
}

enum tracking_state tracking_state(const struct host *host)
{
	DWORD value = 0;
	DWORD size = sizeof(value);
	const LONG error = RegGetValueW(ROOT, settings[TOKEN_LEAK_DIAG].key,
	    settings[TOKEN_LEAK_DIAG].name, RRF_RT_REG_DWORD, NULL, &value, &size);

	if (error == ERROR_FILE_NOT_FOUND)
		return TRACKING_OFF;
	if (error != ERROR_SUCCESS)
		return TRACKING_UNKNOWN;
	return value == 1 && !needs_reboot(host) && host->build >= FIRST_BUILD ? TRACKING_ON
	                                                                       : TRACKING_OFF;
}

void tracking_write_dump_settings(struct json *json)
{
	static const char *const names[SETTING_COUNT] = {
	    [CRASH_DUMP] = "kind", [NMI_DUMP] = "on_nmi", [KEEP_DUMP] = "kept"};
	DWORD value;

	json_begin(json, "crash_dump", '{');
	for (size_t i = CRASH_DUMP; i < SETTING_COUNT; i++)
		if (get_dword(settings[i].key, settings[i].name, &value))
			json_number(json, names[i], value);
	json_end(json);
}

static void saved_key(size_t index, wchar_t out[64])
{
	swprintf(out, 64, L"%ls\\%u", SAVED_KEY, (unsigned)index);
}

static LONG set_value(HKEY key, const wchar_t *name, DWORD type, const void *data, DWORD size)
{
	return RegSetValueExW(key, name, 0, type, data, size);
}

static LONG set_dword(HKEY key, const wchar_t *name, DWORD value)
{
	return set_value(key, name, REG_DWORD, &value, sizeof(value));
}

/* Reads a value of any type; the data are the caller's to free(), NULL if there is no such value. */
static LONG read_value(
    const struct setting *setting, bool *key_there, DWORD *type, void **data, DWORD *size)
{
	HKEY key;
	LONG error = RegOpenKeyExW(ROOT, setting->key, 0, KEY_QUERY_VALUE, &key);

	*data = NULL;
	*size = 0;
	*key_there = error == ERROR_SUCCESS;
	if (error != ERROR_SUCCESS)
		return error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
	error = RegQueryValueExW(key, setting->name, NULL, type, NULL, size);
	if (error == ERROR_SUCCESS) {
		*data = malloc(*size + 1u);
		error = *data ? RegQueryValueExW(key, setting->name, NULL, type, *data, size)
		              : ERROR_NOT_ENOUGH_MEMORY;
	} else if (error == ERROR_FILE_NOT_FOUND) {
		error = ERROR_SUCCESS;
	}
	RegCloseKey(key);
	return error;
}

static LONG save(size_t index)
{
	wchar_t path[64];
	bool key_there;
	DWORD type;
	DWORD size;
	void *data;
	HKEY key;
	LONG error = read_value(&settings[index], &key_there, &type, &data, &size);

	saved_key(index, path);
	if (error == ERROR_SUCCESS)
		error = RegCreateKeyExW(ROOT, path, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
	if (error != ERROR_SUCCESS) {
		free(data);
		return error;
	}
	error = set_dword(key, L"KeyThere", key_there);
	if (error == ERROR_SUCCESS && data) {
		error = set_dword(key, L"Type", type);
		if (error == ERROR_SUCCESS)
			error = set_value(key, L"Data", REG_BINARY, data, size);
	}
	RegCloseKey(key);
	free(data);
	return error;
}

static LONG apply(const struct setting *setting)
{
	HKEY key;
	LONG error =
	    RegCreateKeyExW(ROOT, setting->key, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);

	if (error != ERROR_SUCCESS)
		return error;
	error = set_dword(key, setting->name, setting->armed);
	RegCloseKey(key);
	return error;
}

/* Deletes a key that has nothing in it any more. */
static void delete_if_empty(const wchar_t *path)
{
	DWORD keys = 1;
	DWORD values = 1;
	HKEY key;

	if (RegOpenKeyExW(ROOT, path, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS)
		return;
	const LONG error = RegQueryInfoKeyW(
	    key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
	RegCloseKey(key);
	if (error == ERROR_SUCCESS && keys == 0 && values == 0)
		RegDeleteKeyW(ROOT, path);
}

/* Puts back what was there before arm; the bytes and the type are those that were read. */
static LONG restore(size_t index)
{
	const struct setting *setting = &settings[index];
	wchar_t path[64];
	DWORD key_there;
	DWORD type;
	DWORD size = 0;
	HKEY key;

	saved_key(index, path);
	if (!get_dword(path, L"KeyThere", &key_there))
		return ERROR_SUCCESS; /* arm did not get so far */
	LONG error = RegOpenKeyExW(ROOT, setting->key, 0, KEY_SET_VALUE, &key);
	if (error != ERROR_SUCCESS)
		return error == ERROR_FILE_NOT_FOUND && !key_there ? ERROR_SUCCESS : error;
	if (get_dword(path, L"Type", &type)) {
		error = RegGetValueW(ROOT, path, L"Data", RRF_RT_REG_BINARY, NULL, NULL, &size);
		void *data = error == ERROR_SUCCESS ? malloc(size + 1u) : NULL;
		if (error == ERROR_SUCCESS)
			error = data ? RegGetValueW(ROOT, path, L"Data", RRF_RT_REG_BINARY, NULL,
			                   data, &size)
			             : ERROR_NOT_ENOUGH_MEMORY;
		if (error == ERROR_SUCCESS)
			error = set_value(key, setting->name, type, data, size);
		free(data);
	} else {
		error = RegDeleteValueW(key, setting->name);
		if (error == ERROR_FILE_NOT_FOUND)
			error = ERROR_SUCCESS;
	}
	RegCloseKey(key);
	if (error == ERROR_SUCCESS && !key_there)
		delete_if_empty(setting->key);
	return error;
}

static void forget(void)
{
	wchar_t path[64];

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		saved_key(i, path);
		RegDeleteKeyW(ROOT, path);
	}
	RegDeleteKeyW(ROOT, SAVED_KEY);
	delete_if_empty(OWN_KEY);
}

static LONG note_time(int64_t now)
{
	HKEY key;
	LONG error = RegCreateKeyExW(ROOT, SAVED_KEY, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);

	if (error != ERROR_SUCCESS)
		return error;
	error = set_value(key, L"Time", REG_QWORD, &now, sizeof(now));
	RegCloseKey(key);
	return error;
}

int tracking_arm(enum dump_kind dump)
{
	LONG error = ERROR_SUCCESS;
	struct host host;

	host_read(&host);
	if (armed_at()) {
		fputs("leaklab-probe: it is armed already; disarm it first\n", stderr);
		return EXIT_TARGET;
	}
	forget(); /* what an arm that was cut off has left */
	settings[CRASH_DUMP].armed = dump;
	/* All is saved before anything is changed. */
	for (size_t i = 0; i < SETTING_COUNT && error == ERROR_SUCCESS; i++)
		error = save(i);
	if (error == ERROR_SUCCESS)
		error = note_time(host.now);
	if (error != ERROR_SUCCESS) {
		forget();
		return fail("saving what is there (run as administrator)", error);
	}
	for (size_t i = 0; i < SETTING_COUNT && error == ERROR_SUCCESS; i++)
		error = apply(&settings[i]);
	if (error != ERROR_SUCCESS) {
		fail("changing the registry", error);
		tracking_disarm(); /* says whether it could put back what was there */
		return EXIT_TARGET;
	}
	if (host.build < FIRST_BUILD)
		fprintf(stderr,
		    "leaklab-probe: build %u has no leak tracking; it came with Server 2016 (%d). "
		    "Dumps are armed all the same\n",
		    host.build, FIRST_BUILD);
	return tracking_status();
}

int tracking_disarm(void)
{
	LONG error = ERROR_SUCCESS;

	if (!armed_at()) {
		puts("armed: no; there is nothing to put back");
		return EXIT_GOOD;
	}
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const LONG one = restore(i);

		if (error == ERROR_SUCCESS)
			error = one;
	}
	/* What was saved is kept as long as it is needed. */
	if (error != ERROR_SUCCESS)
		return fail("putting back what was there; run it again", error);
	forget();
	puts("armed: no; what was there is put back, and takes effect at the next boot");
	return EXIT_GOOD;
}

int tracking_status(void)
{
	static const char *const states[] = {"off", "on"};
	DWORD value;
	struct host host;

	host_read(&host);
	const enum tracking_state state = tracking_state(&host);
	printf("armed: %s\n", armed_at() ? "yes" : "no");
	printf("leak tracking: %s\n", state < 0 ? "unknown" : states[state]);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		printf("%ls: ", settings[i].name);
		if (get_dword(settings[i].key, settings[i].name, &value))
			printf("%lu\n", value);
		else
			puts("not set");
	}
	if (needs_reboot(&host))
		puts("reboot: needed. The kernel reads SeTokenLeakDiag and the kind of dump when "
		     "it starts");
	else
		puts("reboot: not needed for what leaklab has changed");
	return EXIT_GOOD;
}
