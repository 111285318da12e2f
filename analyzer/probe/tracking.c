#include "probe/tracking.h"

#include <stdlib.h>
#include <wchar.h>

#include <windows.h>

#include "probe/settings.h"
#include "windows/win32.h"

#define EXIT_GOOD 0
#define EXIT_TARGET 4
#define OWN_KEY L"SOFTWARE\\leaklab"
#define SAVED_KEY OWN_KEY L"\\Armed" /* what was there before, one key for each setting */
#define ROOT SETTINGS_ROOT

static int fail(const char *what, LONG error)
{
	char why[WIN32_ERROR_SIZE];

	fprintf(stderr, "leaklab-probe: %s: %s\n", what, win32_error((DWORD)error, why));
	return EXIT_TARGET;
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

void tracking_read(const struct host *host, struct running *out)
{
	running_read(host, armed_at() != 0, out);
}

void tracking_write_dump_settings(struct json *json)
{
	static const char *const names[SETTING_COUNT] = {
	    [CRASH_DUMP] = "kind", [NMI_DUMP] = "on_nmi", [KEEP_DUMP] = "kept"};
	DWORD value;

	json_begin(json, "crash_dump", '{');
	for (size_t i = CRASH_DUMP; i < SETTING_COUNT; i++)
		if (setting_get(i, &value) == ERROR_SUCCESS)
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

static LONG apply(const struct setting *setting, DWORD value)
{
	HKEY key;
	LONG error =
	    RegCreateKeyExW(ROOT, setting->key, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);

	if (error != ERROR_SUCCESS)
		return error;
	error = set_dword(key, setting->name, value);
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

static void print_tracking(const struct running *running)
{
	if (running->tracking == TRACKING_UNKNOWN)
		printf("leak tracking: unknown: %s\n", running->why);
	else
		printf("leak tracking: %s%s\n", running->tracking == TRACKING_ON ? "on" : "off",
		    running->reboot == REBOOT_NEEDED && running->next != running->tracking
		        ? ", until the next boot"
		        : "");
}

int tracking_arm(enum dump_kind dump)
{
	const DWORD armed[SETTING_COUNT] = {
	    [TOKEN_LEAK_DIAG] = 1, [CRASH_DUMP] = dump, [NMI_DUMP] = 1, [KEEP_DUMP] = 1};
	LONG error = ERROR_SUCCESS;
	struct host host;

	host_read(&host);
	if (armed_at()) {
		fputs("leaklab-probe: it is armed already; disarm it first\n", stderr);
		return EXIT_TARGET;
	}
	forget(); /* what an arm that was cut off has left */
	/* All is saved before anything is changed. */
	for (size_t i = 0; i < SETTING_COUNT && error == ERROR_SUCCESS; i++)
		error = save(i);
	if (error == ERROR_SUCCESS)
		error = running_keep(&host, false);
	if (error == ERROR_SUCCESS)
		error = note_time(host.now);
	if (error != ERROR_SUCCESS) {
		forget();
		return fail("saving what is there (run as administrator)", error);
	}
	for (size_t i = 0; i < SETTING_COUNT && error == ERROR_SUCCESS; i++)
		error = apply(&settings[i], armed[i]);
	if (error != ERROR_SUCCESS) {
		fail("changing the registry", error);
		tracking_disarm(); /* says whether it could put back what was there */
		return EXIT_TARGET;
	}
	if (host.build && host.build < RUNNING_FIRST_BUILD)
		fprintf(stderr,
		    "leaklab-probe: build %u has no leak tracking; it came with Server 2016 (%d). "
		    "SeTokenLeakDiag is set and does nothing here; dumps are armed all the same\n",
		    host.build, RUNNING_FIRST_BUILD);
	return tracking_status();
}

int tracking_disarm(void)
{
	struct running running;
	struct host host;

	if (!armed_at()) {
		puts("armed: no; there is nothing to put back");
		return EXIT_GOOD;
	}
	host_read(&host);
	LONG error = running_keep(&host, true);
	if (error != ERROR_SUCCESS)
		return fail("recording what the kernel does (run as administrator)", error);
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
	tracking_read(&host, &running);
	print_tracking(&running);
	return EXIT_GOOD;
}

int tracking_status(void)
{
	static const char *const reboots[] = {
	    [REBOOT_NOT_NEEDED] = "not needed for what leaklab has changed",
	    [REBOOT_NEEDED] = "needed. The kernel reads SeTokenLeakDiag and the kind of dump when "
	                      "it starts",
	    [REBOOT_TO_BE_SURE] = "needed, to be sure that SeTokenLeakDiag is in effect"};
	struct running running;
	struct host host;
	DWORD value;

	host_read(&host);
	tracking_read(&host, &running);
	printf("armed: %s\n", armed_at() ? "yes" : "no");
	print_tracking(&running);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		printf("%ls: ", settings[i].name);
		if (setting_get(i, &value) == ERROR_SUCCESS)
			printf("%lu\n", value);
		else
			puts("not set");
	}
	printf("reboot: %s\n", reboots[running.reboot]);
	return EXIT_GOOD;
}
