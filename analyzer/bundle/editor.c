/* Which kind of text in a run file is replaced how. */
#include "bundle/editor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/pseudonyms.h"
#include "common/input.h"
#include "readers/reader.h"
#include "runfile/runfile.h"

struct editing {
	struct pseudonyms *pseudonyms;
	struct runfile_editor editor;
	const char *directory;
	int depth; /* of run files in run files */
};

static bool write_file(const char *path, const char *bytes, size_t length)
{
	FILE *out = fopen(path, "wxe");
	bool good = out && fwrite(bytes, 1, length, out) == length;
	if (out && fclose(out) != 0)
		good = false;
	return good;
}

/* Puts a run file that lies in a run file into a file of its own. NULL when that fails. */
static char *unpack(const struct editing *editing, const char *bytes, size_t length)
{
	char *path = NULL;
	if (asprintf(&path, "%s/inner-%d", editing->directory, editing->depth) < 0)
		return NULL;
	if (write_file(path, bytes, length))
		return path;
	free(path);
	return NULL;
}

static bool learn(void *data, enum runfile_text what, const char *bytes, size_t length)
{
	struct editing *editing = data;
	if (what == RUNFILE_ACCOUNT || what == RUNFILE_HOST) {
		char *name = strndup(bytes, length);
		const bool good = name && pseudonyms_learn(editing->pseudonyms, name);
		free(name);
		return good;
	}
	if (what != RUNFILE_RUN)
		return true;
	struct error error;
	char *path = unpack(editing, bytes, length);
	editing->depth++;
	const bool good = path && runfile_learn(path, &editing->editor, &error);
	editing->depth--;
	if (path)
		unlink(path);
	free(path);
	return good;
}

static char *edit_run(struct editing *editing, const char *bytes, size_t *length)
{
	struct error error;
	char *made = NULL, *path = unpack(editing, bytes, *length);
	editing->depth++;
	if (path && (!runfile_edit(path, &editing->editor, &error) ||
	                !input_read(path, &made, length, &error)))
		made = NULL;
	editing->depth--;
	if (path)
		unlink(path);
	free(path);
	return made;
}

/* What is no text cannot be looked through, so it goes. */
static char *edit_output(struct editing *editing, const char *bytes, size_t length)
{
	struct error error;
	char *text = evidence_text(bytes, length, &error);
	if (!text)
		return strdup("(left out: no text)\n");
	char *made = pseudonym_of_prose(editing->pseudonyms, text);
	free(text);
	return made;
}

static char *edit(void *data, enum runfile_text what, const char *bytes, size_t *length)
{
	struct editing *editing = data;
	char *made = NULL;
	if (what == RUNFILE_RUN)
		return edit_run(editing, bytes, length);
	char *text = strndup(bytes, *length);
	if (!text)
		return NULL;
	if (what == RUNFILE_OUTPUT)
		made = edit_output(editing, bytes, *length);
	else if (what == RUNFILE_ACCOUNT || what == RUNFILE_HOST)
		made = pseudonym_of_name(editing->pseudonyms, text);
	else if (what == RUNFILE_SCENARIO)
		made = pseudonym_of_scenario(editing->pseudonyms, text);
	else if (what == RUNFILE_IMAGE && !strpbrk(text, "\\/"))
		made =
		    strdup(text); /* a program's name; a path may lead through somebody's profile */
	else
		made = pseudonym_of_prose(editing->pseudonyms, text);
	free(text);
	if (made)
		*length = strlen(made);
	return made;
}

bool pseudonymise(const char *path, const char *directory, struct error *error)
{
	struct editing editing = {.pseudonyms = pseudonyms_create(), .directory = directory};
	editing.editor = (struct runfile_editor){learn, edit, &editing};
	bool good = editing.pseudonyms ||
	            error_set(error, EXIT_TARGET, "no memory, or no random numbers for a key");
	good = good && runfile_learn(path, &editing.editor, error) &&
	       runfile_edit(path, &editing.editor, error);
	pseudonyms_destroy(editing.pseudonyms);
	return good || error_prefix(error, "pseudonymising");
}
