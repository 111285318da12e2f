/* Where the members of the kernel's structures lie, by the PDB. */
#ifndef LEAKLAB_LAYOUT_H
#define LEAKLAB_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/pdb/pdb.h"

#define ABSENT (-1)

/* Structures of the Windows ABI, in public headers: the same in every x64 build. */
#define LUID_SIZE 8
#define LIST_ENTRY_SIZE 16
#define UNICODE_STRING_SIZE 16
#define SID_AND_ATTRIBUTES_SIZE 16

/* Offsets in bytes; ABSENT where the build has no such member. */
struct kernel_layout {
	struct {
		int32_t links, base, size, full_name, name;
	} module; /* _KLDR_DATA_TABLE_ENTRY */
	struct {
		int32_t pid, links, token, objects, image, audit, created, exited, peb, session,
		    threads, directory;
	} process;          /* _EPROCESS */
	int32_t session_id; /* in what process.session points to */
	int32_t audit_path; /* in what process.audit points to */
	struct {
		int32_t links, id, pid, client, impersonating;
		uint8_t impersonating_bit;
	} thread; /* _ETHREAD */
	struct {
		int32_t next, luid, buddy, references, own_token, user, domain, tokens;
		uint8_t references_size;
	} logon; /* _SEP_LOGON_SESSION_REFERENCES */
	struct {
		int32_t id, luid, session_id, groups, group_count, type, level, flags, logon,
		    diagnostics, session_object;
		uint32_t size;
	} token; /* _TOKEN */
	struct {
		int32_t pid, tid, image, method, trace, captures;
		uint32_t frames, size;
	} creation; /* _SEP_TOKEN_DIAG_TRACK_ENTRY */
	struct {
		int32_t code, limit;
	} table; /* _HANDLE_TABLE */
	struct {
		bool is_packed; /* ObjectPointerBits; else the address with three flags */
		uint8_t shift;  /* of the bits in the entry's first 8 bytes */
		int32_t object;
	} entry; /* _HANDLE_TABLE_ENTRY */
	struct {
		int32_t type, body, handles;
	} header; /* _OBJECT_HEADER */
	struct {
		int32_t index, objects, handles;
	} type; /* _OBJECT_TYPE */
	struct {
		int32_t loader, modules, links, base, size, name;
	} user;                   /* _PEB, _PEB_LDR_DATA, _LDR_DATA_TABLE_ENTRY */
	int32_t invalid_pte_mask; /* in MiState */
};

/* Calls lack for each optional part that the PDB does not have, with what it costs (NULL: nothing that counts). False
 * if something is missing without which nothing can be said, and the error names it. */
bool layout_read(struct kernel_layout *layout, const struct pdb *pdb,
    bool (*lack)(void *context, const char *member, const char *cost), void *context,
    struct error *error);

/* What is the same in all x64 builds since Windows Vista and needed to find the PDB at all: _KLDR_DATA_TABLE_ENTRY as the
 * public PDBs have it. */
void layout_bootstrap(struct kernel_layout *layout);

#endif
