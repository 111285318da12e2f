/* The names of all members that are looked up, and which of them the analyzer cannot do without. */
#include "dump/kernel/layout.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define OFFSET_MOST 0x4000 /* beyond any structure that is read here */

struct wanted {
	const char *type, *path;
	size_t slot;  /* in struct kernel_layout */
	uint8_t size; /* of the member; 0: any */
	bool is_required;
	const char *cost; /* of an optional one that is missing; NULL: none worth saying */
};

#define AT(member) offsetof(struct kernel_layout, member)
#define LOGON "_SEP_LOGON_SESSION_REFERENCES"
#define CREATION "_SEP_TOKEN_DIAG_TRACK_ENTRY"
#define NO_CREATORS "who made the tokens is not known"
#define NO_HANDLES "handles cannot be read"
#define CUT_NAMES "processes' names are cut after 14 characters"
#define NO_USER_FRAMES "user frames of stacks stay addresses"

static const struct wanted wanted[] = {
    {"_EPROCESS", "UniqueProcessId", AT(process.pid), 8, true, NULL},
    {"_EPROCESS", "ActiveProcessLinks", AT(process.links), 16, true, NULL},
    {"_EPROCESS", "Token", AT(process.token), 8, true, NULL},
    {"_EPROCESS", "ImageFileName", AT(process.image), 0, true, NULL},
    {"_EPROCESS", "SeAuditProcessCreationInfo.ImageFileName", AT(process.audit), 8, false,
        CUT_NAMES},
    {"_OBJECT_NAME_INFORMATION", "Name", AT(audit_path), 16, false, CUT_NAMES},
    {"_EPROCESS", "ObjectTable", AT(process.objects), 8, false, NO_HANDLES},
    {"_EPROCESS", "CreateTime", AT(process.created), 8, false, NULL},
    {"_EPROCESS", "ExitTime", AT(process.exited), 8, false,
        "processes that exited count as running"},
    {"_EPROCESS", "Peb", AT(process.peb), 8, false, NO_USER_FRAMES},
    {"_EPROCESS", "Session", AT(process.session), 8, false, NULL},
    {"_EPROCESS", "ThreadListHead", AT(process.threads), 16, false,
        "impersonating threads cannot be read"},
    {"_KPROCESS", "DirectoryTableBase", AT(process.directory), 8, false, NO_USER_FRAMES},
    {"_ETHREAD", "ThreadListEntry", AT(thread.links), 16, false,
        "impersonating threads cannot be read"},
    {"_ETHREAD", "Cid.UniqueThread", AT(thread.id), 8, false, NULL},
    {"_ETHREAD", "Cid.UniqueProcess", AT(thread.pid), 8, false, NULL},
    {"_ETHREAD", "ClientSecurity", AT(thread.client), 8, false,
        "impersonating threads cannot be read"},
    {LOGON, "Next", AT(logon.next), 8, true, NULL},
    {LOGON, "LogonId", AT(logon.luid), 8, true, NULL},
    {LOGON, "ReferenceCount", AT(logon.references), 0, true, NULL},
    {LOGON, "BuddyLogonId", AT(logon.buddy), 8, false, NULL},
    {LOGON, "Token", AT(logon.own_token), 8, false, NULL},
    {LOGON, "AccountName", AT(logon.user), 16, false, "account names are not known"},
    {LOGON, "AuthorityName", AT(logon.domain), 16, false, NULL},
    {LOGON, "TokenList", AT(logon.tokens), 16, false, NULL}, /* before 14393: see tracking */
    {"_TOKEN", "AuthenticationId", AT(token.luid), 8, true, NULL},
    {"_TOKEN", "SessionId", AT(token.session_id), 4, true, NULL},
    {"_TOKEN", "LogonSession", AT(token.logon), 8, true, NULL},
    {"_TOKEN", "TokenId", AT(token.id), 8, false, NULL},
    {"_TOKEN", "UserAndGroups", AT(token.groups), 8, false, "users of tokens are not known"},
    {"_TOKEN", "UserAndGroupCount", AT(token.group_count), 4, false,
        "users of tokens are not known"},
    {"_TOKEN", "TokenType", AT(token.type), 4, false, NULL},
    {"_TOKEN", "ImpersonationLevel", AT(token.level), 4, false, NULL},
    {"_TOKEN", "TokenFlags", AT(token.flags), 4, false,
        "tokens that hold no logon session count as if they did"},
    {"_TOKEN", "SessionObject", AT(token.session_object), 8, false, NULL},
    {"_TOKEN", "DiagnosticInfo", AT(token.diagnostics), 8, false, NULL},
    {CREATION, "ProcessCid", AT(creation.pid), 8, false, NULL},
    {CREATION, "ThreadCid", AT(creation.tid), 8, false, NULL},
    {CREATION, "ImageFileName", AT(creation.image), 16, false, NULL},
    {CREATION, "CreateMethod", AT(creation.method), 4, false, NULL},
    {CREATION, "CreateTrace", AT(creation.trace), 0, false, NULL},
    {CREATION, "CaptureCount", AT(creation.captures), 4, false, NULL},
    {"_HANDLE_TABLE", "TableCode", AT(table.code), 8, false, NO_HANDLES},
    {"_HANDLE_TABLE", "NextHandleNeedingPool", AT(table.limit), 4, false, NULL},
    {"_OBJECT_HEADER", "TypeIndex", AT(header.type), 1, false, NO_HANDLES},
    {"_OBJECT_HEADER", "Body", AT(header.body), 0, false, NO_HANDLES},
    {"_OBJECT_HEADER", "HandleCount", AT(header.handles), 8, false, NULL},
    {"_OBJECT_TYPE", "Index", AT(type.index), 1, false, NO_HANDLES},
    {"_OBJECT_TYPE", "TotalNumberOfObjects", AT(type.objects), 4, false, NULL},
    {"_OBJECT_TYPE", "TotalNumberOfHandles", AT(type.handles), 4, false, NULL},
    {"_PEB", "Ldr", AT(user.loader), 8, false, NO_USER_FRAMES},
    {"_PEB_LDR_DATA", "InLoadOrderModuleList", AT(user.modules), 16, false, NO_USER_FRAMES},
    {"_LDR_DATA_TABLE_ENTRY", "InLoadOrderLinks", AT(user.links), 16, false, NO_USER_FRAMES},
    {"_LDR_DATA_TABLE_ENTRY", "DllBase", AT(user.base), 8, false, NO_USER_FRAMES},
    {"_LDR_DATA_TABLE_ENTRY", "SizeOfImage", AT(user.size), 4, false, NO_USER_FRAMES},
    {"_LDR_DATA_TABLE_ENTRY", "BaseDllName", AT(user.name), 16, false, NO_USER_FRAMES},
    {"_MI_SYSTEM_INFORMATION", "Hardware.InvalidPteMask", AT(invalid_pte_mask), 8, false, NULL},
};

