#include "bundle/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static size_t ipv4_length(const char *text)
{
	char copy[INET_ADDRSTRLEN];
	struct in_addr address;
	const size_t length = strspn(text, "0123456789.");
	size_t used = length;
	while (used > 0 && text[used - 1] == '.') /* the end of a sentence */
		used--;
	if (used < 7 || used >= sizeof copy || is_word(text[length]))
		return 0;
	memcpy(copy, text, used);
	copy[used] = '\0';
	return inet_pton(AF_INET, copy, &address) == 1 ? used : 0;
}

static size_t ipv6_length(const char *text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t length = strspn(text, "0123456789abcdefABCDEF:.");
	if (length < 3 || length >= sizeof copy || is_word(text[length]))
		return 0;
	while (length > 0 && text[length - 1] == '.')
		length--;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return strchr(copy, ':') && inet_pton(AF_INET6, copy, &address) == 1 ? length : 0;
}

size_t address_length(const char *text)
{
	const size_t length = ipv4_length(text);
	return length ? length : ipv6_length(text);
}

bool print_address(const struct secret *secret, FILE *out, const char *text, size_t length)
{
	unsigned char digest[32];
	char *folded = fold(text, length);
	if (!folded)
		return false;
	if (strncmp(folded, "127.", 4) == 0 || strcmp(folded, "0.0.0.0") == 0 ||
	    strcmp(folded, "::1") == 0 || strcmp(folded, "::") == 0) {
		free(folded);
		return fwrite(text, 1, length, out) == length;
	}
	const bool good = secret_digest(secret, "address", folded, digest);
	free(folded);
	return good && fprintf(out, "anon-ip-%02x%02x%02x%02x", digest[0], digest[1], digest[2],
	                   digest[3]) > 0;
}
