/* What people see of a run while it goes on, on standard error. */
#ifndef LEAKLAB_PROGRESS_H
#define LEAKLAB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/monitor/outlook.h"
#include "driver/monitor/tally.h"

/* AUTO: LINE on a terminal that can draw, else LINES. LIVE there is LINES, too. */
enum progress_mode {
	PROGRESS_AUTO,
	PROGRESS_LIVE,  /* a view of several lines */
	PROGRESS_LINE,  /* one line that is drawn again and again */
	PROGRESS_LINES, /* a line at each phase, and now and then */
	PROGRESS_NONE,
};

struct progress {
	enum progress_mode mode;
	const char *name, *host; /* of the scenario, and its host */
	int64_t every;           /* microseconds; LINES */
	int64_t started;         /* monotonic */
	int64_t drawn;           /* monotonic; 0: nothing is */
	int lines;               /* of the view */
	enum doing doing;        /* drawn last */
};

void progress_init(struct progress *progress, enum progress_mode mode, int64_t every,
    const char *name, const char *host);
/* Whether somebody wants to see what the run shows so far. */
bool progress_wants_outlook(const struct progress *progress);
/* Draws what is due. view: NULL where nothing is judged. Returns when to draw again; monotonic. */
int64_t progress_draw(
    struct progress *progress, const struct tally *tally, const struct outlook_view *view);
/* Takes the view away, so that other text can be printed. */
void progress_clear(struct progress *progress);
/* A line of text that is worth reading. */
void progress_say(struct progress *progress, const char *text);

#endif
