"""meson install leaves all that leaklab takes, wherever it is put: what is installed plays with the source away, and is taken away whole."""
import os
import shutil
import subprocess
import unittest

import leaklab
import tap

MANUALS = ["man1/leaklab.1", "man1/leaklab-course.1", "man1/leaklab-dump.1", "man1/leaklab-grabber.1", "man1/leaklab-labhost.1", "man1/leaklab-parallel.1", "man1/leaklab-shard.1", "man1/leaklab-slurm.1", "man5/leaklab-evidence.5",
           "man5/leaklab-run-file.5", "man5/leaklab-scenario.5", "man5/leaklab-snapshot.5", "man5/leaklab-verdict.5", "man7/leaklab-injectors.7",
           "man7/leaklab-real-host.7"]
PROGRAMS = ["leaklab", "leaklab-analyzer", "leaklab-course", "leaklab-driver", "leaklab-grabber", "leaklab-labhost", "leaklab-labhost-server", "leaklab-parallel",
            "leaklab-shard", "leaklab-slurm", "leaklab-worker"]
WINDOWS = ["leaklab-grabber.exe", "leaklab-probe.exe"]


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


class Install(leaklab.Case):
    def setUp(self):
        super().setUp()
        self.stage = self.folder / "stage"
        self.do("meson", "install", "-C", leaklab.BUILD, "--quiet", "--destdir", self.stage)
        self.prefix = self.stage / "usr/local"
        self.bin = self.prefix / "bin"

    def do(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=280)  # what is not built yet is
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def installed(self, *arguments, **more):
        return subprocess.run([self.bin / "leaklab", *arguments], capture_output=True, text=True, cwd=self.folder, timeout=120, **more)

    def test_all_is_there_and_an_uninstall_leaves_nothing(self):
        self.assertEqual(os.listdir(self.stage), ["usr"])
        expected = [f"bin/{name}" for name in PROGRAMS] + [f"share/leaklab/scenarios/{path.name}" for path in leaklab.SCENARIOS.glob("*.yaml")]
        expected += [f"share/man/{name}" for name in MANUALS] + ["share/bash-completion/completions/leaklab"]
        course = leaklab.SCENARIOS / "course"
        pages = [path.name for path in course.glob("*.md")]
        made = [name.replace(".md", ".html") for name in pages if (leaklab.BUILD / "scenarios/course/trainer.html").exists()]
        expected += [f"share/leaklab/course/{name}" for name in [*pages, *made, *(path.name for path in course.glob("*.py")),
                                                                "run", "logon", "pictures", "fix-gate", "visit.yaml"]]
        expected += [f"share/leaklab/injectors/{name}" for name in ("kubernetes.yaml", "parallel", "shard", "slurm")]
        if (leaklab.BUILD / "analyzer/probe/leaklab-probe.exe").exists():
            expected += [f"share/leaklab/windows/{name}" for name in WINDOWS]
        self.assertEqual(files_below(self.prefix), sorted(expected))
        self.do("ninja", "-C", leaklab.BUILD, "uninstall")
        self.assertEqual([str(path) for path in self.stage.rglob("*") if not path.is_dir()], [])

    def test_it_plays_the_leak_with_the_source_away(self):
        """In a view of the file system in which an empty folder lies over the source and the build folder."""
        away = f"mount -t tmpfs none '{leaklab.BUILD}'; mount -t tmpfs none '{leaklab.ROOT}'; "
        unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-ec"]
        if subprocess.run([*unshare, away], capture_output=True).returncode != 0:
            self.skipTest("nothing can be mounted here")
        play = f'''cd {self.folder}; ! [ -e '{leaklab.ROOT}/meson.build' ]; ! [ -e '{leaklab.BUILD}/leaklab' ]
            {self.bin}/leaklab run ms16-111 -o leak.leaklab --set load.cycles=10
            {self.bin}/leaklab judge leak.leaklab --report leak.html'''
        done = subprocess.run([*unshare, away + play], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("verdict: LEAK", done.stdout)
        self.assertIn("chart", (self.folder / "leak.html").read_text())

    def test_it_may_be_moved(self):
        shutil.move(self.prefix, self.folder / "elsewhere")
        self.bin = self.folder / "elsewhere/bin"
        self.assertIn("ms16-111", self.installed("check", "--list").stdout)

    def test_program_and_scenario_that_are_missing_are_called_by_their_package(self):
        (self.bin / "leaklab-driver").rename(self.folder / "leaklab-driver")
        done = self.installed("run", "ms16-111")
        self.assertEqual(done.returncode, 4)
        self.assertIn('leaklab-driver, which plays "run", is not beside this program: install the package leaklab-driver', done.stderr)
        (self.folder / "leaklab-driver").rename(self.bin / "leaklab-driver")
        for name, why in (("leaklab-worker", "install all of the package leaklab-driver"), ("leaklab-labhost-server", "install all of leaklab-lab")):
            (self.bin / name).rename(self.folder / name)
            done = self.installed("run", "ms16-111", "-o", self.folder / "none.leaklab")
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertRegex(done.stderr, rf"{name}: No such file or directory: {why}")
            (self.folder / name).rename(self.bin / name)
        (self.bin / "leaklab-analyzer").unlink()
        self.assertIn("install the package leaklab,", self.installed("judge", "x").stderr)
        for path in (self.prefix / "share/leaklab/scenarios").iterdir():
            if path.name != "real-host.yaml":
                path.unlink()
        (self.bin / "leaklab-labhost").unlink()
        done = self.installed("run", "ms16-111")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no shipped scenario ms16-111; those for the lab host are in the package leaklab-lab; there are:", done.stderr)
        (self.prefix / "share/leaklab/scenarios/real-host.yaml").unlink()
        self.assertIn("install the packages leaklab-driver and leaklab-lab", self.installed("run", "ms16-111").stderr)


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Completion(leaklab.Case):
    SCRIPT = leaklab.ROOT / "driver/front/leaklab.bash"

    def completed(self, *words):
        """What bash offers for the last of the words."""
        script = f'. "{self.SCRIPT}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _leaklab "$1"; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-euc", script, "-", str(leaklab.BUILD / "leaklab"), *words], capture_output=True, text=True,
                              cwd=self.folder, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_verbs_are_those_of_help(self):
        self.assertEqual(self.completed("ju"), ["judge"])
        self.assertLessEqual({"init", "check", "run", "judge", "show", "compare", "dump", "bundle", "refusals", "help"}, set(self.completed("")))
        self.assertEqual(self.completed("help", "co"), ["compare"])

    def test_options_are_those_of_the_verb(self):
        self.assertEqual(self.completed("judge", "--ag"), ["--against"])
        self.assertEqual(self.completed("judge", "run.leaklab", "--rep"), ["--report"])
        self.assertEqual(self.completed("frobnicate", "--a"), [])

    def test_scenarios_are_offered_and_files(self):
        self.write("ms-mine.yaml", "")
        self.assertLessEqual({"ms16-111", "ms16-111-fixed", "ms-mine.yaml"}, set(self.completed("run", "ms")))
        self.assertEqual(self.completed("judge", "ms"), ["ms-mine.yaml"])


if __name__ == "__main__":
    tap.main()
