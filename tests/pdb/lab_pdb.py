"""Makes PE images with PDBs from generated C, with clang and lld."""
import random
import shutil
import subprocess


def tool(name):
    """The path of a tool under its plain name or with LLVM's version behind it, or None."""
    for candidate in (name, *(f"{name}-{version}" for version in range(14, 22))):
        if shutil.which(candidate):
            return shutil.which(candidate)
    return None


def missing_tools(names):
    return [name for name in names if not tool(name)]


def build(folder, source, name="lab", symbols=True):
    """Compiles and links folder/name.c to name.exe and name.pdb there. Returns the PDB's path."""
    (folder / f"{name}.c").write_text(source)
    debug = ["-g", "-gcodeview", "-ffile-compilation-dir=."] if symbols else []
    subprocess.run([tool("clang"), "--target=x86_64-pc-windows-msvc", *debug, "-O0", "-ffreestanding",
                    "-fno-stack-protector", "-mno-stack-arg-probe", "-w", "-c", f"{name}.c", "-o", f"{name}.obj"],
                   cwd=folder, check=True)
    subprocess.run([tool("lld-link"), "/nologo", "/Brepro", "/debug:full", f"/pdb:{name}.pdb",
                    f"/pdbaltpath:{name}.pdb", "/pdbsourcepath:.", "/nodefaultlib", "/entry:start",
                    "/subsystem:native", f"/out:{name}.exe", f"{name}.obj"], cwd=folder, check=True)
    return folder / f"{name}.pdb"


def in_memory(file):
    """The bytes of a PE file as the loader would lay them out."""
    def number(at, size=4):
        return int.from_bytes(file[at:at + size], "little")
    pe = number(0x3c)
    image = bytearray(number(pe + 24 + 56))
    image[:number(pe + 24 + 60)] = file[:number(pe + 24 + 60)]
    for i in range(number(pe + 6, 2)):
        section = pe + 24 + number(pe + 20, 2) + 40 * i
        rva, size, offset = (number(section + at) for at in (12, 16, 20))
        image[rva:rva + size] = file[offset:offset + size]
    return bytes(image)


SCALARS = ["char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long long", "unsigned long long",
           "void *", "float", "double", "const char *", "void (*{0})(int)", "wide"]


def member(random, structs, name, depth=0):
    """One member of a structure: scalar, array, bit field, pointer, structure, or an anonymous union of some."""
    kind = random.randrange(12)
    if kind == 0 and structs:
        return f"struct {random.choice(structs)} {name};"
    if kind == 1 and structs:
        return f"struct {random.choice(structs)} *{name}[{random.randint(1, 9)}];"
    if kind == 2:
        return f"unsigned {name}_a : {random.randint(1, 9)}, {name}_b : {random.randint(1, 20)};"
    if kind == 3:
        return f"enum kind {name};"
    if kind == 4 and depth < 2:
        inner = " ".join(member(random, structs, f"{name}_{i}", depth + 1) for i in range(3))
        return f"{random.choice(['union', 'struct'])} {{ {inner} }}{random.choice(['', ' ' + name])};"
    if kind == 5:
        return f"volatile {random.choice(SCALARS[:8])} {name}[{random.randint(1, 5)}][{random.randint(1, 300)}];"
    if kind == 6:
        return f"struct later *{name};"
    scalar = random.choice(SCALARS)
    return f"{scalar.format(name)};" if "{0}" in scalar else f"{scalar} {name};"


def generate(seed, structs, members, functions, wide_members=0):
    """C with that many structures and functions. wide_members: of one structure more, too long for one field list."""
    rng = random.Random(seed)
    lines = ["typedef unsigned short wide;", "enum kind { KIND_NONE, KIND_SOME = 70000, KIND_LESS = -3 };"]
    names, globals_ = [], []
    for i in range(structs):
        name = f"_GENERATED_STRUCTURE_{i:05}"
        body = " ".join(member(rng, names[-40:] if rng.random() < 0.2 else [], f"Member{j}")
                        for j in range(rng.randint(1, members)))
        lines.append(f"struct {name} {{ {body} }};")
        if i < structs * 9 // 10:
            names.append(name)
        globals_.append(f"struct {name} *Use{i};")
    if wide_members:
        body = " ".join(f"int member_of_the_wide_structure_with_a_long_name_{i};" for i in range(wide_members))
        lines.append(f"struct _WIDE {{ {body} }}; struct _WIDE Wide;")
    lines.append("struct later { int of_later; struct later *next; }; struct later Later;")
    lines += globals_
    for i in range(functions):
        lines.append(f"int GeneratedFunctionNumber{i:06}(int value) {{ return value + {i}; }}")
    lines.append("int start(void) { return 0; } int _fltused;")
    return "\n".join(lines) + "\n"
