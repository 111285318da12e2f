/* Knows how a pseudonym follows from a name: HMAC-SHA256 of the name in small letters under a key that dies with the
 * process, so that equal names have equal pseudonyms and no dictionary can turn them back. */
#include "bundle/pseudonyms.h"

#include <ctype.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle/address.h"

#define DIGEST_BYTES 5 /* a hundred thousand names collide with a probability of 0.5 % */

struct pseudonyms {
	struct secret secret;
	void *labels; /* of struct label, by text */
	void *known;  /* of char *, folded */
	size_t longest;
};

struct label {
	char *text; /* folded */
	char pseudonym[sizeof "anon-" + 2 * DIGEST_BYTES];
};

static int label_order(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->text, ((const struct label *)b)->text);
}

static int text_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct pseudonyms *pseudonyms_create(void)
{
	struct pseudonyms *pseudonyms = calloc(1, sizeof *pseudonyms);
	if (pseudonyms && !secret_init(&pseudonyms->secret)) {
		free(pseudonyms);
		pseudonyms = NULL;
	}
	return pseudonyms;
}

const struct secret *pseudonyms_secret(const struct pseudonyms *pseudonyms)
{
	return &pseudonyms->secret;
}

static void free_label(void *node)
{
	struct label *label = node;
	free(label->text);
	free(label);
}

void pseudonyms_destroy(struct pseudonyms *pseudonyms)
{
	if (!pseudonyms)
		return;
	tdestroy(pseudonyms->labels, free_label);
	tdestroy(pseudonyms->known, free);
	secret_deinit(&pseudonyms->secret);
	free(pseudonyms);
}

/* Names that any Windows has, in the languages whose tools are read. They tell nothing of the site. */
static bool is_well_known(const char *folded)
{
	static const char *const names[] = {"", "-", ".", "system", "local service",
	    "network service", "anonymous logon", "nt authority", "nt-autorit\xc3\xa4t",
	    "autorite nt", "nt service", "builtin", "window manager", "font driver host",
	    "workgroup", "localhost", "administrator", "guest", "lokaler dienst", "netzwerkdienst",
	    "service local", "service r\xc3\xa9seau", "syst\xc3\xa8me", "none"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(folded, names[i]) == 0)
			return true;
	}
	/* One account a session: DWM-2, UMFD-2. */
	const size_t stem = strncmp(folded, "dwm-", 4) == 0    ? 4
	                    : strncmp(folded, "umfd-", 5) == 0 ? 5
	                                                       : 0;
	return stem && folded[stem] && strspn(folded + stem, "0123456789") == strlen(folded + stem);
}

/* The pseudonym of one part of a name; NULL when memory is out. */
static const char *pseudonym_of_label(
    struct pseudonyms *pseudonyms, const char *text, size_t length)
{
	struct label key = {.text = fold(text, length)};
	if (!key.text)
		return NULL;
	struct label **found = tfind(&key, &pseudonyms->labels, label_order);
	if (found) {
		free(key.text);
		return (*found)->pseudonym;
	}
	unsigned char digest[32];
	struct label *made = calloc(1, sizeof *made);
	if (!made || !secret_digest(&pseudonyms->secret, "name", key.text, digest) ||
	    !tsearch((*made = key, made), &pseudonyms->labels, label_order)) {
		free(made);
		free(key.text);
		return NULL;
	}
	char *out = made->pseudonym + sprintf(made->pseudonym, "anon-");
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		out += sprintf(out, "%02x", digest[i]);
	return made->pseudonym;
}

static bool print_label(struct pseudonyms *pseudonyms, FILE *out, const char *text, size_t length)
{
	/* A machine's account is its name and a dollar sign. */
	const bool machine = length > 1 && text[length - 1] == '$';
	char *folded = fold(text, length);
	if (!folded)
		return false;
	if (is_well_known(folded) || strspn(folded, "0123456789") == length ||
	    strncmp(folded, "anon-", 5) == 0) {
		free(folded);
		return fwrite(text, 1, length, out) == length;
	}
	free(folded);
	const char *pseudonym = pseudonym_of_label(pseudonyms, text, length - machine);
	return pseudonym && fprintf(out, "%s%s", pseudonym, machine ? "$" : "") > 0;
}

