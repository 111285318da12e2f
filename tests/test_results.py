"""What the last line of tests/run counts: failures beside others are tried again alone, and what fails there has failed."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "e2e"))
import tap

MESON = """project('lab')
foreach name, protocol : {'first': 'tap', 'second': 'tap', 'plain': 'exitcode'}
  test(name, find_program('python3'), args: files(name + '.py'), protocol: protocol)
endforeach
"""
TAP = f"""import os, pathlib, sys, unittest
sys.path.insert(0, {str(HERE / 'e2e')!r})
import tap
def again():
    mark = pathlib.Path(__file__ + '.ran')
    was = mark.exists()
    mark.touch()
    return was
class Lab(unittest.TestCase):
"""
PASSES = "    def test_passes(self):\n        print('# here')\n"
FAILS = "    def test_fails(self):\n        self.fail('always')\n"
ONCE = "    def test_fails_beside_others(self):\n        self.assertTrue(again())\n"
CRASHES_ONCE = "    def test_crashes(self):\n        again() or os._exit(9)\n"
SKIPS = "    def test_skips(self):\n        self.skipTest('no such thing')\n"
END = "tap.main()\n"


class Results(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def count(self, first, second=PASSES, plain=""):
        (self.folder / "meson.build").write_text(MESON)
        for name, text in ("first", TAP + first + END), ("second", TAP + second + END), ("plain", plain):
            (self.folder / f"{name}.py").write_text(text)
        build = self.folder / "build"
        subprocess.run(["meson", "setup", build, self.folder], check=True, capture_output=True)
        done = subprocess.run(["meson", "test", "-C", build], capture_output=True)
        if done.returncode:
            subprocess.run([sys.executable, HERE / "again.py", build], capture_output=True)
        return subprocess.run([sys.executable, HERE / "summary.py", build], capture_output=True, text=True)

    def assert_counted(self, done, passed, failed, skipped):
        self.assertEqual(done.stdout.splitlines()[-1], f"{passed} passed, {failed} failed, {skipped} skipped")
        self.assertEqual(done.returncode, 1 if failed else 0)

    def test_all_that_passes(self):
        self.assert_counted(self.count(PASSES + SKIPS), 3, 0, 1)

    def test_failure_beside_others_is_told_and_passes_alone(self):
        done = self.count(PASSES + ONCE)
        self.assert_counted(done, 4, 0, 0)
        self.assertRegex(done.stdout, r"not beside others: .*first test_fails_beside_others\n")
        self.assertIn("AssertionError", done.stdout)

    def test_failure_alone_is_one(self):
        self.assert_counted(self.count(PASSES + ONCE, PASSES + FAILS), 4, 1, 0)

    def test_crash_beside_others_is_a_failure_only_if_it_comes_again(self):
        self.assert_counted(self.count(CRASHES_ONCE + PASSES), 4, 0, 0)
        (self.folder / "first.py.ran").unlink()
        self.assert_counted(self.count(CRASHES_ONCE, plain="raise SystemExit(3)"), 2, 1, 0)

    def test_crash_that_comes_again_is_one(self):
        self.assert_counted(self.count("    def test_crashes(self):\n        os._exit(9)\n"), 2, 1, 0)


if __name__ == "__main__":
    tap.main()
