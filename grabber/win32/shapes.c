#include "grabber/win32/shapes.h"

#include <stdlib.h>
#include <string.h>

#include <ntsecapi.h>
#include <tlhelp32.h>

#include "windows/win32.h"

bool shapes_find_process(uint32_t session, const wchar_t *image, uint32_t *pid)
{
	PROCESSENTRY32W process = {.dwSize = sizeof(process)};
	HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	bool found = false;
	DWORD own;

	if (list == INVALID_HANDLE_VALUE)
		return false;
	for (BOOL more = Process32FirstW(list, &process); more && !found;
	     more = Process32NextW(list, &process)) {
		found = lstrcmpiW(process.szExeFile, image) == 0 &&
		        ProcessIdToSessionId(process.th32ProcessID, &own) && own == session;
		*pid = process.th32ProcessID;
	}
	CloseHandle(list);
	if (!found)
		SetLastError(ERROR_NOT_FOUND);
	return found;
}

bool shapes_open_process(uint32_t pid, HANDLE *out)
{
	*out = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
	return *out;
}

bool shapes_open_thread(uint32_t pid, HANDLE *out)
{
	THREADENTRY32 thread = {.dwSize = sizeof(thread)};
	HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
	DWORD found = 0;

	if (list == INVALID_HANDLE_VALUE)
		return false;
	for (BOOL more = Thread32First(list, &thread); more && !found;
	     more = Thread32Next(list, &thread))
		if (thread.th32OwnerProcessID == pid)
			found = thread.th32ThreadID;
	CloseHandle(list);
	SetLastError(ERROR_NOT_FOUND);
	*out = found ? OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, found) : NULL;
	return *out;
}

bool shapes_restrict(HANDLE token, HANDLE *out)
{
	return CreateRestrictedToken(token, DISABLE_MAX_PRIVILEGE, 0, NULL, 0, NULL, 0, NULL, out);
}

/* DOMAIN\user in two parts, in one allocation; to free. */
static wchar_t *split(const char *account, wchar_t **user)
{
	wchar_t *text = utf16(account);
	wchar_t *slash = text ? wcschr(text, L'\\') : NULL;

	if (!slash) {
		free(text);
		SetLastError(ERROR_NO_SUCH_USER);
		return NULL;
	}
	*slash = L'\0';
	*user = slash + 1;
	return text;
}

bool shapes_logon(const char *account, HANDLE *out)
{
	wchar_t password[256];
	wchar_t *user;
	wchar_t *domain = split(account, &user);
	const DWORD length = domain ? GetEnvironmentVariableW(SHAPES_PASSWORD, password, 256) : 0;

	if (domain && (length == 0 || length >= 256))
		SetLastError(ERROR_INVALID_PASSWORD);
	const bool good = domain && length > 0 && length < 256 &&
	                  LogonUserW(user, domain, password, LOGON32_LOGON_INTERACTIVE,
	                      LOGON32_PROVIDER_DEFAULT, out);
	const DWORD error = GetLastError();
	SecureZeroMemory(password, sizeof(password));
	free(domain);
	SetLastError(error);
	return good;
}

/* The request and its texts have to be in one piece of memory (MSDN MSV1_0_S4U_LOGON). */
struct s4u {
	MSV1_0_S4U_LOGON logon;
	wchar_t texts[512];
};

static bool fill(struct s4u *request, const char *account)
{
	wchar_t *user;
	wchar_t *domain = split(account, &user);

	if (!domain)
		return false;
	const size_t user_length = wcslen(user), domain_length = wcslen(domain);
	const bool fits = user_length + domain_length < 512;
	if (fits) {
		request->logon.MessageType = MsV1_0S4ULogon;
		memcpy(request->texts, user, user_length * sizeof(*user));
		memcpy(request->texts + user_length, domain, domain_length * sizeof(*domain));
		request->logon.UserPrincipalName = (UNICODE_STRING){
		    (USHORT)(user_length * 2), (USHORT)(user_length * 2), request->texts};
		request->logon.DomainName = (UNICODE_STRING){(USHORT)(domain_length * 2),
		    (USHORT)(domain_length * 2), request->texts + user_length};
	}
	free(domain);
	SetLastError(ERROR_NO_SUCH_USER);
	return fits;
}

bool shapes_s4u(const char *account, HANDLE *out)
{
	LSA_STRING name = {7, 8, (char *)"leaklab"};
	LSA_STRING package_name = {sizeof(MSV1_0_PACKAGE_NAME) - 1, sizeof(MSV1_0_PACKAGE_NAME),
	    (char *)MSV1_0_PACKAGE_NAME};
	TOKEN_SOURCE source = {.SourceName = "leaklab"};
	struct s4u request = {0};
	void *profile = NULL;
	ULONG package, length = 0;
	QUOTA_LIMITS quotas;
	NTSTATUS status, detail;
	HANDLE lsa;
	LUID luid;

	if (!fill(&request, account))
		return false;
	status = LsaConnectUntrusted(&lsa);
	if (status == 0) {
		status = LsaLookupAuthenticationPackage(lsa, &package_name, &package);
		if (status == 0)
			status =
			    LsaLogonUser(lsa, &name, Network, package, &request, sizeof(request),
			        NULL, &source, &profile, &length, &luid, out, &quotas, &detail);
		LsaDeregisterLogonProcess(lsa);
	}
	if (profile)
		LsaFreeReturnBuffer(profile);
	SetLastError(LsaNtStatusToWinError(status));
	return status == 0;
}

bool shapes_run(HANDLE token, HANDLE out[2])
{
	STARTUPINFOW start = {.cb = sizeof(start)};
	PROCESS_INFORMATION made;
	wchar_t command[] = L"cmd.exe /c exit";
	const BOOL good = token ? CreateProcessAsUserW(token, NULL, command, NULL, NULL, FALSE,
	                              CREATE_NO_WINDOW, NULL, NULL, &start, &made)
	                        : CreateProcessW(NULL, command, NULL, NULL, FALSE, CREATE_NO_WINDOW,
	                              NULL, NULL, &start, &made);

	if (!good)
		return false;
	out[0] = made.hProcess;
	out[1] = made.hThread;
	return true;
}
