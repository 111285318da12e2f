/* What a format of evidence has to offer. Inside this folder; one format a file.
 *
 * A text may hold the output of several tools, one behind the other, as people paste them: every line goes to the
 * format it is in, and a heading or banner changes that. */
#ifndef LEAKLAB_FORMAT_H
#define LEAKLAB_FORMAT_H

#include <stddef.h>

#include "common/error.h"
#include "evidence/snapshot.h"
#include "readers/lines.h"

/* What a format made of a line. */
enum taken {
	TAKEN_NOT,    /* it is none of its lines */
	TAKEN_ROW,    /* data, understood */
	TAKEN_FRAME,  /* a heading, a banner, a sum */
	TAKEN_FAILED, /* memory is out */
};

/* The text that is being read. What must be known of earlier lines is kept by the section that they are of. */
struct reading {
	struct snapshot *snapshot;
	const char *origin; /* file or observer */
	int64_t line;       /* the one at hand, from 1 */
	int quoted;         /* how deep the line is quoted, as it is tried */
	bool torn;          /* the line has no end: the text ends in it */
	int mail;           /* heads of mails before it */
	const struct line_format *current;
	struct span
	    raw; /* the line as it is in the text, decoded; `line` is what a page shows of it */
	struct span heading; /* the line before, trimmed at its end; a ruled table's heading */
	struct session_lists *sessions;
	struct logon_list *logons;
	struct handle_list *handles;
	struct process_list *processes;
	struct event_list *events;
	struct strings *strings;
	struct table *table;
	struct debugger *debugger; /* NULL: its output is not in the text */
	struct listings *listings; /* NULL: nobody asks for them */
	struct hosts *hosts;       /* NULL: the same */
	const char *host;          /* that the last prompt was on; NULL: it does not say */
	const char
	    *only; /* the one whose rows are read; "": of the one without a name; NULL: any */
	/* What is known of the other listings of the text, where this is a part of it. */
	bool part;
	size_t earlier;        /* moments before it */
	const char *uncertain; /* why its handles are not all; NULL: they may be */
};

/* What the formats of one section keep and conclude together: what they have seen of it, and what not. */
struct section_reader {
	bool (*create)(struct reading *reading); /* false: memory is out */
	void (*destroy)(struct reading *reading);
	/* A line that stands among its own was not understood. */
	void (*unread)(struct reading *reading, struct span line);
	/* The text ended in the middle of a line. True if that cut a row, which is then taken back; held: the line was not
	 * understood. NULL: it may have been whole. */
	bool (*cuts)(struct reading *reading, bool held);
	/* The text has ended, with the end of a line if `ends`: says its sight. False: memory is out. */
	bool (*finish)(struct reading *reading, bool ends);
};

extern const struct section_reader section_sessions, section_logons, section_handles,
    section_processes, section_events, section_tables;

struct line_format {
	const char *name;                     /* NULL: of tables, which their sources name */
	const struct section_reader *section; /* NULL: of none */
	/* True if the line is this tool's banner or heading: the lines behind it are its own. */
	bool (*begins)(struct reading *reading, struct span line);
	/* A line, first of the format that the text is in, then of any that can tell its rows without a heading. */
	enum taken (*take)(struct reading *reading, struct span line);
	/* The line is none of its own, or blank, or the text is over: what was begun is ended. False: memory is out. NULL: nothing goes on
	 * over lines. */
	bool (*ends)(struct reading *reading);
	/* The line before is in the middle of an object: the next one is, too, blank or not. NULL: no format of lines is. */
	bool (*open)(const struct reading *reading);
	void (*destroy)(struct reading *reading); /* NULL: it keeps nothing */
	/* True if take() tells its rows from all others without a heading. */
	bool rows_tell;
};

extern const struct line_format format_qwinsta, format_quser, format_logonsessions, format_handle,
    format_handle_csv, format_handle_types, format_klist, format_tasklist, format_get_process,
    format_windbg, format_pdh, format_csv, format_ruled, format_blanks, format_list, format_objects,
    format_events, format_event_text;

/* Our own JSON, by its first character and its schema. */
bool json_looks_like(const char *bytes, size_t length);

/* The first reason why a list is not whole, and where. */
struct flaw {
	int64_t line; /* 0: there is none */
	char why[240];
};
void flaw_note(struct flaw *flaw, const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a line that was not understood. */
void flaw_note_line(struct flaw *flaw, const struct reading *reading, struct span line);
/* Says how much of a section was seen; flaw may be NULL or empty. False: memory is out. */
bool reading_see(struct reading *reading, const char *section, enum extent extent, const char *why,
    const struct flaw *flaw);

/* A string of the snapshot; NULL for an empty one. Sets *failed when memory is out. */
const char *reading_string(struct reading *reading, struct span span, bool *failed);
/* "DOMAIN\user" as strings of the snapshot. Sets *failed when memory is out. */
struct account {
	const char *domain, *user;
	size_t domain_length, user_length;
};
struct account reading_account(struct reading *reading, struct span account, bool *failed);
struct strings *strings_create(void); /* what was just made a string; NULL: out of memory */
void strings_destroy(struct strings *strings);

/* The process with this ID, a new one if it is not known yet. Valid until the next. NULL: memory is out. */
struct process *reading_process(struct reading *reading, int64_t pid);
/* A list of processes is in the text. */
void reading_lists_processes(struct reading *reading);

#endif