void layout_bootstrap(struct kernel_layout *layout)
{
	layout->module.links = 0;
	layout->module.base = 0x30;
	layout->module.size = 0x40;
	layout->module.full_name = 0x48;
	layout->module.name = 0x58;
}

static bool find(const struct pdb *pdb, const struct wanted *item, struct pdb_member *member)
{
	return pdb_find_member(pdb, item->type, item->path, member, NULL) &&
	       member->offset <= OFFSET_MOST &&
	       (item->size == 0 || member->type.size == item->size);
}

/* All parts of a module's entry, or none: they are of one structure. */
static void read_module(struct kernel_layout *layout, const struct pdb *pdb)
{
	static const char *const names[] = {
	    "InLoadOrderLinks", "DllBase", "SizeOfImage", "FullDllName", "BaseDllName"};
	int32_t *const slots[] = {&layout->module.links, &layout->module.base, &layout->module.size,
	    &layout->module.full_name, &layout->module.name};
	struct pdb_member members[5];
	layout_bootstrap(layout);
	for (size_t i = 0; i < 5; i++)
		if (!pdb_find_member(pdb, "_KLDR_DATA_TABLE_ENTRY", names[i], &members[i], NULL) ||
		    members[i].offset > OFFSET_MOST)
			return;
	for (size_t i = 0; i < 5; i++)
		*slots[i] = (int32_t)members[i].offset;
}

/* Windows 8 and later pack the object's address with other bits; before, its low bits were flags. */
static void read_entry(struct kernel_layout *layout, const struct pdb *pdb)
{
	struct pdb_member member;
	layout->entry.object = ABSENT;
	if (pdb_find_member(pdb, "_HANDLE_TABLE_ENTRY", "ObjectPointerBits", &member, NULL)) {
		if (member.is_bitfield && member.offset == 0 && member.bit_count == 44 &&
		    member.bit_position == 20) {
			layout->entry.is_packed = true;
			layout->entry.shift = member.bit_position;
			layout->entry.object = 0;
		}
	} else if (pdb_find_member(pdb, "_HANDLE_TABLE_ENTRY", "Object", &member, NULL) &&
	           member.type.size == 8 && member.offset == 0) {
		layout->entry.is_packed = false;
		layout->entry.object = 0;
	}
}

