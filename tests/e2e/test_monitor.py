"""What people and programs get to see of a run while it goes on: lines, a line, a view; events; metrics."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import time
import unittest

import leaklab
import tap


class Lines(leaklab.Case):
    def test_log_without_a_terminal_says_each_phase_and_is_never_silent_for_long(self):
        lab = self.lab()
        scenario = self.scenario(lab, load={"slots": 2, "cycles": 60, "think": "150ms"}, observers=[self.observer(lab)],
                                 settle={"at_least": "2500ms", "poll": "500ms"})
        process = subprocess.Popen([leaklab.program("driver"), *leaklab.RUN, scenario, "--progress-every", "1s"], text=True,
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=self.folder)
        seen, last, longest = [], time.monotonic(), 0
        for line in process.stderr:
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            seen.append(line)
        process.wait()
        process.stderr.close()
        text = "".join(seen)
        for phase in ("setting the stage", "before the load", "of 60 cycles", "after the load", "settling", "logging on together"):
            self.assertIn(phase, text)
        self.assertLess(longest, 2.5, text)  # a line is due each second
        self.assertGreater(len(re.findall("(?m) of 60 cycles", text)), 2, text)
        self.assertNotIn("\033", text)

    def test_rate_of_a_run_that_goes_on_is_of_what_it_plays(self):
        scenario = self.scenario(self.lab(), load={"slots": 1, "cycles": 12})
        self.drive(scenario)
        done = self.run_program("driver", "run", "--resume", self.run_file, "--cycles", "+1", "--progress", "lines", code=3)
        self.assertRegex(done.stderr, r"12 of 13 cycles, .* 0\.0/s")

    def test_none_says_nothing_but_the_run_file(self):
        done = self.drive(self.scenario(self.lab()), "--progress", "none")
        self.assertRegex(done.stderr, r"\ARun file: .*\n\Z")

    def test_unknown_ways_are_refused(self):
        for options, why in ((["--progress", "loud"], "auto, live"), (["--progress-every", "5"], "like 10s"), (["--format", "xml"], "text or json")):
            done = self.run_program("driver", "run", self.scenario(), *options, code=2)
            self.assertIn(why, done.stderr)


@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class Terminal(leaklab.Case):
    """In a real terminal, as a person would see it."""

    def setUp(self):
        super().setUp()
        self.socket = self.folder / "tmux"
        self.addCleanup(lambda: subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True))

    def play(self, *options, columns=80, lines=30, terminal=None, **scenario):
        lab = self.lab()
        if scenario.pop("leaks", False):
            self.grab(lab)
        path = self.scenario(lab, **{"load": {"slots": 2, "cycles": 400, "think": "50ms"}, "observe_every": 10,
                                     "observers": [self.observer(lab)], **scenario})
        command = shlex.join([leaklab.program("driver"), *leaklab.RUN, str(path), "-o", str(self.folder / "run.leaklab"), *options])
        setting = f"TERM={terminal} " if terminal else ""
        subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
                        f"cd {shlex.quote(str(self.folder))}; {setting}{command}; sleep 60"], check=True,
                       env={**os.environ, "LC_ALL": "C.UTF-8"})

    def screen(self):
        return subprocess.run(["tmux", "-S", self.socket, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def wait_until(self, words, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            text = self.screen()
            if re.search(words, text):
                return text
            time.sleep(0.2)
        self.fail(f"no {words}:\n{text}")

    def test_one_line_is_drawn_again_and_again(self):
        self.play()
        text = self.wait_until(r"[1-9]\d* of 400 cycles")
        self.assertEqual(len(re.findall("of 400 cycles", text)), 1, text)

    def test_live_view_shows_how_far_the_run_is_and_what_it_shows_so_far(self):
        self.play("--progress", "live", leaks=True, settle={"release": "1s"})
        text = self.wait_until("verdict +LEAK so far, unless what is left goes by itself")
        for words in (r"^test +127\.0\.0\.1:\d+, ", "now +the load", r"cycles +\d+ of 400, 0 failed", r"sessions +\d+ on", r"IDs +latest \d+, highest \d+",
                      r"samples +\d+, 0 of them", "left +[1-9].* may still go", r"System \(process \d+\): \d+, follows", r"holders +leaklab-grabber\.exe \(process \d+\): \d+"):
            self.assertRegex(text, re.compile(words, re.M))
        self.assertEqual(len(re.findall("(?m)^cycles ", text)), 1, text)

    def test_live_view_says_what_is_missing_to_decide(self):
        self.play("--progress", "live")
        self.wait_until(r"undecided: CLEAN takes \d+ more cycles")

    def test_live_view_makes_room_for_what_is_said_and_for_the_verdict(self):
        self.play("--progress", "live", lines=120, load={"slots": 2, "cycles": 20})
        text = self.wait_until("Run file: ")
        self.assertIn("verdict: ", text)
        self.assertNotIn("samples  ", text)

    def test_live_view_of_control_runs_leaves_no_thread_behind(self):
        control = {"without": [], "cycles": 2}
        self.play("--progress", "live", controls={"negative": control}, load={"slots": 2, "cycles": 400, "think": "50ms"})
        self.wait_until(r"(?m)^test +127[\s\S]*cycles +[1-9]\d* of 400")
        [driver] = [path for path in pathlib.Path("/proc").glob("[0-9]*")
                    if (path / "cmdline").exists() and str(self.folder / "run.leaklab").encode() in (path / "cmdline").read_bytes()
                    and (path / "cmdline").read_bytes().startswith(b"leaklab\0run")]
        self.assertEqual(len(list((driver / "task").iterdir())), 2, "the driver, and who judges beside it")

    def test_narrow_terminals_are_not_overrun(self):
        for mode in "auto", "live":
            with self.subTest(mode=mode):
                if mode == "live":
                    subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)
                    self.doCleanups()
                    self.setUp()
                self.play("--progress", mode, columns=20)
                text = self.wait_until(r"[1-9]\d* of")
                time.sleep(1)
                text = self.screen()
                shown = [line for line in text.splitlines() if line]
                self.assertLessEqual(len(shown), 1 if mode == "auto" else 11, text)

    def test_low_terminals_show_what_fits(self):
        self.play("--progress", "live", lines=6)
        self.wait_until(r"cycles +[1-9]\d* of")
        time.sleep(1)
        text = self.screen()
        self.assertEqual(len(re.findall("(?m)^cycles ", text)), 1, text)

    def test_dumb_terminal_gets_lines(self):
        self.play("--progress-every", "1s", terminal="dumb")
        text = self.wait_until(r"(?s)of 400 cycles.*\n.*of 400 cycles")
        self.assertIn("setting the stage", text)


class Events(leaklab.Case):
    def test_events_go_to_a_file_and_the_verdict_to_standard_output(self):
        events = self.folder / "events.json"
        done = self.drive(self.scenario(self.lab(), load={"slots": 2, "cycles": 6}), "--events", events, "--json")
        verdict = json.loads(done.stdout)
        lines = [json.loads(line) for line in events.read_text().splitlines()]
        self.assertEqual(sum(line.get("event") == "cycle" for line in lines), 6)
        self.assertEqual(lines[-1]["verdict"], verdict["verdict"])
        self.assertEqual(events.stat().st_mode & 0o777, 0o600)

    def test_events_on_standard_output_are_alone_there(self):
        done = self.drive(self.scenario(self.lab(), load={"cycles": 3}), "--events", "-")
        for line in done.stdout.splitlines():
            json.loads(line)

    def test_account_that_is_no_utf_8_has_its_events(self):
        (self.folder / "accounts.csv").write_bytes(b"user,domain,password\nM\xfcller,LAB,x\n")
        done = self.drive(self.scenario(self.lab(), accounts={"csv": "accounts.csv"}, load={"cycles": 2}), "--events", "-", code=4)
        users = [json.loads(line).get("user") for line in done.stdout.splitlines() if '"event":"cycle"' in line]
        self.assertEqual(users, ["M?ller"] * 2)

    def test_events_that_cannot_be_written_are_found_out_before_the_run(self):
        done = self.drive(self.scenario(self.lab()), "--events", self.folder / "none" / "events", code=2)
        self.assertIn("none/events: No such file", done.stderr)
        self.assertFalse(self.run_file.exists())


    def test_events_are_added_to_no_evidence(self):
        scenario = self.scenario(self.lab(), load={"cycles": 1})
        self.drive(scenario)
        before = self.run_file.read_bytes()
        for run in ["--resume", self.run_file, "--cycles", "+1"], [scenario, "-o", self.folder / "other.leaklab"]:
            done = self.run_program("driver", "run", *run, "--events", self.run_file, code=2)
            self.assertIn("run.leaklab is a run file", done.stderr)
        self.assertEqual(self.run_file.read_bytes(), before)


class Names(leaklab.Case):
    HOSTILE = "a\x1b]0;evil\x07b\x1b[2J"

    def test_name_steers_no_terminal(self):
        scenario = self.scenario(self.lab(), name=self.HOSTILE, load={"slots": None, "steps": [{"slots": 1, "cycles": 2}]})
        done = self.run_program("driver", "run", scenario, "--metrics", self.folder / "run.prom", code=3)
        checked = self.run_program("driver", "check", scenario, code=0)
        for text in done.stderr, done.stdout, checked.stdout, (self.folder / "run.prom").read_text():
            self.assertNotRegex(text, "[\x07\x1b]")
        self.assertIn("step 1 of 1", done.stderr)


class Force(leaklab.Case):
    def test_run_file_that_is_there_is_replaced_only_when_asked_for(self):
        lab = self.lab()
        self.drive(self.scenario(lab, load={"cycles": 1}))
        done = self.drive(self.scenario(lab, load={"cycles": 2}), code=2)
        self.assertIn("--force", done.stderr)
        self.drive(self.scenario(lab, load={"cycles": 2}), "--force")
        self.assertEqual(self.query("select count(*) from cycles"), [(2,)])

    def test_force_keeps_the_run_file_until_there_is_another(self):
        self.drive(self.scenario(self.lab(), load={"cycles": 1}))
        before = self.run_file.read_bytes()
        files = sorted(self.folder.iterdir())
        scenario = self.scenario(None, accounts={"users": "a", "password_env": None, "password_file": "none"})
        done = self.drive(scenario, "--force", code=2)
        self.assertIn("No such file", done.stderr)
        self.assertEqual(self.run_file.read_bytes(), before)
        self.drive(self.scenario(None, accounts={"users": "a", "password_env": "NONE"}), "--force", code=2)
        self.drive(self.scenario(None), "--force", code=4, env={"PW": "x"})  # there is no host
        self.assertEqual(self.run_file.read_bytes(), before)
        self.assertEqual(sorted(self.folder.iterdir()), files)

    def test_two_runs_go_into_no_one_file(self):
        lab = self.lab("--accounts", "8")
        scenario = self.scenario(lab, load={"slots": 2, "cycles": 40, "think": "100ms"})
        first = self.start_driver(scenario)
        self.wait_for(first, "cycle", 2)
        for options, why in (((), "exists already"), (("--force",), "is being written")):
            done = self.run_program("driver", "run", scenario, "-o", self.run_file, *options)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(why, done.stderr)
        first.communicate(timeout=120)
        self.assertEqual(self.query("select count(*) from cycles where kind = 'load' and result = 'logged-off'"), [(40,)])

    def test_force_replaces_run_files_only(self):
        precious = self.write("run.leaklab", "years of work\n")
        done = self.drive(self.scenario(self.lab()), "--force", code=2)
        self.assertIn("not a run file", done.stderr)
        self.assertEqual(precious.read_text(), "years of work\n")


class Metrics(leaklab.Case):
    def metrics(self):
        return (self.folder / "run.prom").read_text()

    def value(self, name):
        return float(re.search(rf"(?m)^leaklab_{re.escape(name)} (\S+)$", self.metrics()).group(1))

    def check(self):
        if not shutil.which("promtool"):
            self.skipTest("no promtool (package prometheus)")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.metrics(), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_prometheus_takes_them_and_they_count_what_was_played(self):
        lab = self.lab()
        self.grab(lab)
        self.drive(self.scenario(lab, name='a "quoted" \\ name', load={"slots": 2, "cycles": 50}, observers=[self.observer(lab)],
                                 observe_every=10, settle={"release": "1s"}), "--metrics", self.folder / "run.prom", code=1)
        self.check()
        self.assertEqual(self.value('cycles_total{result="logged-off"}'), 50)
        self.assertEqual(self.value('phase_duration_seconds_count{phase="nla"}'), 50)
        self.assertEqual(self.value('verdict{verdict="LEAK"}'), 1)
        self.assertEqual(self.value("exit_code"), 1)
        self.assertEqual(self.value("run_finished"), 1)
        self.assertGreaterEqual(self.value('left_behind{state="leak"}'), 50)
        self.assertIn(f'host="{lab.address}"', self.metrics())
        self.assertEqual((self.folder / "run.prom").stat().st_mode & 0o777, 0o644)  # the collector is another user

    def test_they_are_whole_at_any_time_and_kept_up(self):
        process = self.start_driver(self.scenario(self.lab(), load={"slots": 2, "cycles": 120, "think": "200ms"}),
                                    "--metrics", self.folder / "run.prom")
        counts = set()
        while process.poll() is None:
            if (self.folder / "run.prom").exists():
                self.check()
                self.assertTrue(self.metrics().endswith("\n"))
                counts.add(self.value('cycles_total{result="logged-off"}'))
            time.sleep(0.2)
        process.communicate()
        self.assertGreater(len(counts), 2)

    def test_whoever_opens_the_run_file_meanwhile_costs_no_cycle(self):
        """its journal is SQLite's, which others than the driver fold in once the driver's lock on the file is gone"""
        lab = self.lab()
        process = self.start_driver(self.scenario(lab, load={"slots": 2, "cycles": 400, "think": "200ms"}, observers=[self.observer(lab)],
                                                  observe_every=2), "--metrics", self.folder / "run.prom")
        self.wait_for(process, "cycle", 10)
        time.sleep(1)  # judged for the metrics
        self.query("select count(*) from cycles")
        self.wait_for(process, "cycle", 20)
        process.kill()
        process.communicate()
        [[finished]] = self.query("select count(*) from cycles where result = 'logged-off'")
        self.assertGreaterEqual(finished, 30)

    def test_run_that_could_not_begin_says_so(self):
        self.drive(self.scenario(None, accounts={"users": "a{1..2}", "password_env": "PW"}), "--metrics", self.folder / "run.prom",
                   env={"PW": "x"}, code=4)
        self.check()
        self.assertEqual(self.value("exit_code"), 4)

    def test_file_that_cannot_be_written_is_found_out_before_the_run(self):
        done = self.drive(self.scenario(self.lab()), "--metrics", self.folder / "none" / "run.prom", code=4)
        self.assertIn("none/run.prom", done.stderr)
        self.assertFalse(self.run_file.exists())


if __name__ == "__main__":
    tap.main(at_once=3)
