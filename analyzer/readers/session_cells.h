/* What may stand in the cells of qwinsta and quser. Inside this folder. */
#ifndef LEAKLAB_SESSION_CELLS_H
#define LEAKLAB_SESSION_CELLS_H

#include "readers/session_lists.h"

/* A WinStation's name can be; it has no blanks in it, which tells a row of qwinsta from a sentence. */
bool cell_may_be_station(struct span cell);
/* Known to be one, by its form. */
bool cell_is_station(struct span cell);
bool cell_may_be_user(struct span cell);
/* In any language. */
bool cell_may_be_state(struct span cell);
/* What stands behind the state, which is the word at `state`, is qwinsta's type and device, or quser's times: no other row. `shift`: by
 * so many columns the row stands left of its heading. */
bool cells_end_row(
    const struct session_columns *columns, const struct words *words, size_t state, int shift);

#endif
