/* Knows what in a text gives somebody away although no table says so: addresses, SIDs, accounts at hosts. */
#include "bundle/pseudonyms.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle/address.h"

#define SID_STEM 9
#define COMPOUND_MOST 255 /* bytes: longer is no host's name (RFC 1035, 2.3.4) */

/* The bytes of a SID of a domain, a machine or a directory of Azure that the text begins with, or 0. Other SIDs are of
 * any Windows ([MS-DTYP] 2.4.2.4). */
static size_t sid_length(const char *text)
{
	if (strncasecmp(text, "S-1-5-21-", SID_STEM) != 0 &&
	    strncasecmp(text, "S-1-12-1-", SID_STEM) != 0)
		return 0;
	size_t length = SID_STEM;
	while (text[length] == '-' || isdigit((unsigned char)text[length]))
		length++;
	return length > SID_STEM ? length : 0;
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
			if (!secret_digest(pseudonyms_secret(pseudonyms), "sid", part, digest))
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

/* Prints the pseudonym of the name that the text begins with. */
static bool print_name_at(struct pseudonyms *pseudonyms, FILE *out, const char *text, size_t length)
{
	char *name = strndup(text, length);
	char *pseudonym = name ? pseudonym_of_name(pseudonyms, name) : NULL;
	const bool good = pseudonym && fputs(pseudonym, out) >= 0;
	free(name);
	free(pseudonym);
	return good;
}

/* Replaces the value behind a label of logonsessions (Sysinternals), which names an account or a host that may stand
 * nowhere else. Returns the length of both; 0: there is none. */
static size_t replace_labelled(
    struct pseudonyms *pseudonyms, FILE *out, const char *text, bool *good)
{
	static const char *const labels[] = {"Logon server:", "DNS Domain:", "User name:", "UPN:"};
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		size_t start = strlen(labels[i]);
		if (strncasecmp(text, labels[i], start) != 0)
			continue;
		start += strspn(text + start, " \t");
		size_t length = strcspn(text + start, "\r\n\t\",;");
		while (length > 0 && text[start + length - 1] == ' ')
			length--;
		if (length == 0 || text[start] == '(')
			return 0;
		*good = fwrite(text, 1, start, out) == start &&
		        print_name_at(pseudonyms, out, text + start, length);
		return start + length;
	}
	return 0;
}

/* The bytes of "\Users\" or "/home/" that the text begins with, with as many separators as there are; or 0. */
static size_t home_length(const char *text, char previous)
{
	const size_t before = strspn(text, "\\/");
	const bool windows = strncasecmp(text + before, "Users", 5) == 0;
	if (!before || (!windows && (strncmp(text + before, "home", 4) != 0 ||
	                                text[before - 1] != '/' || is_word(previous))))
		return 0;
	const size_t folder = before + (windows ? 5 : 4);
	const size_t after = strspn(text + folder, "\\/");
	return after ? folder + after : 0;
}

/* Replaces whose folder a path leads through. Returns the length of the path so far; 0: through nobody's. */
static size_t replace_home(
    struct pseudonyms *pseudonyms, FILE *out, const char *text, char previous, bool *good)
{
	/* Profiles that any Windows has. */
	static const char *const shared[] = {"Public", "Default", "All Users", "Default User"};
	const size_t start = home_length(text, previous);
	if (!start)
		return 0;
	size_t length = strcspn(text + start, "\\/\r\n\t\"'<>|:*?,;)");
	if (!strchr("\\/", text[start + length]) || !text[start + length])
		length =
		    strcspn(text + start, " \\/\r\n\t\"'<>|:*?,;)"); /* a path ends at a blank */
	while (length > 0 && text[start + length - 1] == '.')
		length--;
	if (length == 0)
		return 0;
	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
		if (strlen(shared[i]) == length &&
		    strncasecmp(text + start, shared[i], length) == 0)
			return 0;
	*good = fwrite(text, 1, start, out) == start &&
	        print_name_at(pseudonyms, out, text + start, length);
	return start + length;
}

