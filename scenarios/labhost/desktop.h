/* What a user sees of the host after the logon: the session's facts, who holds its logon session, what the next logon is given, and two
 * buttons. Knows nothing of RDP. */
#ifndef LEAKLAB_LABHOST_DESKTOP_H
#define LEAKLAB_LABHOST_DESKTOP_H

#include "labhost/model.h"
#include "labhost/picture.h"
#include "labhost/screen.h"

enum desktop_button { BUTTON_NONE, BUTTON_LOG_OFF, BUTTON_DISCONNECT };

/* Draws the desktop of the session as it is now. The caller has the lab's lock. */
void desktop_draw(struct picture *picture, const struct model *model, const char *host_name,
    const struct nt_session *session, const struct screen *screen, int64_t now);

/* Which button of the desktop is there. */
enum desktop_button desktop_button_at(int x, int y);

#endif
