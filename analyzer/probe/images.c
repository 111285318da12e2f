#include "probe/images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "windows/win32.h"

#define PATH_MOST 1024

struct images {
	struct image *first;
	BYTE *services; /* ENUM_SERVICE_STATUS_PROCESSW */
	DWORD service_count;
};

/* All services that run, in one call; who may not list them gets none. */
static void read_services(struct images *images)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE);
	DWORD needed = 0, count = 0, resume = 0;

	if (!manager)
		return;
	EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_ACTIVE, NULL, 0,
	    &needed, &count, &resume, NULL);
	const DWORD size = needed + 65536;
	BYTE *buffer = needed ? malloc(size) : NULL;
	resume = 0;
	if (buffer && EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
	                  SERVICE_ACTIVE, buffer, size, &needed, &count, &resume, NULL)) {
		images->services = buffer;
		images->service_count = count;
	} else {
		free(buffer);
	}
	CloseServiceHandle(manager);
}

struct images *images_create(void)
{
	struct images *images = calloc(1, sizeof(*images));

	if (images)
		read_services(images);
	return images;
}

void images_destroy(struct images *images)
{
	while (images && images->first) {
		struct image *image = images->first;

		images->first = image->next;
		free(image->path);
		free(image->version);
		free(image->company);
		free(image);
	}
	if (images)
		free(images->services);
	free(images);
}

static void read_company(const void *block, struct image *image)
{
	struct {
		WORD language, code_page;
	} * translation;
	wchar_t key[64];
	wchar_t *company;
	UINT length;

	if (!VerQueryValueW(block, L"\\VarFileInfo\\Translation", (void **)&translation, &length) ||
	    length < sizeof(*translation))
		return;
	swprintf(key, 64, L"\\StringFileInfo\\%04x%04x\\CompanyName", translation->language,
	    translation->code_page);
	if (VerQueryValueW(block, key, (void **)&company, &length) && length > 1)
		image->company = utf8(company, -1);
}

/* The version resource of the file. */
static void read_version(const wchar_t *path, struct image *image)
{
	VS_FIXEDFILEINFO *fixed;
	DWORD ignored;
	UINT length;
	const DWORD size = GetFileVersionInfoSizeW(path, &ignored);
	void *block = size ? malloc(size) : NULL;
	char version[64];

	if (block && GetFileVersionInfoW(path, 0, size, block)) {
		if (VerQueryValueW(block, L"\\", (void **)&fixed, &length) &&
		    length >= sizeof(*fixed)) {
			snprintf(version, sizeof(version), "%u.%u.%u.%u",
			    HIWORD(fixed->dwFileVersionMS), LOWORD(fixed->dwFileVersionMS),
			    HIWORD(fixed->dwFileVersionLS), LOWORD(fixed->dwFileVersionLS));
			image->version = strdup(version);
		}
		read_company(block, image);
	}
	free(block);
}

const struct image *images_of(struct images *images, void *process)
{
	wchar_t wide[PATH_MOST];
	DWORD length = PATH_MOST;

	if (!QueryFullProcessImageNameW(process, 0, wide, &length))
		return NULL;
	char *path = utf8(wide, (int)length);
	for (struct image *image = images->first; path && image; image = image->next)
		if (strcmp(image->path, path) == 0) {
			free(path);
			return image;
		}
	struct image *image = path ? calloc(1, sizeof(*image)) : NULL;
	if (!image) {
		free(path);
		return NULL;
	}
	image->path = path;
	read_version(wide, image);
	image->next = images->first;
	images->first = image;
	return image;
}

char *images_services(const struct images *images, uint64_t pid)
{
	const ENUM_SERVICE_STATUS_PROCESSW *services = (const void *)images->services;
	char text[512] = "";
	size_t used = 0;

	for (DWORD i = 0; i < images->service_count && used < sizeof(text); i++) {
		char *name = services[i].ServiceStatusProcess.dwProcessId == pid
		                 ? utf8(services[i].lpServiceName, -1)
		                 : NULL;
		if (name)
			used += (size_t)snprintf(
			    text + used, sizeof(text) - used, "%s%s", used ? ", " : "", name);
		free(name);
	}
	return used ? strdup(text) : NULL;
}
