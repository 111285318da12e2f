#!/usr/bin/env python3
"""Every structure member and every public symbol that the analyzer reads in a PDB, against llvm-pdbutil."""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "e2e")]
import lab_pdb
import tap

BUILD = pathlib.Path(os.environ.get("LEAKLAB_BUILD", "build"))
ANALYZER = BUILD.parent.parent / "leaklab"
# Real PDBs and dumps, which cannot be part of this project: looked at where there are some.
REAL = pathlib.Path(os.environ.get("LEAKLAB_REALDATA", here.parent.parent.parent / "shared" / "realdata"))


def ours(pdb):
    """Members {(type index): [(offset, name)]}, publics {(name, segment:offset)}."""
    text = subprocess.run([BUILD / "leaklab-pdb-list", pdb], check=True, capture_output=True).stdout
    types, publics = {}, []
    for line in text.decode("utf-8", "surrogateescape").splitlines():
        word, rest = line.split(" ", 1)
        if word == "public":
            where, name = rest.split(" ", 1)
            publics.append((name, tuple(map(int, where.split(":")))))
        elif word == "type":
            index, size, name = rest.split(" ", 2)
            types[int(index, 16)] = (name, int(size), [])
        elif word == "member":
            index, offset, name = rest.split(" ", 2)
            types[int(index, 16)][2].append((int(offset), name))
    return types, sorted(publics)


@contextlib.contextmanager
def unpacked(pdb):
    """The PDB, taken out of its cabinet by another program where it is in one."""
    if pdb.suffix != ".pd_":
        yield pdb
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cabextract", "-q", "-d", folder, pdb], check=True, capture_output=True)
        [file] = pathlib.Path(folder).iterdir()
        yield file


def theirs(pdb):
    with unpacked(pdb) as file:
        text = subprocess.run([lab_pdb.tool("llvm-pdbutil"), "dump", "-types", "-publics", file], check=True,
                              capture_output=True).stdout.decode("utf-8", "surrogateescape")
    lists, composites, publics, current, public = {}, {}, [], None, None
    for line in text.splitlines():
        record = re.match(r" *(0x[0-9A-F]+) \| (LF_\w+)", line)
        if record:
            current = int(record[1], 16)
            kind = record[2]
            if kind == "LF_FIELDLIST":
                lists[current] = ([], [])
            elif kind in ("LF_STRUCTURE", "LF_CLASS", "LF_UNION", "LF_INTERFACE"):
                composites[current] = [re.search(r"`(.*)`", line)[1], None, None, False]
            else:
                current = None
        elif (found := re.match(r" *- LF_MEMBER \[name = `(.*)`, Type = .*, offset = (\d+), attrs", line)):
            lists[current][0].append((int(found[2]), found[1]))
        elif (found := re.match(r" *- LF_INDEX continuation = (0x[0-9A-F]+)", line)):
            lists[current][1].append(int(found[1], 16))
        elif current in composites:
            if (found := re.search(r"field list: (0x[0-9A-F]+|<no type>)", line)):
                composites[current][1] = int(found[1], 16) if found[1].startswith("0x") else 0
            if (found := re.search(r"sizeof (\d+)", line)):
                composites[current][2] = int(found[1])
            if re.search(r"options:.*forward ref", line):
                composites[current][3] = True
        if (found := re.match(r" *\d+ \| S_PUB32 \[size = \d+\] `(.*)`", line)):
            public = found[1]
        elif public is not None and (found := re.match(r" *flags = .*, addr = (\d+):(\d+)", line)):
            publics.append((public, (int(found[1]), int(found[2]))))
            public = None
    types = {}
    for index, (name, fields, size, is_forward) in composites.items():
        members = []
        while fields:
            members += lists[fields][0]
            fields = lists[fields][1][0] if lists[fields][1] else 0
        if not is_forward:
            types[index] = (name, size, members)
    return types, sorted(publics)


