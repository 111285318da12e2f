/* A picture in memory, and what can be drawn in it: areas and text. */
#ifndef LEAKLAB_LABHOST_PICTURE_H
#define LEAKLAB_LABHOST_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#define LETTER_WIDTH 8
#define LETTER_HEIGHT 16

struct area {
	int x, y, width, height;
};

struct picture {
	int width, height;
	uint32_t *pixels; /* 0x00RRGGBB, rows from the top */
};

/* Black. False: no memory. */
bool picture_init(struct picture *picture, int width, int height);
void picture_deinit(struct picture *picture);

/* What is outside of the picture is left out. */
void picture_fill(struct picture *picture, struct area area, uint32_t color);
/* A line; the top left corner of its first letter is at x, y. What is no printable ASCII is shown as '?'. */
void picture_text(struct picture *picture, int x, int y, uint32_t color, const char *text);

/* font.c */
#define FONT_ROWS 8
#define FONT_DOTS 5
extern const uint8_t font_rows['~' - ' ' + 1][FONT_ROWS];

#endif
