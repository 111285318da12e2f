/* Writes the manual of evidence: its text is on standard input, and the sources, by their table, stand where a line of it says
 * "@SOURCES@". */
#include <stdio.h>
#include <string.h>

#include "readers/source.h"

/* scdoc takes '_' for the begin of underlined text. */
static void print_escaped(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr("_*\\#", text[i]))
			putchar('\\');
		putchar(text[i]);
	}
}

/* "A|B" as "A or B". */
static void print_names(const char *names)
{
	for (const char *at = names; *at;) {
		const size_t length = strcspn(at, "|");
		fputs(at == names ? "*" : " or *", stdout);
		print_escaped(at, length);
		putchar('*');
		at += length + (at[length] == '|');
	}
}

static void print_columns(const struct source *source, bool needed)
{
	bool any = false;
	for (const struct column *column = source->columns; column->names; column++) {
		if (column->needed != needed || column->kind == CELL_HOST)
			continue;
		fputs(any ? ", " : needed ? "needs " : "; takes ", stdout);
		print_names(column->names);
		any = true;
	}
}

int main(void)
{
	char line[1000];
	while (fgets(line, sizeof line, stdin)) {
		if (strcmp(line, "@SOURCES@\n") != 0) {
			fputs(line, stdout);
			continue;
		}
		for (const struct source *source = sources; source->name; source++) {
			putchar('*');
			print_escaped(source->name, strlen(source->name));
			printf("*, for %s\n\t", source->target->name);
			print_columns(source, true);
			print_columns(source, false);
			puts("\n");
		}
	}
	return ferror(stdin) || fflush(stdout) != 0;
}
