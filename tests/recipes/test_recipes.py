"""CONTRIBUTING.md's recipes and commands work as they stand there: followed in a copy of the tree, which is not kept."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import tap  # noqa: E402

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()

FORMAT = r"""/* The lines of an example: "example SESSION-ID USER". */
#include <string.h>

#include "readers/format.h"
#include "readers/session_table.h"

static bool begins(struct reading *reading, struct span line)
{
	(void)reading;
	return line.length == 16 && memcmp(line.text, "Example sessions", 16) == 0;
}

static enum taken take(struct reading *reading, struct span line)
{
	if (line.length < 11 || memcmp(line.text, "example ", 8) != 0)
		return TAKEN_NOT;
	struct session *session = snapshot_add_session(reading->snapshot);
	if (!session)
		return TAKEN_FAILED;
	bool failed = false;
	session->id = line.text[8] - '0';
	session->user = reading_string(reading, (struct span){line.text + 10, line.length - 10}, &failed);
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

const struct line_format format_example = {.name = "example", .begins = begins, .take = take};
"""


def build_folders(folder, names):
    """Of the copy: what was built, and what git keeps, stays behind."""
    return [name for name in names if name == ".git" or name == "__pycache__" or (name.startswith("build") and folder == str(ROOT))]


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="leaklab-recipes-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.tree = pathlib.Path(cls.folder.name) / "leaklab"
        shutil.copytree(ROOT, cls.tree, ignore=build_folders, symlinks=True)
        cls.add_format()
        cls.add_source()
        cls.add_field()
        cls.add_scenario()
        # As the first page says, but without optimizing: it is built once.
        cls.environment = dict(os.environ, CFLAGS="-O0 -g0", LEAKLAB_BUILD="build")
        cls.built = [cls.call(command) for command in cls.commands() if command.startswith(("meson setup", "ninja"))]

    @classmethod
    def commands(cls):
        section = CONTRIBUTING.partition("## Build and test")[2].partition("\n## ")[0]
        return [line.partition("#")[0].strip() for line in re.findall(r"^    (.*)$", section, re.M)]

    @classmethod
    def call(cls, command):
        return subprocess.run(["sh", "-c", command], cwd=cls.tree, env=cls.environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)

    @classmethod
    def edit(cls, path, old, new):
        text = (cls.tree / path).read_text()
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        (cls.tree / path).write_text(text.replace(old, new))

    @classmethod
    def add_format(cls):
        (cls.tree / "analyzer/readers/format_example.c").write_text(FORMAT)
        cls.edit("analyzer/readers/format.h", "format_get_process,", "format_get_process, format_example,")
        cls.edit("analyzer/readers/text.c", "&format_get_process,", "&format_get_process, &format_example,")
        cls.edit("analyzer/readers/meson.build", "  'format_get_process.c',\n", "  'format_example.c',\n  'format_get_process.c',\n")

    @classmethod
    def add_source(cls):
        cls.edit("analyzer/readers/sources.c", "    {0},\n",
                 '    {"Example gadgets", &target_processes,\n        {NEED("Gadget", NUMBER, process, pid), NEED("Maker", TEXT, process, image)}},\n'
                 "    {0},\n")

    @classmethod
    def add_field(cls):
        path = cls.tree / "analyzer/evidence/snapshot.h"
        line = re.search(r'^\tF\(R, TEXT, path, "path", .*$', path.read_text(), re.M).group()
        cls.edit("analyzer/evidence/snapshot.h", line, f'\tF(R, TEXT, owner, "owner", "who looks after it") \\\n{line}')

    @classmethod
    def add_scenario(cls):
        text = (cls.tree / "scenarios/baseline.yaml").read_text()
        (cls.tree / "scenarios/example.yaml").write_text(text.replace("name: baseline", "name: example"))
        cls.edit("scenarios/meson.build", "'every-third-logon', ", "'every-third-logon', 'example', ")
        cls.edit("tests/e2e/test_scenarios.py", "    def test_every_ready_made_scenario_passes_check(self):\n",
                 '    def test_example(self):\n        self.drive(leaklab.SCENARIOS / "example.yaml")\n\n'
                 "    def test_every_ready_made_scenario_passes_check(self):\n")

    def good(self, command):
        done = self.call(command)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout[-3000:]}")
        return done.stdout

    def test_the_tree_is_built_by_the_commands_of_the_first_page(self):
        for done in self.built:
            self.assertEqual(done.returncode, 0, f"{done.args}\n{done.stdout[-3000:]}")

    def test_one_test_is_run_by_its_name_and_by_hand(self):
        tests = [command for command in self.commands() if command.startswith("meson test -C build '")]
        self.assertEqual(len(tests), 1)
        self.assertIn("Ok:                 1", self.good(tests[0]))
        by_hand = re.search(r"run by hand as `([^`]*)`\s+or\s+`([^`]*)`", CONTRIBUTING)
        self.good(by_hand.group(1))
        self.assertIn("ok 1", self.good(by_hand.group(2)))

    def test_a_new_format_is_read(self):
        (self.tree / "example.txt").write_text("Example sessions\nexample 7 anna\nexample 8 bert\n")
        shown = json.loads(self.good("build/leaklab show --format json example.txt"))
        self.assertEqual([(session["id"], session["user"]) for session in shown["sessions"]], [(7, "anna"), (8, "bert")])

    def test_a_new_source_is_read_in_every_shape_and_is_in_the_manual(self):
        for text in ("Gadget,Maker\n7,anna\n", "Gadget Maker\n------ -----\n     7 anna\n", "Gadget : 7\nMaker  : anna\n\n",
                     '[{"Gadget": 7, "Maker": "anna"}]'):
            (self.tree / "gadgets").write_text(text)
            shown = json.loads(self.good("build/leaklab show --format json gadgets"))
            self.assertEqual(shown["processes"], [{"pid": 7, "image": "anna"}], text)
        self.assertIn("*Example gadgets*", (self.tree / "build/leaklab-evidence.5.scd").read_text())

    def test_a_new_field_is_in_json_the_run_file_and_the_manual(self):
        snapshot = {"schema": "leaklab.snapshot/2", "processes": [{"pid": 4, "image": "a.exe", "owner": "anna"}]}
        (self.tree / "field.json").write_text(json.dumps(snapshot))
        shown = json.loads(self.good("build/leaklab show --format json field.json"))
        self.assertEqual(shown["processes"][0]["owner"], "anna")
        self.good("build/tests/unit/test-runfile-round_trip")
        self.assertIn("who looks after it", (self.tree / "build/leaklab-snapshot.5.scd").read_text())

    def test_a_new_scenario_is_checked_and_played(self):
        self.good("build/leaklab check scenarios/example.yaml")
        self.good("build/leaklab check example")
        self.assertIn("ok 1 - test_example", self.good("python3 tests/e2e/test_scenarios.py ReadyMadeScenarios.test_example"))

    def test_a_room_that_enters_one_that_it_may_not_does_not_link(self):
        path = self.tree / "analyzer/leak/boot.c"
        text = path.read_text()
        self.addCleanup(path.write_text, text)
        path.write_text(text + "\nstruct verdict;\nlong verdict_leaks(const struct verdict *verdict);\n"
                               "long leak_of(const struct verdict *verdict);\n"
                               "long leak_of(const struct verdict *verdict)\n{\n\treturn verdict_leaks(verdict);\n}\n")
        done = self.call("ninja -C build tests/rooms/libroom-leak.so")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("undefined reference to `verdict_leaks'", done.stdout)


if __name__ == "__main__":
    tap.main()
