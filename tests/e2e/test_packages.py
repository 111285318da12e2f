"""A release made from a tag: the packages are whole and play without the tree that they were built from. Builds once, what is committed."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

import leaklab
import tap

RELEASE = leaklab.SCENARIOS / "packaging/release"
VERSION = re.search(r"version: '(.*)'", (leaklab.ROOT / "meson.build").read_text())[1]
TAG = f"v{VERSION}"
PACKAGES = ["leaklab", "leaklab-driver", "leaklab-lab", "leaklab-windows"]


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **{"timeout": 500, **more})


class Refusals(unittest.TestCase):
    def test_what_makes_no_sense_builds_nothing(self):
        for script, words, said in [
                ("build", [], "-o FOLDER"), ("build", ["-o"], "-o takes a folder"), ("build", ["-o", "/none"], "no folder /none"),
                ("build", ["--all"], "unknown: --all"), ("release", ["-o", "/none", TAG], "no folder /none"),
                ("release", ["-o", leaklab.ROOT, TAG], "is not empty"), ("release", ["latest"], "called vX.Y.Z"),
                ("release", ["-o", tempfile.gettempdir() + "/.", "v99.0.0"], "not empty|no tag v99.0.0")]:
            done = run(RELEASE.parent / script, *words)
            self.assertEqual(done.returncode, 2, (script, words))
            self.assertRegex(done.stderr, said)


@unittest.skipUnless(shutil.which("dh") and (leaklab.ROOT / ".git").exists(), "needs git's tree, and what scenarios/setup packaging installs")
class Release(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="leaklab-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.out, tree = cls.folder / "out", cls.folder / "tree"
        cls.out.mkdir()
        run("git", "clone", "-q", f"file://{leaklab.ROOT}", tree, check=True)
        run("git", "-C", tree, "tag", "--force", TAG, check=True)
        cls.commit = run("git", "-C", tree, "rev-parse", "--short=12", "HEAD", check=True).stdout.strip()
        done = run(tree / "scenarios/packaging/release", "-o", cls.out, TAG, timeout=1500)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        shutil.rmtree(tree)
        cls.installed = cls.folder / "installed"
        for package in PACKAGES:
            run("dpkg-deb", "-x", cls.package(package), cls.installed, check=True)

    @classmethod
    def package(cls, name):
        return next(cls.out.glob(f"{name}_*.deb"))

    def field(self, package, name):
        return run("dpkg-deb", "-f", self.package(package), name).stdout.strip()

    def test_all_of_a_release_is_there_with_its_sums(self):
        names = sorted(path.name for path in self.out.iterdir())
        sums = dict(reversed(line.split("  ")) for line in (self.out / "SHA256SUMS").read_text().splitlines())
        self.assertEqual(sums, {name: hashlib.sha256((self.out / name).read_bytes()).hexdigest() for name in names if name != "SHA256SUMS"})
        self.assertLessEqual({f"leaklab-{VERSION}.tar.gz", f"leaklab-windows-{VERSION}.zip", f"NEWS-{VERSION}.md"}, set(names))
        self.assertEqual(len([name for name in names if name.endswith(".deb")]), len(PACKAGES))
        news = (self.out / f"NEWS-{VERSION}.md").read_text()
        self.assertIn(news, (leaklab.ROOT / "NEWS.md").read_text())
        self.assertNotIn("\n## ", news)

    def test_tarball_knows_its_commit_without_git(self):
        with tarfile.open(self.out / f"leaklab-{VERSION}.tar.gz") as archive:
            archive.extractall(self.folder / "tarball", filter="data")
        done = run(self.folder / f"tarball/leaklab-{VERSION}/scenarios/packaging/commit")
        self.assertEqual(done.stdout, self.commit + "\n")

    def test_programs_say_the_commit_and_nothing_of_where_they_were_built(self):
        for name in "leaklab", "leaklab-labhost", "leaklab-grabber":
            self.assertIn(f"{VERSION} ({self.commit})", run(self.installed / "usr/bin" / name, "--version").stdout)
        for path in (self.installed / "usr/bin").iterdir():
            self.assertNotIn(tempfile.gettempdir().encode() + b"/", path.read_bytes().replace(b"/tmp/lab", b""))
        for name in "probe", "grabber":
            self.assertIn(f"{VERSION} ({self.commit})".encode(), (self.installed / f"usr/share/leaklab/windows/leaklab-{name}.exe").read_bytes())

    def test_evidence_takes_no_freerdp(self):
        self.assertNotRegex(self.field("leaklab", "Depends"), "freerdp|winpr|leaklab-")
        self.assertRegex(self.field("leaklab-driver", "Depends"), r"leaklab \(= .*freerdp")
        self.assertRegex(self.field("leaklab-lab", "Depends"), r"leaklab-driver \(= .*freerdp")
        self.assertEqual(self.field("leaklab-windows", "Architecture"), "all")

    def test_backports_are_added_by_the_same_line_in_both_readmes(self):
        line = re.search(r"echo .*backports.list", (leaklab.ROOT / "README.md").read_text())[0]
        self.assertIn(f"  {line}\n", (self.installed / "usr/share/doc/leaklab/README.Debian").read_text())

    def test_each_is_of_its_debian(self):
        release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
        for package in PACKAGES:
            self.assertEqual(self.field(package, "Version"), f"{VERSION}~deb" + release["VERSION_ID"].strip('"'))

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not installed")
    def test_lintian_has_nothing_to_say(self):
        done = run("lintian", "--allow-root", "--profile", "debian", "--fail-on", "error,warning", *self.out.glob("*.deb"), *self.out.glob("*.dsc"))
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_packages_own_tests_pass_on_what_they_install(self):
        for name in "demo", "evidence":
            with self.subTest(test=name):
                folder = self.folder / name
                folder.mkdir()
                done = run(leaklab.SCENARIOS / "packaging/debian/tests" / name, timeout=200, stdin=subprocess.DEVNULL,
                           env={**os.environ, "PATH": f"{self.installed}/usr/bin:{os.environ['PATH']}", "AUTOPKGTEST_TMP": str(folder)})
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    tap.main()