/* _EPROCESS.Session: a pointer to _MM_SESSION_SPACE, of no type in the PDBs of older builds; newer ones name another
 * structure. */
static void read_session(struct kernel_layout *layout, const struct pdb *pdb)
{
	struct pdb_member member;
	struct pdb_type target;
	const char *type = "_MM_SESSION_SPACE";
	layout->session_id = ABSENT;
	if (layout->process.session == ABSENT ||
	    !pdb_find_member(pdb, "_EPROCESS", "Session", &member, NULL))
		return;
	if (member.type.kind == PDB_KIND_POINTER &&
	    pdb_type_by_index(pdb, member.type.target, &target) && target.kind == PDB_KIND_STRUCT &&
	    target.name)
		type = target.name;
	if (pdb_find_member(pdb, type, "SessionId", &member, NULL) &&
	    member.offset <= OFFSET_MOST && member.type.size == 4)
		layout->session_id = (int32_t)member.offset;
}

/* ClientSecurity may be left over from an impersonation that ended; this bit says that one goes on. */
static void read_impersonating(struct kernel_layout *layout, const struct pdb *pdb)
{
	struct pdb_member member;
	layout->thread.impersonating = ABSENT;
	if (pdb_find_member(pdb, "_ETHREAD", "ActiveImpersonationInfo", &member, NULL) &&
	    member.is_bitfield && member.bit_count == 1 && member.bit_position < 32 &&
	    member.offset <= OFFSET_MOST) {
		layout->thread.impersonating = (int32_t)member.offset;
		layout->thread.impersonating_bit = member.bit_position;
	}
}

static void read_sizes(struct kernel_layout *layout, const struct pdb *pdb)
{
	struct pdb_member member;
	struct pdb_type type;
	if (pdb_find_member(pdb, LOGON, "ReferenceCount", &member, NULL))
		layout->logon.references_size = (uint8_t)member.type.size;
	if (pdb_find_type(pdb, "_TOKEN", &type) && type.size <= OFFSET_MOST)
		layout->token.size = (uint32_t)type.size;
	if (pdb_find_type(pdb, CREATION, &type) && type.size <= OFFSET_MOST)
		layout->creation.size = (uint32_t)type.size;
	layout->creation.frames = 0;
	if (layout->creation.trace != ABSENT &&
	    pdb_find_member(pdb, CREATION, "CreateTrace", &member, NULL))
		layout->creation.frames = (uint32_t)(member.type.size / 8);
	if (layout->creation.frames > 30)
		layout->creation.frames = 30;
}

bool layout_read(struct kernel_layout *layout, const struct pdb *pdb,
    bool (*lack)(void *context, const char *member, const char *cost), void *context,
    struct error *error)
{
	struct pdb_member member;
	char name[96];
	*layout = (struct kernel_layout){0};
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		const struct wanted *item = &wanted[i];
		int32_t *slot = (int32_t *)(void *)((char *)layout + item->slot);
		*slot = ABSENT;
		if (find(pdb, item, &member)) {
			*slot = (int32_t)member.offset;
			continue;
		}
		snprintf(name, sizeof name, "%s.%s", item->type, item->path);
		if (item->is_required)
			return error_set(error, EXIT_INCONCLUSIVE,
			    "the PDB fits the kernel but does not describe %s%s", name,
			    pdb_has_types(pdb)
			        ? "; this build's logon sessions cannot be read"
			        : ": it was stripped of all types; get the public PDB "
			          "of Microsoft's symbol server");
		if (item->cost && !lack(context, name, item->cost))
			return error_memory(error);
	}
	read_module(layout, pdb);
	read_entry(layout, pdb);
	read_session(layout, pdb);
	read_impersonating(layout, pdb);
	read_sizes(layout, pdb);
	if (layout->logon.references_size != 4 && layout->logon.references_size != 8)
		return error_set(error, EXIT_INCONCLUSIVE,
		    "the PDB describes " LOGON ".ReferenceCount with %u bytes; 4 or 8 are known",
		    layout->logon.references_size);
	if (layout->token.size < (uint32_t)layout->token.logon + 8)
		return error_set(error, EXIT_INCONCLUSIVE,
		    "the PDB describes a _TOKEN of %u bytes, less than its members need",
		    layout->token.size);
	return layout->entry.object != ABSENT ||
	       lack(context, "_HANDLE_TABLE_ENTRY.ObjectPointerBits", NO_HANDLES) ||
	       error_memory(error);
}
