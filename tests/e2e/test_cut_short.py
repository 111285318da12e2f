"""A run that was cut short: it proves a leak, or nothing; and says later what it said at first."""
import json
import shutil
import signal
import sqlite3
import time

import leaklab
import tap

SLOW_LOGOFF = {"method": "keys", "keys": "wait:4s Win+R text:logoff Enter", "shell": None, "timeout": "20s"}


class CutShort(leaklab.Case):
    def clean(self, lab, **parts):
        return self.scenario(lab, observers=[self.observer(lab)],
                             **{"load": {"slots": 4, "cycles": 400, "think": "20ms"}, **parts})

    def leaking(self, lab, **parts):
        self.grab(lab)
        return self.clean(lab, settle={"at_least": "0s", "quiet": "200ms", "poll": "100ms", "timeout": "10s", "release": "1s"}, **parts)

    def stop(self, process, number=signal.SIGINT, after=20):
        self.wait_for(process, "cycle", after)
        process.send_signal(number)
        out, _ = process.communicate(timeout=120)
        return process.returncode, json.loads(out.splitlines()[-1])

    def assert_cut(self, code, verdict, words):
        self.assertEqual((code, verdict["verdict"]), (3, "INCONCLUSIVE"), verdict["reasons"])
        self.assertRegex(verdict["reasons"][0], words)
        self.assertEqual(self.verdict(code=3)["reasons"], verdict["reasons"])  # judge says the same later

    def test_stopped_by_hand_nothing_is_said_of_the_rest(self):
        process = self.start_driver(self.clean(self.lab()))
        self.assert_cut(*self.stop(process), r"^stopped by hand after \d+ of 400 cycles: .*--resume.*--allow-partial")

    def test_sigterm_is_the_same(self):
        process = self.start_driver(self.clean(self.lab()))
        self.assert_cut(*self.stop(process, signal.SIGTERM), "^stopped by hand after")

    def test_what_was_proven_until_then_stays_a_leak(self):
        process = self.start_driver(self.leaking(self.lab(), observe_every=20))
        self.wait_for(process, "cycle", 60)
        time.sleep(2)  # longer than the release time
        code, verdict = self.stop(process)
        self.assertEqual((code, verdict["verdict"]), (1, "LEAK"), verdict["reasons"])
        self.assertTrue(any(reason.startswith("stopped by hand after") for reason in verdict["reasons"]), verdict["reasons"])
        self.verdict(code=1)

    def test_expected_leak_that_was_proven_until_then_is_as_expected(self):
        process = self.start_driver(self.leaking(self.lab(), observe_every=20, expect={"verdict": "LEAK"}))
        self.wait_for(process, "cycle", 60)
        time.sleep(2)
        self.assertEqual(self.stop(process)[0], 0)

    def test_expectation_is_not_decided_by_what_was_cut_off(self):
        """not failed either: the host had no chance to reuse its IDs"""
        process = self.start_driver(self.clean(self.lab(), expect={"verdict": "CLEAN", "session_ids": "rising"}))
        self.assertEqual(self.stop(process)[0], 3)

    def test_duration_that_is_over_cuts_it_short(self):
        done = self.drive(self.clean(self.lab(), load={"slots": 2, "cycles": 5000}, limits={"duration": "2s"}), "--json")
        self.assert_cut(done.returncode, json.loads(done.stdout.splitlines()[-1]), "^ended by limits.duration after [0-9]+ of 5000 cycles")

    def enough(self):
        """A load that is cut after CLEAN could be said of it, at each part."""
        return self.clean(self.lab("--late-holders", "0"), load={"slots": 4, "cycles": 5000, "think": "100ms"}, limits={"duration": "30s"},
                          settle={"at_least": "0s", "quiet": "200ms", "poll": "100ms", "timeout": "60s"})

    def test_allow_partial_judges_what_there_is(self):
        self.drive(self.enough(), code=3)
        done = self.run_program("analyzer", "judge", self.run_file, "--allow-partial", code=0)
        self.assertRegex(done.stdout, r"CLEAN[\s\S]*ended by limits.duration after \d+ of 5000 cycles: only these are judged")
        self.verdict(code=3)

    def test_allow_partial_of_a_run_is_kept_in_its_file(self):
        self.drive(self.enough(), "--allow-partial", code=0)
        self.verdict(code=0)

    def test_allow_partial_of_one_part_is_not_said_of_the_next(self):
        self.drive(self.enough(), "--allow-partial", code=0)
        self.assertEqual(self.stop(self.start_run("--resume", self.run_file))[0], 3)
        self.verdict(code=3)
        self.run_program("driver", "run", "--resume", self.run_file, "--allow-partial", code=0)
        self.verdict(code=0)

    def test_caps_of_a_load_that_ends_when_it_is_decided_are_no_cut(self):
        load = {"slots": 2, "cycles": 5000, "until": "decided", "think": "300ms"}
        lab = self.lab()
        self.drive(self.clean(lab, load=load, limits={"duration": "3s"}))
        reasons = self.verdict(code=3)["reasons"]
        self.assertFalse(any("cut" in reason or "--resume" in reason for reason in reasons), reasons)
        self.assertTrue(any("the load ended undecided, as limits.duration was over" in reason for reason in reasons), reasons)
        self.run_file.unlink()
        self.drive(self.clean(lab, load={**load, "cycles": 10}, limits={}))
        reasons = self.verdict(code=3)["reasons"]
        self.assertFalse(any("--resume" in reason for reason in reasons), reasons)

    def test_duration_ends_what_is_held_of_a_load_that_was_decided_or_is_begun(self):
        scenario = self.clean(self.lab(), load={"slots": 2, "cycles": 2, "until": "decided", "hold": "300s"}, limits={"duration": "2s"},
                              logoff={"method": "keys", "keys": "Win+R text:logoff Enter", "shell": None})
        start = time.monotonic()
        self.drive(scenario, "--preflight", "always", code=3)
        self.assertLess(time.monotonic() - start, 200)
        self.assertEqual(self.query("select result from cycles where kind = 'load'"), [("logged-off",)] * 2)

    def test_stage_that_ends_behind_a_cut_comes_before_it(self):
        """what was sampled from then on is of another lab"""
        scenario = self.clean(self.lab("--late-holders", "0"), stage=[{"name": "extra", "command": "echo ready; sleep 4"}],
                              load={"slots": 4, "cycles": 5000}, limits={"duration": "2s"},
                              settle={"at_least": "20s", "timeout": "30s", "quiet": "200ms", "poll": "100ms"})
        self.drive(scenario, "--allow-partial", code=4)
        self.verdict(code=4)

    def test_controls_that_were_cut_short_check_nothing_so_the_run_is_not_played(self):
        process = self.start_driver(self.clean(self.lab(), controls={"negative": {"cycles": 5000}}), "--progress", "none")
        self.run_file = self.folder / "run.leaklab.negative-control"
        self.wait_for_rows("SELECT 1 FROM cycle")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 3)
        self.assertIn("leaklab: negative control: interrupted during the controls", said)
        self.assertEqual(list(self.folder.glob("run.leaklab*")), [])

    def test_killed_driver_leaves_a_run_that_is_not_judged_as_whole(self):
        process = self.start_driver(self.clean(self.lab()))
        self.wait_for(process, "cycle", 50)
        process.kill()
        process.communicate()
        verdict = self.verdict(code=3)
        self.assertRegex(verdict["reasons"][0], r"^not finished \(.*\) after \d+ of 400 cycles")

    def test_run_that_goes_on_after_a_cut_is_whole(self):
        scenario = self.clean(self.lab("--late-holders", "0"), load={"slots": 4, "cycles": 80, "think": "20ms"})
        process = self.start_driver(scenario)
        self.assertEqual(self.stop(process, after=10)[0], 3)
        self.run_program("driver", "run", "--resume", self.run_file, code=0)
        self.verdict(code=0)

    def test_first_signal_takes_one_sample_and_waits_for_no_release(self):
        lab = self.lab("--time-scale", "1")
        process = self.start_driver(self.clean(lab, settle={"at_least": "100s", "timeout": "120s", "poll": "1s"}))
        self.wait_for(process, "cycle", 10)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.assertLess(time.monotonic() - start, 60)
        self.assertEqual(self.query("select count(distinct mark || round) from capture"), [(2,)])  # before, and one after

    def test_signal_while_the_host_settles_ends_the_waiting(self):
        lab = self.lab("--time-scale", "1")
        process = self.start_driver(self.clean(lab, load={"slots": 2, "cycles": 4},
                                               settle={"at_least": "100s", "timeout": "120s", "poll": "500ms"}))
        self.wait_for_settling()
        start = time.monotonic()
        code, verdict = self.stop_now(process)
        self.assertLess(time.monotonic() - start, 60)
        self.assert_cut(code, verdict, "^stopped by hand after all 4 cycles, before the run was over")

    def stop_now(self, process):
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
        return process.returncode, json.loads(out.splitlines()[-1])

    def test_second_signal_stops_at_once_and_says_which_it_was(self):
        lab = self.lab("--accounts", "8")
        for number, code in (signal.SIGINT, 130), (signal.SIGTERM, 143):
            with self.subTest(code=code):
                process = self.start_driver(self.clean(lab, logoff={**SLOW_LOGOFF, "keys": "wait:20s Win+R text:logoff Enter", "timeout": "40s"}))
                self.wait_for(process, "logon", 5)  # the first session was alone
                start = time.monotonic()
                process.send_signal(number)
                time.sleep(0.3)  # two that come as one would count as one
                process.send_signal(number)
                _, err = process.communicate(timeout=120)
                self.assertLess(time.monotonic() - start, 15)
                self.assertEqual(process.returncode, code, err)
                self.assertRegex(self.verdict(code=3)["reasons"][0], "^stopped by hand after 1 of 400 cycles")
                self.run_file.unlink()

    def test_finished_cycles_can_be_read_while_the_log_off_goes_on(self):
        """whoever stops a job kills what is left of it after some seconds, and keeps the one file"""
        lab = self.lab("--accounts", "8")
        process = self.start_driver(self.clean(lab, load={"slots": 8, "cycles": 400, "hold": "0s", "think": "0s"},
                                               logoff={**SLOW_LOGOFF, "keys": "wait:6s Win+R text:logoff Enter"}))
        self.wait_for(process, "cycle", 8)
        self.wait_for(process, "logon", 8)
        process.send_signal(signal.SIGTERM)
        time.sleep(2)
        self.assertIsNone(process.poll(), "it has logged everybody off already: nothing is shown")
        alone = self.folder / "alone.leaklab"
        shutil.copy(self.run_file, alone)
        connection = sqlite3.connect(f"file:{alone}?immutable=1", uri=True)
        [(count,)] = connection.execute("select count(*) from cycles where result = 'logged-off'").fetchall()
        connection.close()
        self.assertGreaterEqual(count, 8)
        process.communicate(timeout=120)

    def test_signal_before_the_load_is_no_failure_of_the_host(self):
        scenario = self.scenario(self.lab(), stage=[{"name": "slow", "command": "sleep 60", "timeout": "50s"}])
        process = self.start_driver(scenario)
        begun = next(line for line in process.stderr if "setting the stage" in line)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 3, begun + err)
        self.assertIn("stopped by hand before the load", err)
        self.assertFalse(self.run_file.exists())


if __name__ == "__main__":
    tap.main(at_once=3)
