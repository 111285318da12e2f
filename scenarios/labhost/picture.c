/* Letters of 5 x 8 dots stand in cells of 8 x 16 pixels: a dot is one pixel wide and two high. */
#include "labhost/picture.h"

#include <stdlib.h>

#define MARGIN_LEFT 1
#define DOT_HEIGHT 2

bool picture_init(struct picture *picture, int width, int height)
{
	*picture = (struct picture){
	    width, height, calloc((size_t)width * (size_t)height, sizeof *picture->pixels)};
	return picture->pixels;
}

void picture_deinit(struct picture *picture)
{
	free(picture->pixels);
	*picture = (struct picture){0};
}

static void put(struct picture *picture, int x, int y, uint32_t color)
{
	if (x >= 0 && x < picture->width && y >= 0 && y < picture->height)
		picture->pixels[(size_t)y * (size_t)picture->width + (size_t)x] = color;
}

void picture_fill(struct picture *picture, struct area area, uint32_t color)
{
	for (int y = area.y; y < area.y + area.height; y++)
		for (int x = area.x; x < area.x + area.width; x++)
			put(picture, x, y, color);
}

static void put_letter(struct picture *picture, int x, int y, uint32_t color, char letter)
{
	const uint8_t *rows = font_rows[(letter < ' ' || letter > '~' ? '?' : letter) - ' '];
	for (int row = 0; row < FONT_ROWS * DOT_HEIGHT; row++)
		for (int dot = 0; dot < FONT_DOTS; dot++)
			if (rows[row / DOT_HEIGHT] >> (FONT_DOTS - 1 - dot) & 1)
				put(picture, x + MARGIN_LEFT + dot, y + row, color);
}

void picture_text(struct picture *picture, int x, int y, uint32_t color, const char *text)
{
	for (; *text; text++, x += LETTER_WIDTH) {
		if (((unsigned char)*text & 0xc0) == 0x80) { /* the rest of a character of UTF-8 */
			x -= LETTER_WIDTH;
			continue;
		}
		put_letter(picture, x, y, color, *text);
	}
}
