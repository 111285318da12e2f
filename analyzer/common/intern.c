/* The pool's memory: blocks that are filled and never moved, and a hash set of what is in them. */
#include "common/intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536
#define FIRST_SLOTS 64 /* a power of two */

struct block {
	struct block *next;
	size_t used;
	size_t size;
	char bytes[];
};

struct slot {
	const char *text; /* NULL: free */
	uint32_t length;
	uint32_t hash;
};

struct intern {
	struct block *blocks; /* the one being filled comes first */
	struct slot *slots;   /* open addressing */
	size_t slot_count;
	size_t string_count;
};

struct intern *intern_create(void)
{
	struct intern *intern = calloc(1, sizeof *intern);
	if (!intern)
		return NULL;
	intern->slots = calloc(FIRST_SLOTS, sizeof *intern->slots);
	if (!intern->slots) {
		free(intern);
		return NULL;
	}
	intern->slot_count = FIRST_SLOTS;
	return intern;
}

void intern_destroy(struct intern *intern)
{
	if (!intern)
		return;
	for (struct block *block = intern->blocks; block;) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
	free(intern->slots);
	free(intern);
}

/* FNV-1a. */
static uint32_t hash_bytes(const char *text, size_t length)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < length; i++) {
		hash ^= (unsigned char)text[i];
		hash *= 16777619u;
	}
	return hash;
}

/* The slot that holds the string, or the free one where it belongs. */
static struct slot *find_slot(
    const struct intern *intern, const char *text, size_t length, uint32_t hash)
{
	size_t mask = intern->slot_count - 1;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *slot = &intern->slots[i];
		if (!slot->text)
			return slot;
		if (slot->hash == hash && slot->length == length &&
		    memcmp(slot->text, text, length) == 0)
			return slot;
	}
}

/* Doubles the slots, so that at most three quarters of them are taken. */
static int grow(struct intern *intern)
{
	struct intern larger = {.slot_count = intern->slot_count * 2};
	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (!larger.slots)
		return 0;
	for (size_t i = 0; i < intern->slot_count; i++) {
		const struct slot *slot = &intern->slots[i];
		if (slot->text)
			*find_slot(&larger, slot->text, slot->length, slot->hash) = *slot;
	}
	free(intern->slots);
	intern->slots = larger.slots;
	intern->slot_count = larger.slot_count;
	return 1;
}

static char *take_bytes(struct intern *intern, size_t size)
{
	struct block *block = intern->blocks;
	if (!block || block->size - block->used < size) {
		size_t block_size = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
		struct block *fresh = malloc(sizeof *fresh + block_size);
		if (!fresh)
			return NULL;
		fresh->used = 0;
		fresh->size = block_size;
		if (block && block_size == size) {
			/* A long string gets a block to itself; the one being filled stays first. */
			fresh->next = block->next;
			block->next = fresh;
		} else {
			fresh->next = block;
			intern->blocks = fresh;
		}
		block = fresh;
	}
	char *bytes = block->bytes + block->used;
	block->used += size;
	return bytes;
}

const char *intern_string(struct intern *intern, const char *text, size_t length)
{
	if (!text)
		return NULL;
	length = strnlen(text, length);
	if (length >= UINT32_MAX)
		return NULL;
	if (intern->string_count >= intern->slot_count / 4 * 3 && !grow(intern))
		return NULL;
	uint32_t hash = hash_bytes(text, length);
	struct slot *slot = find_slot(intern, text, length, hash);
	if (slot->text)
		return slot->text;
	char *copy = take_bytes(intern, length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*slot = (struct slot){.text = copy, .length = (uint32_t)length, .hash = hash};
	intern->string_count++;
	return copy;
}