static bool print_name(struct pseudonyms *pseudonyms, FILE *out, const char *name)
{
	bool good = true;
	char *folded = fold(name, strlen(name));
	const bool kept = folded && is_well_known(folded);
	const char *colon = strrchr(name, ':');
	const bool has_port = colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")];
	const size_t port = has_port ? (size_t)(colon - name) : strlen(name);
	if (!folded)
		return false;
	free(folded);
	if (kept)
		return fputs(name, out) >= 0;
	/* An address is one thing. What follows a colon is a port. */
	const size_t address = address_length(name);
	if (address && (!name[address] || name[address] == ':'))
		return print_address(&pseudonyms->secret, out, name, address) &&
		       fputs(name + address, out) >= 0;
	for (size_t at = 0; good && at < port;) {
		const size_t length = strcspn(name + at, ".@\\:");
		good = length == 0 || print_label(pseudonyms, out, name + at, length);
		at += length;
		if (at < port)
			fputc(name[at++], out);
	}
	return good && fputs(name + port, out) >= 0;
}

char *pseudonym_of_name(struct pseudonyms *pseudonyms, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool good = out && print_name(pseudonyms, out, name);
	if (out && fclose(out) != 0)
		good = false;
	if (!good) {
		free(text);
		text = NULL;
	}
	return text;
}

static bool learn_word(struct pseudonyms *pseudonyms, const char *text, size_t length)
{
	char *folded = fold(text, length);
	if (!folded)
		return false;
	if (is_well_known(folded) || address_length(folded) == length ||
	    strspn(folded, "0123456789") == length ||
	    tfind(folded, &pseudonyms->known, text_order)) {
		free(folded);
		return true;
	}
	if (!tsearch(folded, &pseudonyms->known, text_order)) {
		free(folded);
		return false;
	}
	if (length > pseudonyms->longest)
		pseudonyms->longest = length;
	return true;
}

/* JSON may write letters beyond ASCII as \uXXXX. */
static bool learn_escaped(struct pseudonyms *pseudonyms, const char *name)
{
	char *escaped = NULL;
	size_t size = 0;
	bool plain = true;
	FILE *out = open_memstream(&escaped, &size);
	if (!out)
		return false;
	for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
		if ((at[0] & 0xe0) == 0xc0 && (at[1] & 0xc0) == 0x80) {
			fprintf(out, "\\u%04x", (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu));
			plain = false;
			at++;
		} else {
			fputc(*at, out);
		}
	}
	bool good = fclose(out) == 0;
	good = good && (plain || learn_word(pseudonyms, escaped, size));
	free(escaped);
	return good;
}

bool pseudonyms_learn(struct pseudonyms *pseudonyms, const char *name)
{
	const size_t length = strcspn(name, ":");
	if (!learn_word(pseudonyms, name, length) || !learn_escaped(pseudonyms, name))
		return false;
	/* Parts by which it may be called alone: but of rds01.lab.example "example" is none. */
	for (size_t at = 0; at < length;) {
		size_t part = strcspn(name + at, "\\@:");
		const size_t first = strcspn(name + at, ".\\@:");
		if (part && (!learn_word(pseudonyms, name + at, part) ||
		                !learn_word(pseudonyms, name + at, first)))
			return false;
		if (part > 1 && name[at + part - 1] == '$' &&
		    !learn_word(pseudonyms, name + at, part - 1))
			return false;
		at += part + 1;
	}
	return true;
}

size_t pseudonyms_match(struct pseudonyms *pseudonyms, const char *text)
{
	size_t most = strnlen(text, pseudonyms->longest);
	for (size_t length = most; length > 0; length--) {
		if (is_word(text[length]))
			continue;
		/* A machine's dollar sign is no word, a blank at the end is no name. */
		if (text[length - 1] == ' ')
			continue;
		char *folded = fold(text, length);
		const bool found = folded && tfind(folded, &pseudonyms->known, text_order);
		free(folded);
		if (found)
			return length;
	}
	return 0;
}
