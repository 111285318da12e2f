#include "windows/win32.h"

#include <stdlib.h>
#include <string.h>

char *utf8(const wchar_t *text, int length)
{
	const int size = WideCharToMultiByte(CP_UTF8, 0, text, length, NULL, 0, NULL, NULL);
	char *out = calloc((size_t)size + 1, 1);

	/* Of length 0 nothing can be converted: the result is "". */
	if (out && size > 0)
		WideCharToMultiByte(CP_UTF8, 0, text, length, out, size, NULL, NULL);
	return out;
}

wchar_t *utf16(const char *text)
{
	const int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
	wchar_t *out = calloc((size_t)size + 1, sizeof(*out));

	if (out)
		MultiByteToWideChar(CP_UTF8, 0, text, -1, out, size);
	return out;
}

char **utf8_arguments(int argc, wchar_t **argv)
{
	char **out = calloc((size_t)argc + 1, sizeof(*out));

	for (int i = 0; out && i < argc; i++) {
		out[i] = utf8(argv[i], -1);
		if (!out[i])
			return NULL;
	}
	return out;
}

char *win32_error(DWORD code, char out[WIN32_ERROR_SIZE])
{
	wchar_t text[WIN32_ERROR_SIZE / 2] = L"";

	if (code == 0) {
		snprintf(out, WIN32_ERROR_SIZE, "no error was given");
		return out;
	}
	/* In English, where the system has it: reports are read by others than those who made them. */
	const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
	const DWORD room = WIN32_ERROR_SIZE / 2;
	if (!FormatMessageW(
	        flags, NULL, code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), text, room, NULL))
		FormatMessageW(flags, NULL, code, 0, text, room, NULL);
	text[wcscspn(text, L"\r\n")] = L'\0';
	char *words = utf8(text, -1);
	snprintf(out, WIN32_ERROR_SIZE, "%.200s (error %lu)", words ? words : "", code);
	free(words);
	return out;
}

bool enable_privilege(const wchar_t *name)
{
	TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
	HANDLE token;

	if (!LookupPrivilegeValueW(NULL, name, &wanted.Privileges[0].Luid) ||
	    !OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
		return false;
	wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
	/* It succeeds even if nothing could be enabled; the error then is ERROR_NOT_ALL_ASSIGNED. */
	const bool good = AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) &&
	                  GetLastError() == ERROR_SUCCESS;
	CloseHandle(token);
	return good;
}

int is_elevated(void)
{
	TOKEN_ELEVATION elevation;
	DWORD length;
	HANDLE token;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return -1;
	const bool good =
	    GetTokenInformation(token, TokenElevation, &elevation, sizeof(elevation), &length);
	CloseHandle(token);
	return good ? elevation.TokenIsElevated != 0 : -1;
}

FARPROC optional_function(const wchar_t *module, const char *name)
{
	HMODULE loaded = GetModuleHandleW(module);

	return loaded ? GetProcAddress(loaded, name) : NULL;
}
