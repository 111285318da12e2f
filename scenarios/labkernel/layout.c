/* Knows which lab kernels are built in. */
#include "labkernel/layout.h"

#include <string.h>

#define BUILT_IN(name)                                                                             \
	extern const int layout_##name[LAYOUT_MEMBERS];                                            \
	extern const unsigned char labkernel_##name##_exe[], labkernel_##name##_pdb[];             \
	extern const size_t labkernel_##name##_exe_size, labkernel_##name##_pdb_size;

BUILT_IN(9600)
BUILT_IN(14393)
BUILT_IN(19041)
BUILT_IN(26h1)

#define LAYOUT(id, number, tracks)                                                                 \
	{                                                                                          \
		.name = #id, .build = number, .offsets = layout_##id, .tracking = tracks,          \
		.image = labkernel_##id##_exe, .pdb = labkernel_##id##_pdb,                        \
		.image_size = &labkernel_##id##_exe_size, .pdb_size = &labkernel_##id##_pdb_size,  \
	}

static const struct layout layouts[] = {
    LAYOUT(9600, 9600, false),
    LAYOUT(14393, 14393, true),
    LAYOUT(19041, 19041, true),
    LAYOUT(26h1, 28000, true),
};

const struct layout *layout_find(const char *name)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (strcmp(layouts[i].name, name) == 0)
			return &layouts[i];
	return NULL;
}

enum layout_member layout_member_find(const char *type, const char *member)
{
	const size_t length = strlen(type);

	for (int i = 0; i < LAYOUT_MEMBERS; i++) {
		const char *name = layout_member_names[i];
		if (strncmp(name, type, length) == 0 && name[length] == '.' &&
		    strcmp(name + length + 1, member) == 0)
			return (enum layout_member)i;
	}
	return LAYOUT_MEMBERS;
}

size_t layout_member_size(enum layout_member member)
{
	return layout_member_sizes[member];
}
