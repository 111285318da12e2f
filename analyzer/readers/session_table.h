/* The tables of qwinsta and quser, which differ in the order of their columns. Inside this folder. */
#ifndef LEAKLAB_SESSION_TABLE_H
#define LEAKLAB_SESSION_TABLE_H

#include "readers/session_lists.h"

/* Reads a heading in any language; false if the line is none. */
bool session_table_heading(struct session_columns *columns, struct span line);
enum taken session_table_row(struct reading *reading, struct span line);

#endif
