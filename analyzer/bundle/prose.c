/* Knows what in a text gives somebody away although no table says so: addresses, SIDs, accounts at hosts. */
#include "bundle/prose.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

bool print_address(struct pseudonyms *pseudonyms, FILE *out, const char *text, size_t length)
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
	const bool good = pseudonym_digest(pseudonyms, "address", folded, digest);
	free(folded);
	return good && fprintf(out, "anon-ip-%02x%02x%02x%02x", digest[0], digest[1], digest[2],
	                   digest[3]) > 0;
}

/* The bytes of a SID of a domain, a machine or a directory of Azure that the text begins with, or 0. Other SIDs are of
 * any Windows ([MS-DTYP] 2.4.2.4). */
static size_t sid_length(const char *text)
{
	const size_t stem = strncasecmp(text, "S-1-5-21-", 9) == 0   ? 9
	                    : strncasecmp(text, "S-1-12-1-", 9) == 0 ? 9
	                                                             : 0;
	const size_t length = stem ? stem + strspn(text + stem, "0123456789-") : 0;
	return length > stem ? length : 0;
}

/* Its domain becomes another, and so do relative IDs from 1000 on: lesser ones are the same everywhere. */
static bool print_sid(struct pseudonyms *pseudonyms, FILE *out, const char *text, size_t length)
{
	char part[32];
	fwrite(text, 1, 9, out);
	for (size_t at = 9; at < length;) {
		const size_t digits = strspn(text + at, "0123456789");
		unsigned char digest[32];
		snprintf(part, sizeof part, "%.*s", (int)digits, text + at);
		if (digits > 3) {
			if (!pseudonym_digest(pseudonyms, "sid", part, digest))
				return false;
			fprintf(out, "%u",
			    (unsigned)digest[0] << 22 | (unsigned)digest[1] << 14 |
			        (unsigned)digest[2] << 6 | 1000u);
		} else {
			fputs(part, out);
		}
		at += digits;
		while (at < length && text[at] == '-')
			fputc(text[at++], out);
	}
	return true;
}

/* The bytes of "anna@rds01" that the text begins with, or 0. */
static size_t account_length(const char *text)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const size_t user = strspn(text, letters);
	size_t host = user && text[user] == '@' ? strspn(text + user + 1, letters) : 0;
	while (host > 0 && text[user + host] == '.')
		host--;
	return host ? user + 1 + host : 0;
}

/* Replaces what begins here, if it gives anything away, and returns its length; 0: it does not. */
static size_t replace(struct pseudonyms *pseudonyms, FILE *out, const char *text, bool *good)
{
	size_t length = sid_length(text);
	if (length) {
		*good = print_sid(pseudonyms, out, text, length);
		return length;
	}
	length = address_length(text);
	if (length) {
		*good = print_address(pseudonyms, out, text, length);
		return length;
	}
	length = account_length(text);
	if (!length)
		length = pseudonyms_match(pseudonyms, text);
	if (!length)
		return 0;
	char *name = strndup(text, length);
	char *pseudonym = name ? pseudonym_of_name(pseudonyms, name) : NULL;
	*good = pseudonym && fputs(pseudonym, out) >= 0;
	free(name);
	free(pseudonym);
	return length;
}

static bool print_prose(struct pseudonyms *pseudonyms, FILE *out, const char *text)
{
	bool inside = false, good = true;
	char previous = '\0';
	while (*text && good) {
		const bool begins = !inside && (is_word(*text) || *text == ':');
		const size_t length = begins ? replace(pseudonyms, out, text, &good) : 0;
		if (length) {
			text += length;
			previous = text[-1];
			inside = is_word(previous);
			continue;
		}
		/* In "LAB\nora" nora may be a user, and in JSON "\nora" a line end and ora. */
		inside = is_word(*text) && !(previous == '\\' && strchr("nrt", *text));
		previous = *text;
		fputc(*text++, out);
	}
	return good;
}

char *pseudonym_of_prose(struct pseudonyms *pseudonyms, const char *text)
{
	char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);
	bool good = out && print_prose(pseudonyms, out, text);
	if (out && fclose(out) != 0)
		good = false;
	if (good)
		return made;
	free(made);
	return NULL;
}

/* A key of a scenario whose value names something of the site: its length, or 0. */
static size_t site_key(const char *text)
{
	static const char *const keys[] = {"users", "domain", "address", "csv", "pin", "ca", "tofu",
	    "client_name", "password_env", "password_file"};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const size_t length = strlen(keys[i]);
		if (strncmp(text, keys[i], length) == 0 && !is_word(text[length])) {
			const size_t after = length + strspn(text + length, "\"' \t");
			return text[after] == ':' ? after + 1 : 0;
		}
	}
	return 0;
}

/* Replaces the value at text and returns its length. */
static size_t replace_value(struct pseudonyms *pseudonyms, FILE *out, const char *text, bool *good)
{
	const size_t blank = strspn(text, " \t");
	const char quote = text[blank];
	const bool quoted = quote == '"' || quote == '\'';
	const size_t start = blank + quoted;
	const char ends[] = {quoted ? quote : ',', '\n', quoted ? '\n' : '#', '\0'};
	/* A pattern has braces, with a comma in none of them. */
	size_t length = strcspn(text + start, ends);
	while (!quoted && length > 0 && strchr(" \t}", text[start + length - 1]) &&
	       !(text[start + length - 1] == '}' && memchr(text + start, '{', length)))
		length--;
	char *value = strndup(text + start, length);
	/* A variable is nothing of the site. */
	char *made = !value                         ? NULL
	             : strncmp(value, "${", 2) == 0 ? strdup(value)
	                                            : pseudonym_of_name(pseudonyms, value);
	*good = made && fwrite(text, 1, start, out) == start && fputs(made, out) >= 0;
	free(value);
	free(made);
	return start + length;
}

static bool print_scenario(struct pseudonyms *pseudonyms, FILE *out, const char *text)
{
	bool good = true, inside = false;
	while (*text && good) {
		const size_t key = inside ? 0 : site_key(text);
		if (key) {
			fwrite(text, 1, key, out);
			text += key;
			text += replace_value(pseudonyms, out, text, &good);
			inside = false;
		} else {
			inside = is_word(*text);
			fputc(*text++, out);
		}
	}
	return good;
}

char *pseudonym_of_scenario(struct pseudonyms *pseudonyms, const char *text)
{
	char *made = NULL, *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);
	bool good = out && print_scenario(pseudonyms, out, text);
	if (out && fclose(out) != 0)
		good = false;
	if (good)
		result = pseudonym_of_prose(pseudonyms, made);
	free(made);
	return result;
}
