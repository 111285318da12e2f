/* From a disk: a dump that fits into memory is read as a whole before its lists are walked. Of a larger one, the handle tables lead to nearly all that
 * will be wanted, and that is read in the order of the file, which lists do not have. */
#include "dump/kernel/steps.h"

#include "dump/little_endian.h"

#define LEVEL_BITS 3u
#define LEAF_ENTRIES 256
#define LEAF_ENTRY_SIZE 16
#define UPPER_ENTRIES 512
#define LOGON_SIZE 0x100 /* of a _SEP_LOGON_SESSION_REFERENCES, about */

bool read_ahead_all(struct kernel *kernel)
{
	struct dump_page_counts pages;
	uint64_t at = 0;
	dump_file_count_pages(kernel->dump, &pages);
	if (!dump_file_fits(kernel->dump))
		return false;
	while (dump_file_read_ahead(kernel->dump, &at))
		kernel_tell(kernel, "the file, MiB", at >> 20, pages.stored * DUMP_PAGE_SIZE >> 20);
	return true;
}

struct visit {
	struct kernel *kernel;
	void (*object)(struct kernel *kernel, uint64_t header);
	uint64_t pages_left; /* of tables */
};

static void visit_leaf(const struct visit *visit, const uint8_t *page)
{
	for (unsigned i = 1; i < LEAF_ENTRIES; i++) {
		const uint64_t header = handles_header(
		    &visit->kernel->inside->layout, load64(page + i * LEAF_ENTRY_SIZE));
		if (header && !(header & 7) &&
		    address_space_is_kernel(visit->kernel->space, header))
			visit->object(visit->kernel, header);
	}
}

static void visit_level(struct visit *visit, uint64_t address, unsigned level)
{
	struct kernel *kernel = visit->kernel;
	uint8_t page[DUMP_PAGE_SIZE];
	if (visit->pages_left == 0 || !address_space_is_kernel(kernel->space, address) ||
	    !address_space_read(kernel->space, address, page, sizeof page, NULL))
		return;
	visit->pages_left--;
	if (level == 0) {
		visit_leaf(visit, page);
		return;
	}
	for (unsigned i = 0; i < UPPER_ENTRIES && load64(page + 8 * i); i++)
		address_space_want(kernel->space, load64(page + 8 * i), DUMP_PAGE_SIZE);
	dump_file_read_wanted(kernel->dump);
	for (unsigned i = 0; i < UPPER_ENTRIES && load64(page + 8 * i); i++)
		visit_level(visit, load64(page + 8 * i), level - 1);
}

/* Calls for each object that a handle leads to, and then has the operating system read what was wanted. */
static void visit_objects(
    struct kernel *kernel, void (*object)(struct kernel *kernel, uint64_t header))
{
	struct visit visit = {kernel, object, kernel->inside->leaf_budget};
	uint64_t code;
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		const uint64_t table = kernel->processes[i].objects;
		kernel_tell(kernel, "handle tables", i, kernel->process_count);
		if (!address_space_is_kernel(kernel->space, table) ||
		    !address_space_read_u64(kernel->space,
		        table + (uint64_t)kernel->inside->layout.table.code, &code, NULL) ||
		    (code & LEVEL_BITS) == LEVEL_BITS)
			continue;
		visit_level(&visit, code & ~(uint64_t)LEVEL_BITS, code & LEVEL_BITS);
	}
	dump_file_read_wanted(kernel->dump);
}

static void want_object(struct kernel *kernel, uint64_t header)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	address_space_want(
	    kernel->space, header, (uint64_t)layout->header.body + layout->token.size);
}

static void want_behind(struct kernel *kernel, uint64_t token, int32_t member, uint64_t length)
{
	uint64_t address;
	if (member != ABSENT && length &&
	    address_space_read_u64(kernel->space, token + (uint64_t)member, &address, NULL) &&
	    address_space_is_kernel(kernel->space, address))
		address_space_want(kernel->space, address, length);
}

/* What a token leads to. */
static void want_more(struct kernel *kernel, uint64_t header)
{
	const struct kernel_private *inside = kernel->inside;
	const struct kernel_layout *layout = &inside->layout;
	const uint64_t token = header + (uint64_t)layout->header.body;
	uint8_t type;
	if (!inside->has_token_type ||
	    !address_space_read_u8(
	        kernel->space, header + (uint64_t)layout->header.type, &type, NULL) ||
	    kernel_object_type(inside, header, type) != inside->token_type)
		return;
	want_behind(kernel, token, layout->token.diagnostics, layout->creation.size);
	want_behind(kernel, token, layout->token.logon, LOGON_SIZE);
}

void read_ahead_objects(struct kernel *kernel)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	if (layout->process.objects == ABSENT || layout->table.code == ABSENT ||
	    layout->entry.object == ABSENT || layout->header.body == ABSENT ||
	    layout->header.type == ABSENT)
		return;
	visit_objects(kernel, want_object);
	visit_objects(kernel, want_more);
}
