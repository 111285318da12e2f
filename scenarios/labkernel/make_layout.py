"""From layouts.txt: the C source of a lab kernel (`kernel NAME`), or the offsets for the writer (`header`, `table`)."""
import sys

KINDS = {"u8": "unsigned char", "u16": "unsigned short", "u32": "unsigned int", "s32": "int", "u64": "unsigned long long",
         "s64": "long long", "ptr": "void *"}
SIZES = {"u8": 1, "u16": 2, "u32": 4, "s32": 4, "u64": 8, "s64": 8, "ptr": 8}


def read(path):
    """The layouts' names, and rows of type, member, kind and {layout: offset}."""
    names, rows = None, []
    for line in open(path, encoding="utf-8"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if names is None:
            names = words[3:]
        else:
            rows.append((*words[:3], {name: int(word, 16) for name, word in zip(names, words[3:]) if word != "-"}))
    return names, rows


def kernel(rows, name):
    """The types of one layout, with the gaps between their members filled."""
    sizes, types = dict(SIZES), {}
    for kind, member, member_kind, offsets in rows:
        if name in offsets:
            types.setdefault(kind, {})[member] = (offsets[name], member_kind)
    print("#pragma pack(1)")
    for kind, members in types.items():
        size = members.pop(".")[0]
        at, gap = 0, 0
        print(f"struct {kind} {{")
        for member, (offset, member_kind) in sorted(members.items(), key=lambda item: item[1][0]):
            base, _, bits = member_kind.partition(":")
            if bits:
                print(f"\t{KINDS[base]} {member} : {bits};")
                at = offset + sizes[base]
                continue
            base, _, count = member_kind.rstrip("]").partition("[")
            assert offset >= at, f"{kind}.{member} lies in the member before it"
            if offset > at:
                print(f"\tunsigned char LabGap{gap}[{offset - at}];")
                gap += 1
            print(f"\t{KINDS.get(base, 'struct ' + base)} {member}{f'[{count}]' if count else ''};")
            at = offset + sizes[base] * int(count or 1)
        assert size >= at, f"{kind} is smaller than its members"
        if size > at:
            print(f"\tunsigned char LabGap{gap}[{size - at}];")
        print(f"}};\nstruct {kind} LabKeep{kind};")
        sizes[kind] = size
    print("#pragma pack()")


def names_of(rows):
    return [(kind, member, f"L{kind}_{'size' if member == '.' else member}") for kind, member, _, _ in rows]


def header(rows):
    print("/* Made from layouts.txt. */\n#ifndef LEAKLAB_LAYOUT_MEMBERS_H\n#define LEAKLAB_LAYOUT_MEMBERS_H\n\nenum layout_member {")
    for _, _, name in names_of(rows):
        print(f"\t{name},")
    print("\tLAYOUT_MEMBERS\n};\n\n#endif")


def table(names, rows):
    print('/* Made from layouts.txt. */\n#include "labkernel/layout.h"\n\nconst char *const layout_member_names[] = {')
    for kind, member, name in names_of(rows):
        print(f'\t[{name}] = "{kind}.{member}",')
    print("};\n\nconst unsigned char layout_member_sizes[] = {")
    for (_, _, name), row in zip(names_of(rows), rows):
        print(f"\t[{name}] = {SIZES.get(row[2], 8)},")
    print("};\n")
    for layout in names:
        print(f"const int layout_{layout}[LAYOUT_MEMBERS] = {{")
        for (_, _, name), row in zip(names_of(rows), rows):
            print(f"\t[{name}] = {row[3].get(layout, -1)},")
        print("};")


def main():
    path, what, *more = sys.argv[1:]
    names, rows = read(path)
    if what == "kernel":
        kernel(rows, more[0])
    elif what == "header":
        header(rows)
    else:
        table(names, rows)


main()
