/* How the kernel is found before there are symbols: the header points to PsLoadedModuleList, the first entry of which is the
 * kernel, and its image names its PDB. */
#include "dump/kernel/steps.h"

#include <string.h>

/* The list's head and its first entry link to each other: then the page tables are understood. */
static bool looks_right(struct address_space *space, void *context)
{
	uint64_t head = *(const uint64_t *)context, flink, blink, back;
	return address_space_is_kernel(space, head) && !(head & 7) &&
	       address_space_read_u64(space, head, &flink, NULL) &&
	       address_space_read_u64(space, head + 8, &blink, NULL) &&
	       address_space_is_kernel(space, flink) && address_space_is_kernel(space, blink) &&
	       address_space_read_u64(space, flink + 8, &back, NULL) && back == head;
}

static bool read_image(void *context, uint32_t rva, void *buffer, size_t length)
{
	struct kernel *kernel = context;
	return rva < kernel->size && length <= kernel->size - rva &&
	       address_space_read(kernel->space, kernel->base + rva, buffer, length, NULL);
}

static bool find_image(struct kernel *kernel, struct error *error)
{
	const struct dump_header *header = dump_file_header(kernel->dump);
	const struct kernel_layout *layout = &kernel->inside->layout;
	struct memory_fault fault;
	uint64_t first;
	uint8_t magic[2];
	if (!address_space_read_u64(kernel->space, header->loaded_module_list, &first, &fault) ||
	    !address_space_read_u64(
	        kernel->space, first + (uint64_t)layout->module.base, &kernel->base, &fault) ||
	    !address_space_read_u32(
	        kernel->space, first + (uint64_t)layout->module.size, &kernel->size, &fault))
		return error_set(error, EXIT_INCONCLUSIVE,
		    "the kernel's entry in the list of loaded modules is %s (0x%llx); the dump is "
		    "damaged or incomplete",
		    memory_state_text(fault.state), (unsigned long long)fault.address);
	if ((kernel->base & 0xfff) || !address_space_is_kernel(kernel->space, kernel->base) ||
	    kernel->size < 0x1000 || kernel->size > 1u << 30)
		return error_set(error, EXIT_INCONCLUSIVE,
		    "the first loaded module lies at 0x%llx and has 0x%x bytes, which cannot be the "
		    "kernel; the dump is damaged",
		    (unsigned long long)kernel->base, kernel->size);
	if (address_space_read(kernel->space, kernel->base, magic, 2, NULL) &&
	    memcmp(magic, "MZ", 2) != 0)
		return error_set(error, EXIT_INCONCLUSIVE,
		    "there is no image at 0x%llx, where the kernel should be; the dump is damaged",
		    (unsigned long long)kernel->base);
	struct pe_reader reader = {.read = read_image, .context = kernel};
	kernel->has_identity = pe_image_identify(&reader, &kernel->identity, &kernel->no_symbol);
	if (!kernel->has_identity)
		error_prefix(&kernel->no_symbol, "the kernel's image does not name its PDB");
	return true;
}

/* Says how much of a dump that was cut short there is: that is what has to be mended first. */
static bool blame_cut(const struct kernel *kernel, struct error *error)
{
	struct dump_page_counts pages;
	dump_file_count_pages(kernel->dump, &pages);
	if (pages.stored < pages.listed)
		error_set(error, EXIT_INCONCLUSIVE,
		    "the dump was cut short: %llu of its %llu pages are in the file, and without the "
		    "others the kernel cannot be found; copy it from the host again",
		    (unsigned long long)pages.stored, (unsigned long long)pages.listed);
	return false;
}

bool image_find(struct kernel *kernel, struct error *error)
{
	uint64_t head = dump_file_header(kernel->dump)->loaded_module_list;
	if (!address_space_settle_levels(kernel->space, looks_right, &head)) {
		error_set(error, EXIT_INCONCLUSIVE,
		    "the list of loaded modules (0x%llx) cannot be read by the page tables at 0x%llx: "
		    "the dump is damaged or lacks the kernel's pages; take a kernel or complete dump",
		    (unsigned long long)head,
		    (unsigned long long)dump_file_header(kernel->dump)->directory_table_base);
		return blame_cut(kernel, error);
	}
	return find_image(kernel, error) || blame_cut(kernel, error);
}

/* What the dump's header says must be what the PDB says. */
static bool prove(struct kernel *kernel, struct error *error)
{
	const struct dump_header *header = dump_file_header(kernel->dump);
	const struct {
		const char *name;
		uint64_t address;
	} points[] = {
	    {"PsLoadedModuleList", header->loaded_module_list},
	    {"PsActiveProcessHead", header->active_process_head},
	    {"KdDebuggerDataBlock", header->debugger_data},
	};
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		uint32_t rva;
		if (points[i].address == 0)
			continue; /* the writer left it unset */
		if (!pdb_find_public(kernel->inside->pdb, points[i].name, &rva))
			return error_set(error, EXIT_INCONCLUSIVE, "%s has no public symbol %s",
			    kernel->pdb_path, points[i].name);
		if (kernel->base + rva != points[i].address)
			return error_set(error, EXIT_INCONCLUSIVE,
			    "%s does not belong to this kernel: %s should be at 0x%llx, and the dump's "
			    "header has 0x%llx",
			    kernel->pdb_path, points[i].name,
			    (unsigned long long)(kernel->base + rva),
			    (unsigned long long)points[i].address);
	}
	return true;
}

static bool lack(void *context, const char *member, const char *cost)
{
	return kernel_lack(context, "%s: %s", member, cost);
}

/* Until this is known, pages in transition of hosts with the L1TF mitigation are not to be found. */
static void set_invalid_pte_mask(struct kernel *kernel)
{
	const struct kernel_private *inside = kernel->inside;
	uint64_t state, mask;
	if (inside->layout.invalid_pte_mask == ABSENT ||
	    !kernel_find_variable(kernel, "MiState", &state))
		return;
	if (address_space_read_u64(
	        kernel->space, state + (uint64_t)inside->layout.invalid_pte_mask, &mask, NULL))
		address_space_set_invalid_pte_mask(kernel->space, mask);
	else
		kernel_lack(kernel, "MiState.Hardware.InvalidPteMask is not in the dump: pages "
		                    "in transition may seem paged out");
}

bool image_find_symbols(struct kernel *kernel, struct symbol_store *store, struct error *error)
{
	if (!kernel->has_identity) {
		*error = kernel->no_symbol;
		return false;
	}
	kernel->pdb_path =
	    symbol_store_find(store, kernel->identity.pdb_name, &kernel->identity.pdb, error);
	if (!kernel->pdb_path)
		return false;
	struct kernel_private *inside = kernel->inside;
	inside->pdb = pdb_open(kernel->pdb_path, error);
	if (!inside->pdb)
		return false;
	if (!pdb_identity_equal(pdb_identity(inside->pdb), &kernel->identity.pdb))
		return error_set(error, EXIT_INCONCLUSIVE, "%s is of another build than the dump",
		    kernel->pdb_path);
	if (!prove(kernel, error) ||
	    !layout_read(&inside->layout, inside->pdb, lack, kernel, error))
		return false;
	set_invalid_pte_mask(kernel);
	kernel->has_symbols = true;
	return true;
}
