/* What is missing is counted, and the first damages are kept in words. */
#include "dump/kernel/reader.h"

#include <stdarg.h>
#include <stdio.h>

#define NOTE_MOST 320

void kernel_miss(struct kernel *kernel, enum kernel_thing thing, unsigned reason)
{
	kernel->missing[thing][reason]++;
}

/* The words of a damage, if it is among the first of all or *first of its kind. Without memory there are none. */
static void add_note(
    struct kernel *kernel, const char **first, const char *format, va_list arguments)
{
	const bool has_room = kernel->note_count < sizeof kernel->notes / sizeof kernel->notes[0];
	char text[NOTE_MOST];
	if (!has_room && *first)
		return;
	const int length = vsnprintf(text, sizeof text, format, arguments);
	const char *note = intern_string(kernel->inside->strings, text,
	    (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
	if (note && has_room)
		kernel->notes[kernel->note_count++] = note;
	if (!*first)
		*first = note;
}

void kernel_damaged(struct kernel *kernel, enum kernel_thing thing, const char *format, ...)
{
	va_list arguments;
	kernel_miss(kernel, thing, KERNEL_DAMAGED);
	va_start(arguments, format);
	add_note(kernel, &kernel->first_damage[thing], format, arguments);
	va_end(arguments);
}

/* Damage by which nothing is missing. */
static void mend(struct kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void mend(struct kernel *kernel, const char *format, ...)
{
	va_list arguments;
	kernel->mended++;
	va_start(arguments, format);
	add_note(kernel, &kernel->first_mended, format, arguments);
	va_end(arguments);
}

uint32_t kernel_most(const struct kernel *kernel, size_t size)
{
	uint64_t most = kernel->inside->budget / size + 1;
	return most < UINT32_MAX / 2 ? (uint32_t)most : UINT32_MAX / 2;
}

void kernel_tell(struct kernel *kernel, const char *what, uint64_t done, uint64_t total)
{
	if (kernel->inside->progress)
		kernel->inside->progress(kernel->inside->context, what, done, total);
}

bool kernel_lack(struct kernel *kernel, const char *format, ...)
{
	char text[256];
	va_list arguments;
	uint32_t count = (uint32_t)kernel->lack_count;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	const char **item = large_array_next(
	    &kernel->lacks, &count, &kernel->inside->lack_room, sizeof *kernel->lacks);
	if (!item)
		return false;
	*item = intern_string(kernel->inside->strings, text,
	    (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
	kernel->lack_count = *item ? count : kernel->lack_count;
	return *item;
}

void kernel_broke_off(struct kernel *kernel, enum kernel_thing thing, const struct list *list,
    const char *format, ...)
{
	char name[128];
	va_list arguments;
	if (!list->broken)
		return;
	if (list->reason != MEMORY_STATES && !list->joined) {
		kernel_miss(kernel, thing, list->reason);
		return;
	}
	va_start(arguments, format);
	vsnprintf(name, sizeof name, format, arguments);
	va_end(arguments);
	if (list->joined)
		mend(kernel,
		    "%s: the entry at 0x%llx %s; nothing is missing, it was read from its other end",
		    name, (unsigned long long)list->where, list->what);
	else
		kernel_damaged(kernel, thing, "%s: the entry at 0x%llx %s", name,
		    (unsigned long long)list->where, list->what);
}

bool kernel_find_variable(const struct kernel *kernel, const char *name, uint64_t *address)
{
	uint32_t rva;
	if (!pdb_find_public(kernel->inside->pdb, name, &rva))
		return false;
	*address = kernel->base + rva;
	return true;
}
