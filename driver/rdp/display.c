/* Takes what the host paints, and draws none of it. */
#include <freerdp/freerdp.h>
#include <freerdp/update.h>

#include "driver/rdp/connection.h"

static void (*note_painted)(rdpContext *context); /* set before the first thread */

static BOOL painted(rdpContext *context)
{
	note_painted(context);
	return TRUE;
}

static BOOL take_bitmap(rdpContext *context, const BITMAP_UPDATE *bitmap)
{
	(void)bitmap;
	return painted(context);
}

static BOOL take_surface_bits(rdpContext *context, const SURFACE_BITS_COMMAND *bits)
{
	(void)bits;
	return painted(context);
}

#define IGNORE(name, type)                                                                         \
	static BOOL name(rdpContext *context, const type *unused)                                  \
	{                                                                                          \
		(void)context;                                                                     \
		(void)unused;                                                                      \
		return TRUE;                                                                       \
	}
IGNORE(ignore_palette, PALETTE_UPDATE)
IGNORE(ignore_frame_marker, SURFACE_FRAME_MARKER)
IGNORE(ignore_pointer_position, POINTER_POSITION_UPDATE)
IGNORE(ignore_pointer_system, POINTER_SYSTEM_UPDATE)
IGNORE(ignore_pointer_color, POINTER_COLOR_UPDATE)
IGNORE(ignore_pointer_new, POINTER_NEW_UPDATE)
IGNORE(ignore_pointer_cached, POINTER_CACHED_UPDATE)
IGNORE(ignore_pointer_large, POINTER_LARGE_UPDATE)

static BOOL ignore_resize(rdpContext *context)
{
	(void)context;
	return TRUE;
}

void display_watch(void (*note)(rdpContext *context))
{
	note_painted = note;
}

BOOL display_ignore(freerdp *instance)
{
	rdpUpdate *update = instance->context->update;
	rdpPointerUpdate *pointer = update->pointer;

	update->BeginPaint = ignore_resize;
	update->EndPaint = painted;
	update->DesktopResize = ignore_resize;
	update->BitmapUpdate = take_bitmap;
	update->SurfaceBits = take_surface_bits;
	update->SurfaceFrameMarker = ignore_frame_marker;
	update->Palette = ignore_palette;
	pointer->PointerPosition = ignore_pointer_position;
	pointer->PointerSystem = ignore_pointer_system;
	pointer->PointerColor = ignore_pointer_color;
	pointer->PointerNew = ignore_pointer_new;
	pointer->PointerCached = ignore_pointer_cached;
	pointer->PointerLarge = ignore_pointer_large;
	return TRUE;
}
