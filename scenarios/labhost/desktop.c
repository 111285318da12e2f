/* Lines of text from the top, two buttons at the place where every client has room for them. */
#include "labhost/desktop.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/timestamp.h"

#define BACKGROUND 0x17425f
#define HEADING 0x0d2a3e
#define TEXT 0xf2f2f2
#define DIM 0x9fb8c8
#define BUTTON 0xd8dee3
#define BUTTON_TEXT 0x101010
#define CHOSEN 0xf0c040

#define LEFT 16
#define COLUMN (LEFT + 18 * LETTER_WIDTH)
#define HOLDERS_SHOWN 6
#define LEFTOVERS_SHOWN 4

static const struct {
	struct area area;
	const char *text;
	enum desktop_button button;
} buttons[] = {
    {{LEFT, 40, 120, 28}, "Log off", BUTTON_LOG_OFF},
    {{LEFT + 136, 40, 120, 28}, "Disconnect", BUTTON_DISCONNECT},
};

/* Where the next line goes. */
struct lines {
	struct picture *picture;
	int y;
};

static void put_line(struct lines *lines, int x, uint32_t color, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void put_line(struct lines *lines, int x, uint32_t color, const char *format, ...)
{
	char text[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	picture_text(lines->picture, x, lines->y, color, text);
	lines->y += LETTER_HEIGHT + 2;
}

static void put_fact(struct lines *lines, const char *name, const char *value)
{
	picture_text(lines->picture, LEFT, lines->y, DIM, name);
	put_line(lines, COLUMN, TEXT, "%s", value);
}

static void put_heading(struct picture *picture, const char *host_name, int64_t now)
{
	char time[TIMESTAMP_TEXT], text[128];
	timestamp_format(now, time);
	snprintf(
	    text, sizeof text, "%.60s, a lab host of leaklab. No Windows runs here.", host_name);
	picture_fill(picture, (struct area){0, 0, picture->width, 28}, HEADING);
	picture_text(picture, LEFT, 6, TEXT, text);
	snprintf(text, sizeof text, "%.8s UTC", strchr(time, 'T') + 1);
	picture_text(picture, picture->width - 13 * LETTER_WIDTH, 6, TEXT, text);
}

static void put_buttons(struct picture *picture)
{
	for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++) {
		const struct area area = buttons[i].area;
		const int width = (int)strlen(buttons[i].text) * LETTER_WIDTH;
		picture_fill(picture, area, BUTTON);
		picture_text(picture, area.x + (area.width - width) / 2, area.y + 6, BUTTON_TEXT,
		    buttons[i].text);
	}
}

enum desktop_button desktop_button_at(int x, int y)
{
	for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++) {
		const struct area area = buttons[i].area;
		if (x >= area.x && x < area.x + area.width && y >= area.y &&
		    y < area.y + area.height)
			return buttons[i].button;
	}
	return BUTTON_NONE;
}

/* Handles of the process that keep the logon session, and whether all of them release with the last other one. */
static size_t handles_to(
    const struct nt_process *process, const struct nt_logon *logon, bool *follows)
{
	size_t count = 0;
	*follows = true;
	for (size_t slot = 0; slot < process->table_size; slot++) {
		const struct nt_handle *handle = process->table[slot];
		if (!handle || handle->logon != logon)
			continue;
		*follows &= handle->follower;
		count++;
	}
	return count;
}

/* The processes with handles to it; those of the session itself hold its token as their own, and are counted. */
static void put_holders(
    struct lines *lines, const struct model *model, const struct nt_logon *logon)
{
	const struct nt_process *process;
	size_t own = 0, shown = 0;
	TAILQ_FOREACH(process, model_processes(model), link)
	{
		bool follows;
		const size_t count = handles_to(process, logon, &follows);
		own += process->primary->logon == logon;
		if (count == 0 || ++shown > HOLDERS_SHOWN)
			continue;
		put_line(lines, LEFT + 16, TEXT, "%.40s (%" PRIu32 "), %zu handle%s%s",
		    process->image, process->pid, count, text_plural((int64_t)count),
		    follows ? ", released with the last other one" : "");
	}
	if (shown > HOLDERS_SHOWN)
		put_line(lines, LEFT + 16, DIM, "and %zu more", shown - HOLDERS_SHOWN);
	if (own > 0)
		put_line(lines, LEFT + 16, TEXT, "%zu process%s that run%s as it", own,
		    own == 1 ? "" : "es", own == 1 ? "s" : "");
	if (shown == 0 && own == 0)
		put_line(lines, LEFT + 16, TEXT, "nobody that a handle viewer shows");
}

