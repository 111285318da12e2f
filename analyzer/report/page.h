/* The parts of the HTML report that are files: made by embed.py. Inside this folder. */
#ifndef LEAKLAB_REPORT_PAGE_H
#define LEAKLAB_REPORT_PAGE_H

#include <stddef.h>

extern const char page_css[], page_js[], chart_js[];
extern const size_t page_css_size, page_js_size,
    chart_js_size; /* chart_js_size may be 0: no charts */

#endif
