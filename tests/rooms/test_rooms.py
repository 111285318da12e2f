"""Each room enters the rooms that CONTRIBUTING.md names, and no other."""
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
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


class Rooms(unittest.TestCase):
    def test_every_folder_is_drawn(self):
        folders = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "analyzer").rglob("*.c")}
        self.assertEqual(folders - set(drawn()) - {"analyzer/probe"}, set())

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

    def test_a_way_that_is_not_drawn_is_found(self):
        rooms = drawn()
        self.assertEqual(entered("analyzer/leak", '#include "judge/verdict.h"\n#include "evidence/snapshot.h"\n', rooms)
                         - rooms["analyzer/leak"], {"judge"})


if __name__ == "__main__":
    tap.main()
