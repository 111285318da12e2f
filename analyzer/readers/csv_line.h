/* A line of CSV as cells. Inside this folder. */
#ifndef LEAKLAB_CSV_LINE_H
#define LEAKLAB_CSV_LINE_H

#include "readers/lines.h"
#include "readers/text_buffer.h"

enum cut {
	CUT_WHOLE,
	CUT_GOES_ON, /* it ends within quotes */
	CUT_WRONG,
};

/* Cuts the line into at most `most` cells, without their quotes, and counts them all. They are in the line, or, where they have quotes within, in the
 * buffer, as long as it is not used again. */
enum cut csv_cut(struct text_buffer *scratch, struct span line, char separator, struct span *cells,
    size_t most, size_t *count);

#endif
