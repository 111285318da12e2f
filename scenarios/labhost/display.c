/* Knows how a picture gets to the client: as uncompressed bitmaps (MS-RDPBCGR 2.2.9.1.1.3.1.2), tile by tile, of which only those are
 * sent that have changed. */
#include "labhost/connection.h"

#include <stdlib.h>
#include <string.h>

#include <freerdp/update.h>

#include "labhost/desktop.h"
#include "labhost/memory.h"

#define TILE 64
#define WIDTH_MOST 800 /* what is beyond stays black: each client has two pictures here */
#define HEIGHT_MOST 600
#define ALIGNED 4 /* a bitmap's width */
#define CLOCK_STEP 1000000

struct display {
	struct picture picture, sent;
	bool all;        /* what is on the client's screen is not known */
	bool suppressed; /* the client does not show it */
};

static struct display *display_create(const rdpSettings *settings)
{
	const uint32_t width = freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth),
	               height = freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight);
	struct display *display = memory_zeroed(1, sizeof *display);
	const int wide = (int)(width < WIDTH_MOST ? width : WIDTH_MOST) & ~(ALIGNED - 1),
	          high = (int)(height < HEIGHT_MOST ? height : HEIGHT_MOST);
	display->all = true;
	if (picture_init(&display->picture, wide, high) && picture_init(&display->sent, wide, high))
		return display;
	display_destroy(display);
	return NULL;
}

void display_destroy(struct display *display)
{
	if (!display)
		return;
	picture_deinit(&display->picture);
	picture_deinit(&display->sent);
	free(display);
}

static bool tile_is_same(const struct display *display, struct area tile)
{
	for (int y = tile.y; y < tile.y + tile.height; y++) {
		const size_t at = (size_t)y * (size_t)display->picture.width + (size_t)tile.x;
		if (memcmp(display->picture.pixels + at, display->sent.pixels + at,
		        (size_t)tile.width * sizeof *display->sent.pixels) != 0)
			return false;
	}
	return true;
}

/* In the client's colours (MS-RDPBCGR 2.2.7.1.2, preferredBitsPerPixel). Returns the bytes of a pixel. */
static size_t put_pixel(BYTE *out, uint32_t color, uint32_t depth)
{
	const uint32_t red = color >> 16 & 0xff, green = color >> 8 & 0xff, blue = color & 0xff;
	if (depth <= 16) {
		const uint32_t value = depth == 15 ? red >> 3 << 10 | green >> 3 << 5 | blue >> 3
		                                   : red >> 3 << 11 | green >> 2 << 5 | blue >> 3;
		out[0] = (BYTE)value;
		out[1] = (BYTE)(value >> 8);
		return 2;
	}
	out[0] = (BYTE)blue;
	out[1] = (BYTE)green;
	out[2] = (BYTE)red;
	if (depth == 24)
		return 3;
	out[3] = 0;
	return 4;
}

/* Rows from the bottom. */
static bool send_tile(const struct connection *connection, struct area tile)
{
	rdpContext *context = connection->rdp->context;
	const struct picture *picture = &connection->display->picture;
	const uint32_t depth = freerdp_settings_get_uint32(context->settings, FreeRDP_ColorDepth);
	BYTE bytes[TILE * TILE * 4];
	size_t used = 0;
	for (int y = tile.y + tile.height; y-- > tile.y;)
		for (int x = tile.x; x < tile.x + tile.width; x++)
			used += put_pixel(bytes + used,
			    picture->pixels[(size_t)y * (size_t)picture->width + (size_t)x], depth);
	BITMAP_DATA area = {.destLeft = (UINT32)tile.x,
	    .destTop = (UINT32)tile.y,
	    .destRight = (UINT32)(tile.x + tile.width - 1),
	    .destBottom = (UINT32)(tile.y + tile.height - 1),
	    .width = (UINT32)tile.width,
	    .height = (UINT32)tile.height,
	    .bitsPerPixel = depth,
	    .bitmapLength = (UINT32)used,
	    .bitmapDataStream = bytes};
	const BITMAP_UPDATE bitmap = {.number = 1, .rectangles = &area};
	return context->update->BitmapUpdate(context, &bitmap);
}

static bool send_changes(struct connection *connection)
{
	struct display *display = connection->display;
	const int width = display->picture.width, height = display->picture.height;
	for (int y = 0; y < height; y += TILE)
		for (int x = 0; x < width; x += TILE) {
			const struct area tile = {x, y, width - x < TILE ? width - x : TILE,
			    height - y < TILE ? height - y : TILE};
			if ((display->all || !tile_is_same(display, tile)) &&
			    !send_tile(connection, tile))
				return false;
		}
	memcpy(display->sent.pixels, display->picture.pixels,
	    (size_t)width * (size_t)height * sizeof *display->sent.pixels);
	display->all = false;
	return true;
}

bool display_refresh(struct connection *connection)
{
	struct lab *lab = connection->lab;
	if (!connection->environment->options.desktop || !connection->active ||
	    !connection->session_id)
		return true;
	if (!connection->display &&
	    !(connection->display = display_create(connection->rdp->context->settings)))
		return false;
	if (connection->display->suppressed)
		return true;
	lab_lock(lab);
	const int64_t now = lab_now(lab);
	const struct nt_session *session = model_session(lab->model, connection->session_id);
	if (session)
		desktop_draw(&connection->display->picture, lab->model, lab->host_name, session,
		    &connection->screen, now);
	lab_unlock(lab);
	return !session || send_changes(connection);
}

int display_wait(const struct connection *connection)
{
	if (!connection->display || connection->display->suppressed)
		return -1;
	return (int)((CLOCK_STEP - lab_now(connection->lab) % CLOCK_STEP) / 1000) + 1;
}

void display_forget(struct connection *connection)
{
	if (connection->display)
		connection->display->all = true;
}

void display_suppress(struct connection *connection, bool suppressed)
{
	if (connection->display)
		connection->display->suppressed = suppressed;
}
