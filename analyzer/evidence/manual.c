/* Writes the manual of snapshots: its text is on standard input, and the fields of all records, by their tables, stand where a line
 * of it says "@FIELDS@". */
#include <stdio.h>
#include <string.h>

#include "evidence/snapshot.h"

/* scdoc takes '_' for the begin of underlined text. */
static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_field(const struct field *field)
{
	static const char *const kinds[] = {
	    [FIELD_TEXT] = "text",
	    [FIELD_NUMBER] = "number",
	    [FIELD_TIME] = "time",
	    [FIELD_LUID] = "LUID",
	    [FIELD_YES_NO] = "true or false",
	    [FIELD_FLAG] = "true",
	    [FIELD_COUNT] = "number; none is 0",
	    [FIELD_WORD] = "word",
	    [FIELD_LIST] = "list",
	};
	putchar('*');
	print_escaped(field->json);
	fputs("*\n\t", stdout);
	print_escaped(field->doc);
	printf(" (%s%s", kinds[field->kind], field->required ? ", must be there" : "");
	if (strcmp(field->name, field->json) != 0) {
		fputs("; in run files *", stdout);
		print_escaped(field->name);
		putchar('*');
	}
	puts(")");
}

static void print_record(const char *title, const struct record *record)
{
	printf("## %s\n\n", title);
	FIELD_EACH(field, record)
	{
		print_field(field);
	}
	putchar('\n');
	FIELD_EACH(field, record)
	{
		if (field->kind == FIELD_LIST && field->of->count > 1)
			print_record(field->json, field->of);
	}
}

int main(void)
{
	char line[1000];
	while (fgets(line, sizeof line, stdin)) {
		if (strcmp(line, "@FIELDS@\n") == 0)
			print_record("the snapshot", &snapshot_record);
		else
			fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout) != 0;
}
