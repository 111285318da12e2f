"""scenarios/build --windows makes what is copied to a real host: one zip, the same wherever it was built. Whether the programs in it do what they
say is tested under wine, by test_wine.py."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import zipfile

import leaklab
import tap

sys.path.insert(0, str(leaklab.ROOT / "tests/wine"))
from test_wine import find  # noqa: E402

BUILD = leaklab.SCENARIOS / "build"
NEEDED = ["x86_64-w64-mingw32-gcc", "meson", "scdoc", "groff", "zip"]
WINE, SERVER = find("wine"), find("wineserver")


class Refusals(leaklab.Case):
    def refused(self, *arguments):
        done = subprocess.run([BUILD, *arguments], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_help_says_what_comes_of_each_way_to_build(self):
        text = subprocess.run([BUILD, "--help"], capture_output=True, text=True, check=True).stdout
        for word in "--windows", "--labkernel", "-o FOLDER", "leaklab-probe.exe", "leaklab-grabber.exe", "SHA256SUMS", "leaklab-real-host":
            self.assertIn(word, text)

    def test_what_makes_no_sense_is_refused_before_anything_is_installed(self):
        self.assertIn("unknown: --window", self.refused("--window"))
        self.assertIn("-o goes with --windows", self.refused("-o", "."))
        self.assertIn("-o takes a folder", self.refused("--windows", "-o"))
        self.assertIn("no folder /none", self.refused("--windows", "-o", "/none"))


@unittest.skipIf(not all(map(shutil.which, NEEDED)), "not installed: what scenarios/setup windows installs")
class Windows(leaklab.Case):
    def built(self, name):
        """The zip of a copy of the sources in a folder of its own, and what was printed."""
        copy, output = self.folder / name, self.folder / f"{name}-out"
        shutil.copytree(leaklab.ROOT, copy, ignore=lambda folder, names: [entry for entry in names if pathlib.Path(folder) == leaklab.ROOT and
                                                                           entry.startswith(("build", ".git"))])
        output.mkdir()
        done = subprocess.run([copy / "scenarios/build", "--windows", "-o", output], capture_output=True, text=True, timeout=280)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([path.name for path in copy.glob("build*")], ["build-windows"])
        for program in "probe", "grabber":  # for the manual's scp
            self.assertTrue((copy / f"build-windows/package/leaklab-{program}.exe").exists())
        return pathlib.Path(done.stdout.splitlines()[0]), done.stdout

    def test_zip_has_what_a_host_needs_with_its_hashes_and_is_the_same_wherever_it_is_built(self):
        path, printed = self.built("here")
        version = re.search(r"version: '(.*)'", (leaklab.ROOT / "meson.build").read_text())[1]
        self.assertEqual(path, self.folder / f"here-out/leaklab-windows-{version}.zip")
        archive = zipfile.ZipFile(path)
        self.assertEqual(archive.namelist(), ["LICENSE.txt", "README.txt", "SHA256SUMS", "leaklab-grabber.exe", "leaklab-probe.exe",
                                              "leaklab-real-host.txt"])
        files = {name: archive.read(name) for name in archive.namelist()}
        sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
        self.assertEqual(sums, {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"})
        self.assertEqual(printed.splitlines()[1:], [*files["SHA256SUMS"].decode().splitlines(),
                                                    f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"])
        for name in "LICENSE.txt", "README.txt", "leaklab-real-host.txt":
            text = files[name].decode("ascii")
            self.assertNotRegex(text, r"[^\r]\n|\x1b|\x08")
        self.assertIn("PREPARING THE HOST", files["leaklab-real-host.txt"].decode())
        for name in files:
            if name.endswith(".exe"):
                self.assertIn(name, files["README.txt"].decode())
        self.assertEqual(self.built("there")[0].read_bytes(), path.read_bytes())
        self.assert_runs(archive, version)

    def assert_runs(self, archive, version):
        if not WINE or not SERVER:
            return
        archive.extractall(self.folder)
        environment = {**os.environ, "WINEPREFIX": str(self.folder / "prefix"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
        self.addCleanup(subprocess.run, [SERVER, "-k"], env=environment, timeout=60)
        for name in "probe", "grabber":
            done = subprocess.run([WINE, self.folder / f"leaklab-{name}.exe", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  env=environment, timeout=200)
            self.assertRegex(done.stdout.decode(), rf"^leaklab-{name} {re.escape(version)} ")


if __name__ == "__main__":
    tap.main()
