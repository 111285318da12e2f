"""leaklab is the one command: it finds the program that plays a verb, and helps who mistypes one."""
import pathlib
import re
import subprocess
import time

import leaklab
import tap

VERBS = ["init", "check", "run", "observe", "merge", "judge", "show", "compare", "dump", "bundle", "refusals"]


class Front(leaklab.Case):
    def front(self, *arguments, code=0):
        done = subprocess.run([leaklab.BUILD / "leaklab", *arguments], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_help_lists_every_verb_on_one_screen(self):
        text = self.front("--help").stdout
        for verb in VERBS:
            self.assertRegex(text, rf"(?m)^  {verb} ")
        self.assertLessEqual(len(text.splitlines()), 25)
        self.assertEqual(self.front("help").stdout, text)
        self.assertEqual(self.front(code=2).stderr, text)

    def test_verb_has_its_help_in_the_words_of_the_one_command(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                text = self.front(verb, "--help").stdout
                self.assertIn(f"Usage: leaklab {verb}", text)
                self.assertNotRegex(text, "leaklab-(driver|analyzer)")
                self.assertLessEqual(max(map(len, text.splitlines())), 80)
                self.assertLessEqual(len(text.splitlines()), 50)  # one screen
                self.assertEqual(self.front("help", verb).stdout, text)

    def test_mistyped_verb_is_told_the_closest(self):
        self.assertIn("(did you mean judge?)", self.front("jugde", "run.leaklab", code=2).stderr)
        self.assertNotIn("did you mean", self.front("frobnicate", code=2).stderr)

    def test_exit_code_and_output_are_the_verbs_own(self):
        done = self.front("judge", "none.leaklab", code=2)
        self.assertTrue(done.stderr.startswith("leaklab: "), done.stderr)

    def test_version_names_release_and_commit(self):
        self.assertRegex(self.front("--version").stdout, r"^leaklab \d+\.\d+\.\d+ \(.+\)\n$")

    def test_old_spelling_works_and_says_what_replaced_it(self):
        for program, verb in ("driver", "check"), ("driver", "refusals"), ("analyzer", "judge"), ("analyzer", "show"):
            with self.subTest(verb=verb):
                done = subprocess.run([leaklab.BUILD / f"leaklab-{program}", verb, "--help"], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0)
                self.assertIn(f"leaklab-{program} {verb}: write leaklab {verb}", done.stderr)
                self.assertIn(self.front(verb, "--help").stdout.splitlines()[0], done.stdout)

    def test_parts_of_it_that_are_called_by_hand_name_it(self):
        for name in "analyzer", "driver", "worker":
            done = subprocess.run([leaklab.BUILD / f"leaklab-{name}"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (2, f"leaklab-{name} is a part of leaklab: leaklab --help\n"))

    def test_program_that_is_missing_is_named(self):
        alone = self.folder / "leaklab"
        alone.write_bytes(pathlib.Path(leaklab.BUILD / "leaklab").read_bytes())
        alone.chmod(0o755)
        done = subprocess.run([alone, "judge", "x"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 4)
        self.assertTrue(re.search("leaklab-analyzer.*judge.*install", done.stderr), done.stderr)


class Streams(leaklab.Case):
    """What is closed at the start takes nothing that is opened later, and what could not be said shows in the exit code."""

    def shell(self, command, code):
        done = subprocess.run(["sh", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, f"{command}\n{done.stdout}{done.stderr}")

    def test_closed_streams_harm_no_file_and_a_result_that_nobody_got_is_a_failure(self):
        lab = self.lab()
        self.grab(lab)
        scenario = self.scenario(lab, load={"cycles": 4}, observers=[self.observer(lab)], expect={"verdict": "LEAK"},
                                 settle={"at_least": "1500ms", "release": "1s"})
        run = f"{leaklab.program('driver')} run {scenario} --force -o run.leaklab"
        judge = f"{leaklab.program('analyzer')} judge run.leaklab"
        self.run_file = self.folder / "run.leaklab"
        for closed, code in ((">&-", 4), ("2>&-", 0), ("<&-", 0), ("<&- >&- 2>&-", 4)):
            with self.subTest(closed=closed):
                self.shell(f"{run} {closed}", code)
                self.verdict(code=0)  # the run file is whole
                self.shell(f"{judge} {closed}", code)
                self.shell(f"{judge} -r new.html {closed}", code)
                (self.folder / "new.html").unlink(missing_ok=True)
        self.shell(f"{leaklab.program('labhost')} show qwinsta --control {lab.facts['control']} >&-", 4)

    def test_lab_host_without_streams_serves(self):
        lab_folder = self.folder / "quiet"
        process = subprocess.Popen(["sh", "-c", f"exec {leaklab.program('labhost')} serve --dir {lab_folder} <&- >&- 2>&-"])
        deadline = time.monotonic() + 10
        while not (lab_folder / "control.sock").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertTrue((lab_folder / "accounts.csv").read_text().startswith("user,domain,password\n"))
        process.terminate()
        process.wait()


class ExitCodes(leaklab.Case):
    """Those of the manual, played; judge has the same of the run file. 130 and 143 are in test_cut_short.py."""

    def play(self, code, judged=None, **scenario):
        lab = self.lab_there
        self.drive(self.scenario(lab, **{"load": {"slots": 2, "cycles": 12}, "observers": [self.observer(lab)],
                                         "settle": {"at_least": "1500ms", "release": "1s", "poll": "250ms", "quiet": "200ms", "timeout": "20s"},
                                         **scenario}), "--force", code=code)
        self.verdict(code=code if judged is None else judged)

    def test_each_is_what_the_manual_says(self):
        self.lab_there = self.lab("--late-holders", "0")
        self.play(3)  # 12 cycles are too few for CLEAN
        self.play(3, expect={"verdict": "CLEAN"})
        self.play(0, judge={"smallest_rate": 0.5}, expect={"verdict": "CLEAN"})
        self.play(1, judge={"smallest_rate": 0.5}, expect={"verdict": "LEAK"})
        self.play(0, judge={"smallest_rate": 0.5})
        self.play(4, logoff={"shell": "logoff"}, accounts={"csv": str(self.wrong_passwords())})
        self.grab(self.lab_there)
        self.play(1)
        self.play(0, expect={"verdict": "LEAK"})
        self.play(1, expect={"verdict": "CLEAN"})
        self.run_program("driver", "run", self.scenario(None, load={"cycels": 1}), code=2)
        self.run_program("driver", "run", self.scenario(None), code=4, env={"PW": "x"})
        self.run_program("analyzer", "judge", self.folder / "none", code=2)
        done = subprocess.run([leaklab.program("analyzer"), "judge", self.run_file], stdout=open("/dev/full", "w"), stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 4)

    def wrong_passwords(self):
        lines = pathlib.Path(self.lab_there.facts["accounts"]).read_text().splitlines()
        return self.write("wrong.csv", "\n".join([lines[0], *(line.rpartition(",")[0] + ",wrong" for line in lines[1:3])]) + "\n")

    def test_manual_and_help_name_the_same_ones(self):
        manual = (leaklab.ROOT / "driver/front/leaklab.1.scd").read_text()
        codes = re.findall(r"\*(\d+)\*", manual[manual.index("# EXIT STATUS"):manual.index("# FILES")])
        self.assertEqual(codes, ["0", "1", "2", "3", "4", "130", "143"])
        for text in (subprocess.run([leaklab.BUILD / "leaklab", *verb, "--help"], capture_output=True, text=True).stdout for verb in ([], ["run"])):
            said = re.findall(r"\d+", re.search(r"Exit codes: ([\s\S]*?)\n\n", text).group(1))
            self.assertEqual(said, codes, text)


if __name__ == "__main__":
    tap.main(at_once=3)
