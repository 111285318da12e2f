/* What a format of evidence has to offer. Inside this folder; one format a file.
 *
 * A text may hold the output of several tools, one behind the other, as people paste them: every line goes to the
 * format it is in, and a heading or banner changes that. */
#ifndef LEAKLAB_FORMAT_H
#define LEAKLAB_FORMAT_H

#include <stddef.h>

#include "common/error.h"
#include "readers/lines.h"
#include "evidence/snapshot.h"

/* What a format made of a line. */
enum taken {
	TAKEN_NOT,    /* it is none of its lines */
	TAKEN_ROW,    /* data, understood */
	TAKEN_FRAME,  /* a heading, a banner, a sum */
	TAKEN_FAILED, /* memory is out */
};

/* Where the columns of qwinsta and quser are. Learnt from the heading. */
struct session_columns {
	int name; /* where rows start; a marker stands before it */
	int second;
	int id, id_end;
	bool user_first; /* quser */
	char quote[8];   /* what stands before the heading: "# " in a comment, "> " in a mail */
};

#define COLUMNS_MOST 16
/* A table whose columns are ruled with "----" or "====". */
struct ruled {
	struct {
		int start, end;
		char heading[24];
	} columns[COLUMNS_MOST];
	size_t count;
};

struct line_format;
struct process_index;

/* The text that is being read. Formats keep here what they must know of earlier lines. */
struct reading {
	struct snapshot *snapshot;
	const struct line_format *current;
	struct span
	    heading; /* the line before this one, trimmed at its end; a ruled table's heading */
	struct session_columns sessions;
	struct ruled ruled;
	struct process_index *processes;
	size_t logon; /* number of logon sessions seen, the last one is being read; 0: none is */
	int64_t logon_number; /* of the next record */
	unsigned
	    logon_labels; /* that the record has, a bit each; not of klist, whose records are lines */
	unsigned logon_labels_common; /* that all records before it have; 0: it is the first */

	/* handle */
	struct span term; /* what was searched for, if the command line is there */
	int64_t pid;      /* the process whose handles are listed */
	const char *image;
	const char *user;
	struct process *process;
	/* The columns before the value in the last row of a search, which the next one mostly shares; "": none. */
	char search_columns[52];
	size_t search_type; /* of those, the type's length */
	int64_t search_pid; /* of those, as `pid` and `image` were */
	const char *search_image;
	size_t
	    broken; /* 1 + index of a handle whose name goes on in the next line; 0: none; SIZE_MAX: any */
	bool all_types; /* -a: not only files and sections */
	bool narrowed;  /* -p: only of some processes */
	bool unsure;    /* rows were cut off, or not understood */
	bool searches;  /* rows of a search */
	bool lists;     /* rows of a listing */
	int64_t listed_processes;
	int64_t closed_processes; /* that could not be opened */
	size_t csv_columns;
	int handle_outputs;
	int64_t asked_pid; /* -p on the command line */
	size_t image_length;
	const char *token; /* "Token" */
	struct account {
		const char *domain, *user;
		size_t domain_length, user_length;
	} accounts[1024];         /* that were just seen */
	const char *recent[2048]; /* strings that were just interned */

	/* The list of sessions that is being read, and the one before it: whether it is qwinsta's, and where it starts. */
	struct session_list {
		bool all;
		size_t first;
	} list, earlier;
	bool lists_failed; /* memory was out when they were compared */

	/* What was in the text at all. */
	bool all_sessions; /* qwinsta's too */
	bool has_sessions, has_logons, has_handles, has_processes;
	const char *no_sessions, *no_handles; /* why a tool printed none */
};

struct line_format {
	const char *name;
	/* True if the line is this tool's banner or heading: the lines behind it are its own. */
	bool (*begins)(struct reading *reading, struct span line);
	/* A line, first of the format that the text is in, then of any that can tell its rows without a heading. */
	enum taken (*take)(struct reading *reading, struct span line);
	/* True if take() tells its rows from all others without a heading. */
	bool rows_tell;
};

extern const struct line_format format_qwinsta, format_quser, format_logonsessions, format_handle,
    format_handle_csv, format_handle_types, format_klist, format_tasklist, format_get_process;

/* Our own JSON: the first character tells it from text. */
bool json_looks_like(const char *bytes, size_t length);

/* A string of the snapshot; NULL for an empty one. Sets *failed when memory is out. */
const char *reading_string(struct reading *reading, struct span span, bool *failed);
/* "DOMAIN\user" as strings of the snapshot. Sets *failed when memory is out. */
struct account reading_account(struct reading *reading, struct span account, bool *failed);
/* The process with this ID, a new one if it is not known yet. Valid until the next. NULL: memory is out. */
struct process *reading_process(struct reading *reading, int64_t pid);

#endif
