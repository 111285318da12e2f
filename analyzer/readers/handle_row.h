/* One handle of any shape in which handle prints it. Inside this folder. */
#ifndef LEAKLAB_HANDLE_ROW_H
#define LEAKLAB_HANDLE_ROW_H

#include "readers/format.h"

struct handle_row {
	struct process *process; /* NULL: of nobody knows which */
	int64_t value;
	struct span type;
	struct span user; /* what -u adds; not always there */
	struct span name;
};

/* Counts the handle for its process; keeps it if it is one that holds or names a logon session. */
enum taken handle_row_take(struct reading *reading, const struct handle_row *row);
/* The process, with its image. NULL: memory is out. */
struct process *handle_row_process(struct reading *reading, int64_t pid, struct span image);
/* A name that was broken over two lines: "\Sessions\0\" and "DosDevices\00000000-0005c203". */
enum taken handle_row_go_on(struct reading *reading, struct span line);
/* What command was typed, "handle -a 17c025": the search term, and whether all types were asked for. */
void handle_row_command(struct reading *reading, struct span command);

#endif
