/* A page's offset is the number of bits set before its own: the count before every word is kept, so that a
 * look-up counts one. */
#include "dump/file/bitmap.h"

#include <stdlib.h>

#include "dump/file/page.h"
#include "dump/little_endian.h"

struct bitmap {
	uint64_t *word;   /* in the machine's byte order */
	uint64_t *before; /* bits set before each word */
	uint64_t words;
	uint64_t population;
	uint64_t first_page;
};

/* Without the instruction, which not all processors have, the compiler would call a function. */
static uint64_t count_bits(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return word * UINT64_C(0x0101010101010101) >> 56;
}

/* Words in place, from the file's byte order; bits beyond the last page frame are cleared. */
static void settle_words(struct bitmap *bitmap, uint64_t bits)
{
	for (uint64_t i = 0; i < bitmap->words; i++)
		bitmap->word[i] = load64(&bitmap->word[i]);
	if (bits % 64)
		bitmap->word[bits / 64] &= (UINT64_C(1) << bits % 64) - 1;
	for (uint64_t i = 0; i < bitmap->words; i++) {
		bitmap->before[i] = bitmap->population;
		bitmap->population += count_bits(bitmap->word[i]);
	}
}

static bool check_layout(
    const struct dump_source *source, const struct bitmap_layout *layout, struct error *error)
{
	if (layout->bits == 0 || layout->bits > DUMP_PAGES_LARGEST)
		return error_set(error, EXIT_USAGE, "damaged: its bitmap has %llu bits",
		    (unsigned long long)layout->bits);
	uint64_t end = layout->bitmap + (layout->bits + 7) / 8;
	if (end > source->size)
		return error_set(error, EXIT_USAGE,
		    "cut off at byte %llu, within its bitmap of pages; copy it again",
		    (unsigned long long)source->size);
	if (layout->first_page < end || layout->first_page >= INT64_MAX)
		return error_set(error, EXIT_USAGE,
		    "damaged: its first page is said to be at 0x%llx",
		    (unsigned long long)layout->first_page);
	return true;
}

struct bitmap *bitmap_create(
    const struct dump_source *source, const struct bitmap_layout *layout, struct error *error)
{
	if (!check_layout(source, layout, error))
		return NULL;
	struct bitmap *bitmap = calloc(1, sizeof *bitmap);
	if (!bitmap)
		goto no_memory;
	bitmap->words = (layout->bits + 63) / 64;
	bitmap->first_page = layout->first_page;
	bitmap->word = calloc(bitmap->words, sizeof *bitmap->word);
	bitmap->before = calloc(bitmap->words, sizeof *bitmap->before);
	if (!bitmap->word || !bitmap->before)
		goto no_memory;
	if (!source_read(source, layout->bitmap, bitmap->word, (size_t)((layout->bits + 7) / 8))) {
		error_set(error, EXIT_TARGET, "its bitmap of pages cannot be read");
		goto fail;
	}
	settle_words(bitmap, layout->bits);
	return bitmap;
no_memory:
	error_memory(error);
fail:
	bitmap_destroy(bitmap);
	return NULL;
}

void bitmap_destroy(struct bitmap *bitmap)
{
	if (!bitmap)
		return;
	free(bitmap->word);
	free(bitmap->before);
	free(bitmap);
}

uint64_t bitmap_population(const struct bitmap *bitmap)
{
	return bitmap->population;
}

bool bitmap_find(const struct bitmap *bitmap, uint64_t pfn, uint64_t *offset)
{
	uint64_t word = pfn / 64, bit = UINT64_C(1) << pfn % 64;
	if (word >= bitmap->words || !(bitmap->word[word] & bit))
		return false;
	uint64_t rank = bitmap->before[word] + count_bits(bitmap->word[word] & (bit - 1));
	*offset = bitmap->first_page + rank * DUMP_PAGE_SIZE;
	return true;
}

void bitmap_extent(
    const struct bitmap *bitmap, uint64_t *pages, uint64_t *first_offset, uint64_t *highest)
{
	*pages = bitmap->population;
	*first_offset = bitmap->first_page;
	*highest = 0;
	for (uint64_t i = bitmap->words; i-- > 0;) {
		if (bitmap->word[i]) {
			*highest = i * 64 + 63 - (uint64_t)__builtin_clzll(bitmap->word[i]);
			break;
		}
	}
}