/* The bytes of the word that the text begins with, with the words that hyphens and dots join to it. */
static size_t compound_length(const char *text)
{
	static const char *const files[] = {"exe", "dll", "sys", "log", "txt", "csv", "json",
	    "yaml", "yml", "xml", "html", "md", "dmp", "pdb", "etl", "evtx", "zip", "gz", "ps1",
	    "bat", "cmd", "py", "sh", "c", "h", "leaklab"};
	size_t length = 0, dot = 0;
	while (
	    length < COMPOUND_MOST &&
	    (is_word(text[length]) || (length > 0 && (text[length] == '-' || text[length] == '.') &&
	                                  is_word(text[length + 1])))) {
		if (text[length] == '.')
			dot = length;
		length++;
	}
	/* A file's name says by its end that it is none of a host. */
	for (size_t i = 0; dot && i < sizeof files / sizeof files[0]; i++)
		if (strlen(files[i]) == length - dot - 1 &&
		    strncasecmp(text + dot + 1, files[i], length - dot - 1) == 0)
			return dot;
	return length;
}

/* True if one of the words that the compound is made of is a known name. */
static bool has_known_part(struct pseudonyms *pseudonyms, const char *text, size_t length)
{
	for (size_t at = 0; at < length; at++) {
		if (at > 0 && !strchr("-.", text[at - 1]))
			continue;
		const size_t part = pseudonyms_match(pseudonyms, text + at);
		if (part && at + part <= length)
			return true;
	}
	return false;
}

/* Words of this program's own, and what a pseudonym or a SID has been made of. */
static bool is_own_word(const char *text, size_t length)
{
	return strncasecmp(text, "leaklab-", 8) == 0 ||
	       (strncmp(text, "anon-", 5) == 0 && !memchr(text, '.', length)) ||
	       strncmp(text, "S-1-", 4) == 0;
}

/* Replaces a known name, or all of a word joined by hyphens and dots that a known name is a part of: the rest of
 * "rds01.lab.example" tells as much as the name, and half of a word would be neither. Returns its length; 0: none. */
static size_t replace_known(
    struct pseudonyms *pseudonyms, FILE *out, const char *text, bool is_escape, bool *good)
{
	size_t length = pseudonyms_match(pseudonyms, text);
	/* Behind a backslash the first letter may be half of a line end: whatever follows is looked at next. */
	const size_t compound = is_escape ? 0 : compound_length(text);
	if (compound > length && compound > strcspn(text, "-.") &&
	    has_known_part(pseudonyms, text, compound)) {
		if (is_own_word(text, compound)) {
			*good = fwrite(text, 1, compound, out) == compound;
			return compound;
		}
		length = compound;
	}
	if (length)
		*good = print_name_at(pseudonyms, out, text, length);
	return length;
}

/* Replaces what begins here, if it gives anything away, and returns its length; 0: it does not. */
static size_t replace(
    struct pseudonyms *pseudonyms, FILE *out, const char *text, bool is_escape, bool *good)
{
	size_t length = sid_length(text);
	if (length) {
		*good = print_sid(pseudonyms, out, text, length);
		return length;
	}
	length = address_length(text);
	if (length) {
		*good = print_address(pseudonyms_secret(pseudonyms), out, text, length);
		return length;
	}
	length = account_length(text);
	if (length) {
		*good = print_name_at(pseudonyms, out, text, length);
		return length;
	}
	length = replace_labelled(pseudonyms, out, text, good);
	return length ? length : replace_known(pseudonyms, out, text, is_escape, good);
}

/* The bytes of an option's name ("--lab", "-lab") that the text begins with, or 0. It names nobody; its value may. */
static size_t option_length(const char *text, char previous)
{
	const size_t dashes = strspn(text, "-");
	if (dashes == 0 || dashes > 2 || !is_word(text[dashes]) ||
	    (previous && !strchr(" \t\r\n\"'`([|", previous)))
		return 0;
	size_t length = dashes;
	while (is_word(text[length]) || (text[length] == '-' && is_word(text[length + 1])))
		length++;
	return length;
}

static bool print_prose(struct pseudonyms *pseudonyms, FILE *out, const char *text)
{
	bool inside = false, good = true;
	char previous = '\0';
	while (*text && good) {
		const bool begins = !inside && (is_word(*text) || *text == ':');
		const bool is_escape = previous == '\\' && strchr("nrt", *text);
		const size_t option = option_length(text, previous);
		size_t length = option;
		if (option)
			good = fwrite(text, 1, option, out) == option;
		else if (begins)
			length = replace(pseudonyms, out, text, is_escape, &good);
		else if (*text == '\\' || *text == '/')
			length = replace_home(pseudonyms, out, text, previous, &good);
		if (length) {
			text += length;
			previous = text[-1];
			inside = is_word(previous);
			continue;
		}
		/* In "LAB\nora" nora may be a user, and in JSON "\nora" a line end and ora. */
		inside = is_word(*text) && !is_escape;
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
