"""The CI examples: what they say to GitHub and GitLab, and the fix gate, played on the lab: green, red, and neither."""
import os
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as tree

import leaklab
import tap

try:
    import yaml
except ImportError:
    yaml = None

CI = leaklab.SCENARIOS / "ci"
SCRIPTS = ["fix-gate", "nightly"]


class Gate(leaklab.Case):
    def play(self, *command, code):
        """A script, as a job runs it: copied to ci/, with leaklab installed."""
        shutil.copytree(CI, self.folder / "ci", dirs_exist_ok=True)
        self.summary = self.folder / "summary.md"
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=self.folder,
                              timeout=240, env={**os.environ, "PATH": f"{leaklab.BUILD}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(self.summary)})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def junit(self, path):
        suite = tree.parse(self.folder / path).getroot().find("testsuite")
        return tuple(int(suite.get(word)) for word in ("tests", "failures", "errors"))

    def test_fixed_leaker_is_green_and_an_unfixed_one_red(self):
        self.play("ci/fix-gate", "-n", 1, "-o", "green", "ms16-111-fixed", "ms16-111", "--set", "load.cycles=50", code=0)
        self.assertEqual(self.junit("green/fix-gate.xml"), (1, 0, 0))
        self.assertIn("the fix: fixed", self.summary.read_text())
        self.assertIn("<html", (self.folder / "green/fix-gate.html").read_text())
        # The runs without the fix are there from before.
        before = self.folder / "before"
        before.mkdir()
        (self.folder / "green/without-1.leaklab").rename(before / "monday.leaklab")
        out = self.play("ci/fix-gate", "-n", 1, "-o", "red", "ms16-111", "before", "--set", "load.cycles=50", code=1)
        self.assertIn("the fix: not fixed", out)
        self.assertEqual(self.junit("red/fix-gate.xml"), (1, 1, 0))

    def test_what_cannot_be_told_is_no_pass_and_no_failure_of_the_fix(self):
        out = self.play("ci/fix-gate", "-n", 1, "ms16-111-fixed", "ms16-111", "--set", "load.cycles=2", code=3)
        self.assertIn("the fix: cannot tell", out)
        self.assertEqual(self.junit("leaklab-results/fix-gate.xml"), (1, 0, 1))
        # Nor are runs of before taken for those of today.
        self.play("ci/fix-gate", "-n", 1, "ms16-111-fixed", "ms16-111", "--set", "load.cycles=2", code=2)

    def test_host_that_fails_is_neither(self):
        scenario = (leaklab.SCENARIOS / "ms16-111-fixed.yaml").read_text().replace("exec leaklab-labhost", "exit 7; exec leaklab-labhost")
        self.write("broken.yaml", scenario)
        self.play("ci/fix-gate", "-n", 1, "broken.yaml", "ms16-111", code=4)
        self.assertFalse((self.folder / "leaklab-results/fix-gate.xml").exists())

    def test_usage_that_makes_no_sense_plays_nothing(self):
        for words in ["ms16-111"], ["-n", "0", "a", "b"], ["-n", "many", "a", "b"], ["-x"], ["no-such", "ms16-111"]:
            with self.subTest(words=words):
                self.play("ci/fix-gate", *words, code=2)
        self.play("ci/nightly", code=2)

    def test_nightly_leaves_its_reports_and_has_the_runs_exit_code(self):
        self.play("ci/nightly", "-o", "night", "ms16-111", "--set", "load.cycles=5", "--set", "expect.verdict=CLEAN", code=1)
        self.assertEqual(self.junit("night/nightly.xml")[2], 0)
        self.assertIn("LEAK", self.summary.read_text())
        self.assertIn("<html", (self.folder / "night/nightly.html").read_text())


@unittest.skipIf(yaml is None, "python3-yaml is not installed")
class Files(leaklab.Case):
    def jobs(self, name):
        """Of each job its commands, one a line, and the folder or file that it keeps."""
        document = yaml.safe_load((CI / name).read_text())
        if name == "gitlab.yaml":
            base = document.pop(".leaklab")
            return {job: ("\n".join(base["before_script"] + parts["script"]), parts) for job, parts in document.items()}
        return {job: ("\n".join(step["run"] for step in parts["steps"] if "run" in step), parts) for job, parts in document["jobs"].items()}

    def test_both_have_the_nightly_run_and_the_gate_one_at_a_time(self):
        for name in "github.yaml", "gitlab.yaml":
            jobs = self.jobs(name)
            self.assertEqual(set(jobs), {"fix-gate", "nightly"})
            for job, (commands, _) in jobs.items():
                self.assertIn(f"ci/{job} -o leaklab-results ", commands)
                for scenario in re.search(rf"ci/{job} -o leaklab-results (.*)", commands)[1].split():
                    self.assertTrue((leaklab.SCENARIOS / f"{scenario}.yaml").exists(), scenario)
            self.assertRegex((CI / name).read_text(), r"(?m)^( *resource_group|  group): leaklab-host")

    def test_reports_are_kept_whatever_the_verdict(self):
        for job, (_, parts) in self.jobs("gitlab.yaml").items():
            kept = parts["artifacts"]
            self.assertEqual((kept["when"], kept["paths"], kept["reports"]), ("always", ["leaklab-results/"],
                                                                              {"junit": f"leaklab-results/{job}.xml"}))
            self.assertRegex(kept["expose_as"], r"^[\w -]{1,100}$")  # GitLab takes no other signs
        for job, (_, parts) in self.jobs("github.yaml").items():
            kept = parts["steps"][-1]
            self.assertEqual((kept["if"], kept["with"]), ("always()", {"name": job, "path": "leaklab-results/"}))
            self.assertTrue(all("uses" in step or "run" in step for step in parts["steps"]))
            self.assertIn("runs-on", parts)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shell_in_them_is_sound(self):
        for name in "github.yaml", "gitlab.yaml":
            for job, (commands, _) in self.jobs(name).items():
                self.write(f"{name}-{job}", f"#!/bin/sh\n{commands}\n")
        scripts = [*(CI / name for name in SCRIPTS), *(leaklab.SCENARIOS / "packaging" / name for name in ("build", "release")),
                   *self.folder.glob("git*"), *(leaklab.SCENARIOS / "packaging/debian/tests").glob("[de]*")]
        done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    tap.main()
