"""Each room enters the rooms that CONTRIBUTING.md names, and no other; its files call each other one way."""
import collections
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("LEAKLAB_BUILD", ROOT / "build"))
sys.path.insert(0, str(HERE.parent / "e2e"))
import tap  # noqa: E402


def drawn():
    """The rooms of the table, and those that each enters."""
    rows = re.findall(r"^\| `([a-z/]+)` \| .* \| ([a-z/ ]*)\|$", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    return {room: set(enters.split()) for room, enters in rows}


def entered(room, text, rooms):
    """The rooms whose headers a file of the room includes."""
    own = room.removeprefix("analyzer/")
    names = {name.removeprefix("analyzer/") for name in rooms} | {"dump"}
    found = {include.rpartition("/")[0] for include in re.findall(r'^#include "([^"]+)"', text, re.M)}
    return (found & names) - {own}


def calls(archive):
    """Which object of a static library takes something from which others of it."""
    owner, wanted = {}, collections.defaultdict(set)
    symbols = subprocess.run(["nm", "-A", archive], check=True, capture_output=True, text=True).stdout
    for file, kind, name in re.findall(r"^[^:]*:([^:]*):[0-9a-f ]* ([A-Za-z]) (\S+)$", symbols, re.M):
        if kind == "U":
            wanted[file].add(name)
        elif kind in "TDBRC":
            owner[name] = file
    return {file: {owner[name] for name in names if name in owner} - {file} for file, names in wanted.items()}


def without_floor(arrows):
    """What is left when each file is taken away that needs none of those that are left."""
    left = {file: set(others) & set(arrows) for file, others in arrows.items()}
    while free := {file for file, others in left.items() if not others & set(left)}:
        left = {file: others for file, others in left.items() if file not in free}
    return left


class Rooms(unittest.TestCase):
    def test_every_folder_is_drawn(self):
        folders = {str(path.parent.relative_to(ROOT)) for top in ("analyzer", "driver") for path in (ROOT / top).rglob("*.c")}
        self.assertEqual(folders - set(drawn()), set())

    def test_no_file_enters_a_room_that_its_own_may_not(self):
        rooms = drawn()
        for room, allowed in rooms.items():
            for path in sorted((ROOT / room).glob("*.[ch]")):
                self.assertEqual(entered(room, path.read_text(), rooms) - allowed, set(), f"{path.relative_to(ROOT)}")

    def test_every_way_that_is_drawn_is_used(self):
        rooms = drawn()
        for room, allowed in rooms.items():
            used = set().union(*(entered(room, path.read_text(), rooms) for path in (ROOT / room).glob("*.[ch]")))
            self.assertEqual(allowed - used, set(), room)

    def test_the_rooms_stand_on_floors(self):
        """No circle: a room is removed when all that it enters is."""
        left = {room.removeprefix("analyzer/"): allowed - {"dump"} for room, allowed in drawn().items()}
        while left:
            free = {room for room, allowed in left.items() if not allowed & set(left)}
            self.assertTrue(free, f"a circle among {sorted(left)}")
            left = {room: allowed for room, allowed in left.items() if room not in free}

    def test_the_files_of_a_room_call_each_other_one_way(self):
        archives = sorted(BUILD.rglob("libleaklab-*.a"))
        self.assertGreater(len(archives), 15)
        for archive in archives:
            self.assertEqual(without_floor(calls(archive)), {}, archive.name)
        self.assertEqual(without_floor({"a": {"b"}, "b": {"c"}, "c": {"b"}}), {"a": {"b"}, "b": {"c"}, "c": {"b"}})

    def test_a_way_that_is_not_drawn_is_found(self):
        rooms = drawn()
        self.assertEqual(entered("analyzer/leak", '#include "judge/verdict.h"\n#include "evidence/snapshot.h"\n', rooms)
                         - rooms["analyzer/leak"], {"judge"})


if __name__ == "__main__":
    tap.main()