class Agreement(unittest.TestCase):
    def setUp(self):
        if (missing := lab_pdb.missing_tools(["llvm-pdbutil", "cabextract"])):
            self.skipTest(f"needs {' '.join(missing)}")

    def compare(self, pdb):
        our_types, our_publics = ours(pdb)
        their_types, their_publics = theirs(pdb)
        self.assertEqual(our_publics, their_publics)
        self.assertEqual(sorted(our_types), sorted(their_types))
        for index, expected in their_types.items():
            self.assertEqual(our_types[index], expected, f"type 0x{index:X}")
        members = sum(len(members) for _, _, members in their_types.values())
        print(f"# {pdb.name}: {len(their_types)} structures, {members} members, {len(their_publics)} publics agree",
              flush=True)
        return their_types, their_publics


class Generated(Agreement):
    def setUp(self):
        super().setUp()
        if (missing := lab_pdb.missing_tools(["clang", "lld-link"])):
            self.skipTest(f"needs {' '.join(missing)}")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_generated_structures_and_functions(self):
        """members and publics of generated PDBs agree with llvm-pdbutil"""
        for seed in range(4):
            pdb = lab_pdb.build(self.folder, lab_pdb.generate(seed, 150, 24, 80), f"generated{seed}")
            types, publics = self.compare(pdb)
            self.assertGreaterEqual(len(types), 150)
            self.assertGreaterEqual(len(publics), 80)

    def test_continued_field_list(self):
        """a structure too long for one field list is read whole"""
        types, _ = self.compare(lab_pdb.build(self.folder, lab_pdb.generate(1, 2, 4, 1, wide_members=3000)))
        self.assertIn(3000, [len(members) for _, _, members in types.values()])

    def test_publics_only(self):
        """a PDB without types still has its publics"""
        types, publics = self.compare(lab_pdb.build(self.folder, lab_pdb.generate(1, 5, 4, 20), symbols=False))
        self.assertEqual(types, {})
        self.assertGreaterEqual(len(publics), 20)


    def test_image(self):
        """an image in memory names its PDB by the same identity, and its exports"""
        source = lab_pdb.generate(1, 2, 4, 3) + "".join(
            f"__declspec(dllexport) int Exported{i}(int a) {{ return a * {i}; }}\n" for i in range(5))
        pdb = lab_pdb.build(self.folder, source)
        flat = self.folder / "image"
        flat.write_bytes(lab_pdb.in_memory(pdb.with_suffix(".exe").read_bytes()))
        lines = subprocess.run([BUILD / "leaklab-pdb-list", "--image", flat], check=True, capture_output=True,
                               text=True).stdout.splitlines()
        identity = subprocess.run([BUILD / "leaklab-pdb-list", pdb], check=True, capture_output=True,
                                  text=True).stdout.splitlines()[0]
        self.assertEqual(lines[:2], [identity, "name lab.pdb"])
        self.assertEqual(sorted(line.split()[2] for line in lines[2:]), [f"Exported{i}" for i in range(5)])


class Real(Agreement):
    def test_real_pdbs(self):
        """PDBs of Microsoft's tools agree with llvm-pdbutil, or are refused with the reason"""
        for pdb in sorted(REAL.glob("*.pd[b_]")):
            with self.subTest(pdb.name):
                opened = subprocess.run([BUILD / "leaklab-pdb-list", pdb], capture_output=True)
                if opened.returncode == 0:
                    self.compare(pdb)
                    continue
                self.assertEqual(opened.returncode, 2)
                print(f"# {opened.stderr.decode().strip()}", flush=True)
                self.assertRegex(opened.stderr.decode(), "damaged|cut off")

    def test_real_dumps(self):
        """small dumps of real hosts are refused after their header is read, with what to take instead"""
        for dump in sorted(REAL.glob("*.dmp")):
            with self.subTest(dump.name):
                done = subprocess.run([ANALYZER, "dump", dump], capture_output=True, text=True)
                print(f"# {done.stderr.strip()}", flush=True)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertRegex(done.stderr, r"triage.*build \d+, 20.*bugcheck 0x.*take a kernel|of an arm64 Windows; only x64")


if not REAL.is_dir():  # no test that is skipped: there is nothing that one could install
    print(f"# {REAL} is not there (LEAKLAB_REALDATA names another folder): no real PDBs and dumps are looked at", flush=True)
    del Real

if __name__ == "__main__":
    tap.main()
