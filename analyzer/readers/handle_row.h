/* One handle of any shape in which handle prints it. Inside this folder. */
#ifndef LEAKLAB_HANDLE_ROW_H
#define LEAKLAB_HANDLE_ROW_H

#include "readers/format.h"

/* What is known of the handles in the text so far. */
struct handle_list {
	struct span term; /* what was searched for, if the command line is there */
	int64_t pid;      /* the process whose handles are listed */
	const char *image;
	size_t image_length;
	size_t process; /* its place in the snapshot; SIZE_MAX: none */
	/* The columns before the value in the last row of a search, which the next one mostly shares; "": none. */
	char search_columns[52];
	size_t search_type; /* of those, the type's length */
	int64_t search_pid; /* of those, as `pid` and `image` were */
	const char *search_image;
	size_t
	    broken; /* 1 + index of a handle whose name goes on in the next line; 0: none; SIZE_MAX: any */
	bool any;       /* rows were there */
	bool all_types; /* -a: not only files and sections */
	bool narrowed;  /* -p: only of some processes */
	bool searches;  /* rows of a search */
	bool lists;     /* rows of a listing */
	int64_t listed_processes;
	int64_t named_line;       /* where a process was named that was not known before; 0: none */
	int64_t closed_processes; /* that could not be opened */
	size_t csv_columns;
	int outputs, commands;
	int64_t asked_pid;       /* -p on the command line; NUMBER_UNKNOWN: none, or a name */
	const char *asked_image; /* the name; NULL: none */
	bool closing;            /* -c */
	/* The last row of a listing, which handle -c may be closing. */
	int64_t last_line; /* 0: there is none */
	int64_t last_value, last_pid;
	bool last_added;   /* it became the last of the snapshot's handles */
	size_t closed;     /* handles */
	char why[240];     /* they are not all */
	const char *token; /* "Token" */
	const char *none;  /* why a tool printed none */
	char *untabbed;    /* a row with blanks for tabs */
	size_t untabbed_size;
	struct flaw flaw;
};

/* The process whose handles are listed; NULL: none is known. Valid until another is added. */
struct process *handle_list_process(const struct reading *reading);

struct handle_row {
	struct process *process; /* NULL: not known */
	int64_t value;
	struct span type;
	struct span user; /* what -u adds; not always there */
	struct span name;
};

/* Counts the handle for its process; keeps it if it is one that holds or names a logon session. */
enum taken handle_row_take(struct reading *reading, const struct handle_row *row);
/* Types that tell a row of a listing whose beginning was cut off. */
bool handle_row_knows_type(struct span type);
/* Another row begins in it: a line end was lost. */
bool handle_row_holds_another(struct span name);
/* What follows is another output: of no process yet, or of the one that the command line names. False: memory is out. */
bool handle_row_restart(struct reading *reading);
/* The process, with its image. NULL: memory is out. */
struct process *handle_row_process(struct reading *reading, int64_t pid, struct span image);
/* A row of a listing was taken, when there were so many handles before. */
void handle_row_listed(
    struct reading *reading, size_t count, struct process *process, int64_t value);
/* "Handle closed.": that of the last row. */
enum taken handle_closed(struct reading *reading);
/* A name that was broken over two lines: "\Sessions\0\" and "DosDevices\00000000-0005c203". */
enum taken handle_row_go_on(struct reading *reading, struct span line);
/* What command was typed, "handle -a 17c025": the search term, and whether all types were asked for. False: memory is out. */
bool handle_row_command(struct reading *reading, struct span command, struct span host);

#endif
