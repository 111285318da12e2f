/* Knows the keys of the Run box and of the security screen.
 *
 * The security screen, which Ctrl+Alt+Delete opens, has in an RDP session the options Lock, Sign out, Change a password and Task Manager.
 * Google's IAP Desktop (github.com/GoogleCloudPlatform/iap-desktop, pull request 1511 and RdpClient.cs, 2024) signs users out by
 * Ctrl+Alt+Delete, a second's wait, Down, Enter: "the second option on the list". Its authors say that this is reliable on Windows
 * clients and on Windows Server with Desktop Experience, not on Server Core, and that Alt+S does it too but may vary with the display language.
 * Only inferred from that: that the first option is the one chosen at first, that Up goes back, that Alt+S is "Sign out" in English,
 * and that Esc closes the screen, as it does other dialogs. What the other options open is not modelled: they lead back. */
#include "labhost/screen.h"

#include <ctype.h>

enum option { OPTION_LOCK, OPTION_SIGN_OUT, OPTION_CHANGE_PASSWORD, OPTION_TASK_MANAGER };

static enum screen_outcome type_into_run_box(struct screen *screen, unsigned key)
{
	switch (key) {
	case '\033':
		screen->shown = SCREEN_DESKTOP;
		return SCREEN_STAYS;
	case '\b':
		if (screen->length > 0)
			screen->length--;
		return SCREEN_STAYS;
	case '\r':
	case '\n':
		screen->shown = SCREEN_DESKTOP;
		screen->text[screen->length] = '\0';
		return SCREEN_COMMAND;
	default:
		if (key >= ' ' && key < 0x7f && screen->length + 1 < sizeof(screen->text))
			screen->text[screen->length++] = (char)key;
		return SCREEN_STAYS;
	}
}

static enum screen_outcome choose(struct screen *screen, enum option option)
{
	screen->shown = SCREEN_DESKTOP;
	return option == OPTION_SIGN_OUT ? SCREEN_SIGN_OUT : SCREEN_STAYS;
}

static enum screen_outcome type_into_security_screen(
    struct screen *screen, const struct stroke *stroke)
{
	switch (stroke->key) {
	case KEY_DOWN:
		screen->choice += screen->choice < OPTION_TASK_MANAGER;
		return SCREEN_STAYS;
	case KEY_UP:
		screen->choice -= screen->choice > OPTION_LOCK;
		return SCREEN_STAYS;
	case '\r':
	case '\n':
		return choose(screen, (enum option)screen->choice);
	case 's':
		return stroke->alt ? choose(screen, OPTION_SIGN_OUT) : SCREEN_STAYS;
	case '\033':
		screen->shown = SCREEN_DESKTOP;
		return SCREEN_STAYS;
	default:
		return SCREEN_STAYS;
	}
}

static void type_on_desktop(struct screen *screen, const struct stroke *stroke, bool can_run)
{
	if (!can_run || !stroke->windows || stroke->key > 0x7f || tolower((int)stroke->key) != 'r')
		return;
	screen->shown = SCREEN_RUN_BOX;
	screen->length = 0;
}

enum screen_outcome screen_type(struct screen *screen, const struct stroke *stroke, bool can_run)
{
	if (stroke->key == KEY_DELETE && stroke->control && stroke->alt) {
		screen->shown = SCREEN_SECURITY;
		screen->choice = OPTION_LOCK;
		return SCREEN_STAYS;
	}
	if (screen->shown == SCREEN_SECURITY)
		return type_into_security_screen(screen, stroke);
	if (screen->shown == SCREEN_RUN_BOX && !stroke->windows)
		return type_into_run_box(screen, stroke->key);
	type_on_desktop(screen, stroke, can_run);
	return SCREEN_STAYS;
}
