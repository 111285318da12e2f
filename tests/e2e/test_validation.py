"""Runs with a fix against runs without it."""
import html
import json
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as tree

import leaklab
import tap


class Forms(leaklab.Case):
    def check_forms(self, runs, code, headline, passes, names):
        """All forms say the same, wherever they are written to."""
        paths = {ending: self.folder / f"all{ending}" for ending in (".txt", ".json", ".xml", ".md", ".html")}
        reports = [word for path in paths.values() for word in ("-r", path)]
        done = self.run_program("analyzer", "judge", "--force", *reports, *runs, code=code)
        self.assertEqual(done.stdout, paths[".txt"].read_text())
        self.assertTrue(done.stdout.startswith(headline + "\n"), done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        told = {ending: path.read_text() for ending, path in paths.items()}
        for ending in (".xml", ".md", ".html"):
            again = self.folder / f"one{ending}"
            self.run_program("analyzer", "judge", "--force", "-o", again, *runs, code=code)
            self.assertEqual(again.read_text(), told[ending])
        reasons = json.loads(told[".json"])["reasons"]
        for ending in (".txt", ".md", ".html", ".xml"):
            plain = " ".join(html.unescape(told[ending].replace("\\", "").replace("<!-- -->", "")).split())
            for part in [headline.rpartition(": ")[2], *reasons, *names]:
                self.assertIn(part, plain, ending)
        self.assertIn("<h2", told[".html"])
        suite = tree.fromstring(told[".xml"]).find("testsuite")
        if shutil.which("xmllint"):
            schema = leaklab.ROOT / "tests/report/junit.xsd"
            subprocess.run(["xmllint", "--noout", "--schema", schema, paths[".xml"]], check=True, capture_output=True)
        self.assertEqual((suite.get("errors"), suite.get("failures")) == ("0", "0"), passes)
        self.assertGreater(float(suite.get("time")), 0)
        return suite


class Validation(Forms):
    def play(self, name, scenario):
        path = self.folder / name
        done = self.run_program("driver", "run", leaklab.SCENARIOS / f"{scenario}.yaml", "-o", path, "--set", "load.cycles=50")
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def test_fix_is_told_from_no_fix(self):
        old = [self.play(f"old-{n}", "ms16-111") for n in range(3)]
        new = [self.play(f"new-{n}", "ms16-111-fixed") for n in range(3)]
        done = self.run_program("analyzer", "judge", *new, "--against", *old, code=0)
        self.assertIn("the fix: fixed", done.stdout)
        told = json.loads(self.run_program("analyzer", "judge", "--format", "json", *new, "--against", *old, code=0).stdout)
        self.assertEqual(told["schema"], "leaklab.validation/1")
        self.assertEqual(told["validation"], "fixed")
        self.assertEqual(told["with_fix"]["k"], 0)
        self.assertAlmostEqual(told["effect"]["p"], 1 / 20)
        done = self.run_program("analyzer", "judge", *old, "--against", *old, code=2)
        self.assertIn("are the same run", done.stderr)
        done = self.run_program("analyzer", "judge", new[0], "--against", old[0], code=0)
        self.assertIn("would overturn this", done.stdout)
        done = self.run_program("analyzer", "judge", old[0], "--against", new[0], code=1)
        self.assertIn("the fix: worse", done.stdout)
        self.check_forms([*new, "--against", *old], 0, "the fix: fixed", passes=True, names=["new-0", "old-2", "leaklab-grabber.exe"])
        self.check_forms([old[0], "--against", new[0]], 1, "the fix: worse", passes=False, names=["old-0", "new-0"])
        with sqlite3.connect(new[0]) as run:
            run.execute("UPDATE setting SET value = '9' WHERE key = 'load.slots'")
        suite = self.check_forms([new[0], "--against", old[0]], 3, "the fix: cannot tell", passes=False, names=["load.slots"])
        self.assertEqual((suite.get("errors"), suite.get("failures")), ("1", "0"))

    def test_against_wants_runs_on_both_sides(self):
        done = self.run_program("analyzer", "judge", "one", "--against", code=2)
        self.assertIn("--against", done.stderr)


class Together(Forms):
    def play(self, name, scenario, cycles=24):
        path = self.folder / name
        text = (leaklab.SCENARIOS / f"{scenario}.yaml").read_text().partition("expect:")[0]
        self.run_program("driver", "run", self.write(f"{name}.yaml", text), "-o", path, "--set", f"load.cycles={cycles}")
        return path

    def judge(self, *paths, code):
        told = json.loads(self.run_program("analyzer", "judge", "--format", "json", *paths, code=code).stdout)
        self.assertEqual(told["schema"], "leaklab.pool/1")
        return told

    def test_runs_that_are_too_short_alone_are_clean_together(self):
        one, two = self.play("one", "baseline"), self.play("two", "baseline")
        self.run_program("analyzer", "judge", one, code=3)
        self.assertEqual(self.judge(one, two, code=0)["n"], 48)
        done = self.run_program("analyzer", "judge", one, two, code=0)
        self.assertIn("0 of 48 cycles in 2 runs leaked", done.stdout)
        done = self.run_program("analyzer", "judge", one, one, code=2)
        self.assertIn("are the same run", done.stderr)
        self.check_forms([one, two], 0, "verdict of 2 runs: CLEAN", passes=True, names=["one", "two"])
        short = self.play("short", "baseline", 8)
        self.assertIn("run 12 more cycles", " ".join(self.judge(one, short, code=3)["reasons"]))

    def test_one_leak_is_one_of_all(self):
        clean, leak = self.play("clean", "baseline"), self.play("leak", "ms16-111")
        told = self.judge(clean, leak, code=1)
        self.assertEqual((told["k"], told["n"]), (24, 48))
        self.assertEqual([run["verdict"] for run in told["runs"]], ["INCONCLUSIVE", "LEAK"])
        self.assertEqual(told["runs"][1]["culprit"], "leaklab-grabber.exe")
        self.check_forms([clean, leak], 1, "verdict of 2 runs: LEAK", passes=False, names=["clean", "leak", "leaklab-grabber.exe"])

    def test_runs_that_differ_are_not_taken_together(self):
        one, two = self.play("one", "baseline"), self.play("two", "baseline")
        with sqlite3.connect(two) as run:
            run.execute("UPDATE setting SET value = '9' WHERE key = 'load.slots'")
        told = self.judge(one, two, code=3)
        self.assertIn("load.slots", told["reasons"][0])
        suite = self.check_forms([one, two], 3, "verdict of 2 runs: INCONCLUSIVE", passes=False, names=["load.slots"])
        self.assertEqual((suite.get("errors"), suite.get("failures")), ("1", "0"))


if __name__ == "__main__":
    tap.main(at_once=2)