/* Logon sessions whose RDS sessions are over. */
static void put_leftovers(struct lines *lines, const struct model *model)
{
	const struct nt_logon *logon;
	size_t count = 0;
	TAILQ_FOREACH(logon, model_logons(model), link)
	count += logon->ended;
	put_line(lines, LEFT, DIM,
	    count ? "Left of sessions that are over:"
	          : "Nothing is left of sessions that are over.");
	size_t shown = 0;
	TAILQ_FOREACH(logon, model_logons(model), link)
	{
		if (!logon->ended || ++shown > LEFTOVERS_SHOWN)
			continue;
		put_line(lines, LEFT + 16, TEXT,
		    "%.20s\\%.20s, logon session %08x:%08x, was session %" PRIu32, logon->domain,
		    logon->user, (unsigned)(logon->luid >> 32), (unsigned)logon->luid,
		    logon->session_id);
	}
	if (count > LEFTOVERS_SHOWN)
		put_line(lines, LEFT + 16, DIM, "and %zu more: leaklab-labhost ask logonsessions",
		    count - LEFTOVERS_SHOWN);
}

static void put_box(struct picture *picture, const char *const *texts, size_t count, size_t chosen)
{
	const struct area area = {picture->width / 2 - 160, 120, 320, 24 + (int)count * 20};
	picture_fill(picture, area, BUTTON);
	for (size_t i = 0; i < count; i++) {
		const int y = area.y + 12 + (int)i * 20;
		if (i == chosen)
			picture_fill(
			    picture, (struct area){area.x + 8, y - 2, area.width - 16, 20}, CHOSEN);
		picture_text(picture, area.x + 16, y, BUTTON_TEXT, texts[i]);
	}
}

static void put_screen(struct picture *picture, const struct screen *screen)
{
	static const char *const options[] = {
	    "Lock", "Sign out", "Change a password", "Task Manager"};
	char text[64];
	const char *const run[] = {"Run", text};
	const size_t hidden = screen->length > 32 ? screen->length - 32 : 0;
	if (screen->shown == SCREEN_SECURITY)
		put_box(picture, options, sizeof options / sizeof *options, screen->choice);
	if (screen->shown != SCREEN_RUN_BOX)
		return;
	snprintf(text, sizeof text, "Open: %.*s_", (int)(screen->length - hidden),
	    screen->text + hidden);
	put_box(picture, run, 2, 0);
}

void desktop_draw(struct picture *picture, const struct model *model, const char *host_name,
    const struct nt_session *session, const struct screen *screen, int64_t now)
{
	struct lines lines = {picture, 84};
	const struct nt_logon *logon = session->logon;
	char text[160];
	picture_fill(picture, (struct area){0, 0, picture->width, picture->height}, BACKGROUND);
	put_heading(picture, host_name, now);
	put_buttons(picture);
	snprintf(text, sizeof text, "%.60s\\%.60s", session->domain, session->user);
	put_fact(&lines, "User", text);
	snprintf(text, sizeof text, "%" PRIu32, session->id);
	put_fact(&lines, "Session ID", text);
	snprintf(
	    text, sizeof text, "%08x:%08x", (unsigned)(logon->luid >> 32), (unsigned)logon->luid);
	put_fact(&lines, "Logon session", text);
	snprintf(text, sizeof text, "%" PRIu32, model_next_session_id(model));
	put_fact(&lines, "Next session ID", text);
	lines.y += LETTER_HEIGHT / 2;
	put_line(&lines, LEFT, DIM, "This logon session is held by:");
	put_holders(&lines, model, logon);
	lines.y += LETTER_HEIGHT / 2;
	put_leftovers(&lines, model);
	put_screen(picture, screen);
}
