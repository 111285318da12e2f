/* Knows where libfreerdp's code is, so that a function can tell its calls from those of others. */
#include "driver/workarounds/workarounds.h"

#include <link.h>
#include <stdint.h>
#include <string.h>

static uintptr_t code, code_end; /* written before the first thread */

static int find_code(struct dl_phdr_info *library, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	if (!strstr(library->dlpi_name, "/libfreerdp3.so"))
		return 0;
	for (int i = 0; i < library->dlpi_phnum; i++)
		if (library->dlpi_phdr[i].p_type == PT_LOAD &&
		    library->dlpi_phdr[i].p_flags & PF_X) {
			code = library->dlpi_addr + library->dlpi_phdr[i].p_vaddr;
			code_end = code + library->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

void libfreerdp_find(void)
{
	dl_iterate_phdr(find_code, NULL);
}

bool libfreerdp_has(const void *caller)
{
	return (uintptr_t)caller >= code && (uintptr_t)caller < code_end;
}
