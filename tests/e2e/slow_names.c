/* Preloaded by a test: a resolver that stalls. In processes with SLOW_NAMES_IN as an argument, each name takes 20 s more. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int is_slow(void)
{
	const char *argument = getenv("SLOW_NAMES_IN");
	char line[4096] = "";
	FILE *file = argument ? fopen("/proc/self/cmdline", "r") : NULL;
	const size_t length = file ? fread(line, 1, sizeof(line) - 1, file) : 0;

	if (file)
		fclose(file);
	for (const char *at = line; at < line + length; at += strlen(at) + 1)
		if (strcmp(at, argument) == 0)
			return 1;
	return 0;
}

int getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	resolver *next;

	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo"); /* as POSIX has it for functions */
	if (!(hints && hints->ai_flags & AI_NUMERICHOST) && is_slow())
		sleep(20);
	return next(node, service, hints, found);
}
