"""Several injectors that play one run: a plan, shards of the load, samples around them, and the one run that they make."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import unittest

import leaklab
import tap

LOAD = {"slots": 4, "cycles": 60, "seed": 7}
SETTLE = {"release": "1s", "at_least": "3s", "quiet": "1s", "poll": "250ms", "timeout": "30s"}
SPEED = ("--time-scale", "0.0001", "--shell-seconds", "0.2")


class Parts(leaklab.Case):
    """A lab, a scenario that can be shared, and the parts of a run of it."""

    def stage(self, *options, load=None, leak=True, watched=True, **parts):
        lab = self.lab(*SPEED, *options)
        if leak:
            self.grab(lab)
        observers = {"observers": [self.observer(lab)]} if watched else {}
        self.path = self.scenario(lab, load={**LOAD, **(load or {})}, settle=SETTLE, **observers, **parts)
        return lab

    def observe(self, mark, name, *arguments, code=0, **more):
        return self.run_program("driver", "observe", self.path, "--mark", mark, "-o", name, *arguments, code=code, **more)

    def plan(self, injectors=4, *arguments, code=0, **more):
        return self.observe("before", "A", "--injectors", injectors, "--preflight", "never", *arguments, code=code, **more)

    def start_shard(self, shard, *arguments):
        command = [leaklab.program("driver"), "run", str(self.path), "--plan", "A", "--shard", str(shard), "-o", f"B.{shard}", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def end(self, process, code=0):
        out, err = process.communicate(timeout=200)
        self.assertEqual(process.returncode, code, out + err)
        self.assertNotIn("Sanitizer", err)
        return err

    def shards(self, *numbers):
        for process in [self.start_shard(number) for number in numbers]:
            self.end(process)

    def settled(self, **more):
        return self.observe("settled", "C", "--before", "A", **more)

    def merge(self, *parts, code=0):
        self.run_file = self.folder / "merged.leaklab"
        return self.run_program("analyzer", "merge", "--force", self.run_file, *parts, code=code)

    def play(self, injectors=4):
        """All parts, and the run that they make."""
        self.plan(injectors)
        during = subprocess.Popen([leaklab.program("driver"), "observe", str(self.path), "--mark", "during", "--plan", "A", "--until-done", "-o", "D"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(lambda: during.poll() is None and during.kill())
        self.shards(*range(injectors))
        self.end(during)
        self.settled()
        return self.merge("A", "D", *self.files(injectors), "C")

    def files(self, injectors=4):
        return [f"B.{shard}" for shard in range(injectors)]


def essence(verdict):
    """What two runs of the same must have in common."""
    holders = [(holder["image"], holder["logon_sessions"]) for holder in verdict["culprits"] or []]
    orphans = verdict["orphans"]
    return verdict["verdict"], orphans["k"], orphans["n"], holders[:1], verdict["session_ids"]["word"], verdict["session_ids"]["distinct"]


class Merged(Parts):
    def test_leak_is_judged_as_if_one_had_played_it(self):
        self.stage(load={"cycles": 40})
        self.play()
        merged = self.verdict(code=1)
        self.assertEqual(self.query("SELECT count(DISTINCT shard), count(*), max(number), min(number) FROM cycles WHERE kind = 'load'"), [(4, 40, 40, 1)])
        self.assertEqual(self.query("SELECT count(DISTINCT user) FROM cycles WHERE kind = 'load' GROUP BY shard"), [(2,)] * 4)
        [(out_of_order,)] = self.query("SELECT count(*) FROM cycle a JOIN cycle b ON b.number = a.number + 1 WHERE b.logged_on < a.logged_on")
        self.assertEqual(out_of_order, 0)
        self.folder = self.folder / "single"
        self.folder.mkdir()
        self.stage(load={"cycles": 40}, observe_every=3)
        self.drive(self.path, code=1)
        self.assertEqual(essence(merged), essence(self.verdict(code=1)))

    def test_host_that_leaks_nothing_is_clean(self):
        self.stage(leak=False)
        told = self.play().stdout
        self.assertEqual(told.splitlines()[0], f"{self.run_file}: 60 cycles of 4 injectors")
        self.assertNotRegex(told, "missing|clocks")
        self.assertEqual(essence(self.verdict(code=0))[:3], ("CLEAN", 0, 60))

    def test_samples_count_the_cycles_of_all_injectors(self):
        self.stage(leak=False, load={"cycles": 24})
        self.play()
        rows = self.query("SELECT mark, min(cycle), max(cycle) FROM snapshots GROUP BY mark")
        counts = {mark: (least, most) for mark, least, most in rows}
        self.assertEqual(counts["before"], (0, 0))
        self.assertEqual(counts["settled"], (24, 24))
        self.assertLess(counts["during"][0], 24)

    def test_open_load_has_its_rate_from_all_of_them_together(self):
        self.stage(leak=False, watched=False, load={"cycles": 40, "rate": 8})
        self.plan()
        self.shards(0, 1, 2, 3)
        for shard in range(4):
            self.run_file = self.folder / f"B.{shard}"
            # The first session is alone until it has ended.
            [(count, seconds)] = self.query("SELECT count(*), (max(scheduled) - min(scheduled)) / 1e6 FROM cycle WHERE number > 1")
            self.assertEqual(count, 9)
            self.assertAlmostEqual(seconds, 8 * 4 / 8, delta=0.01)

    def test_host_that_nobody_samples_is_judged_by_its_session_ids(self):
        self.stage(leak=False, watched=False, load={"cycles": 8}, host={"exclusive": True})
        self.plan()
        self.shards(0, 1, 2, 3)
        self.settled()
        self.merge("A", *self.files(), "C")
        self.assertEqual(self.query("SELECT count(*) FROM cycles WHERE kind = 'verification'"), [(8,)])
        self.assertNotIn("cut short", "\n".join(self.verdict(code=3)["reasons"]))

    def test_part_has_no_verdict_but_can_be_shown(self):
        self.stage(leak=False, load={"cycles": 4})
        self.plan()
        self.shards(1)
        done = self.run_program("analyzer", "judge", "B.1", code=2)
        self.assertIn("one part of a run that several injectors play: shard 1 (of 0 to 3)", done.stderr)
        self.assertIn("part of a run: shard 1 (of 0 to 3)\n", self.run_program("analyzer", "show", "B.1", code=0).stdout)
        shown = json.loads(self.run_program("analyzer", "show", "--json", "B.1", code=0).stdout)
        self.assertEqual((shown["part"], shown["verdict"], shown["complete"]), ("shard", None, True))


class Dead(Parts):
    def kill_in_the_middle(self, shard):
        process = self.start_shard(shard, "--events", "-")
        self.wait_for(process, "cycle", 3)
        process.kill()
        process.communicate()

    def test_shard_that_was_killed_goes_on_in_its_own_file(self):
        self.stage(load={"cycles": 40})
        self.plan()
        self.kill_in_the_middle(2)
        self.shards(0, 1, 3)
        self.run_program("driver", "run", "--resume", "B.2", code=0)
        self.settled()
        told = self.merge("A", *self.files(), "C").stdout
        self.assertNotIn("missing", told)
        verdict = self.verdict(code=1)
        self.assertGreaterEqual(verdict["orphans"]["n"], 38)  # what was lost with the driver was played again
        self.assertEqual(verdict["orphans"]["cycles_missing"], 0)
        self.assertEqual(self.query("SELECT count(*) FROM cycles WHERE kind = 'load' AND code IS NULL"), [(40,)])

    def test_shard_that_never_came_back_makes_the_rate_a_range(self):
        self.stage(load={"cycles": 40})
        self.plan()
        self.kill_in_the_middle(1)
        self.shards(0, 2)
        self.settled()
        beside = sorted(path.name for path in self.folder.glob("B.1-*"))
        self.assertIn("B.1-wal", beside)
        told = self.merge("A", *self.files(3), *beside, "C").stdout  # as B.* finds them
        self.assertRegex(told, r"missing: shards 1, 3, with 1\d cycles: run each again")
        verdict = self.verdict(code=1)
        missing = verdict["orphans"]["cycles_missing"]
        self.assertIn(missing, range(12, 20))
        self.assertRegex("\n".join(verdict["reasons"]),
                         rf"2 shards did not come back, with {missing} cycles: the rate of all is \d\d(\.\d+)? % to 100 %")

    def test_shard_that_never_came_back_forbids_clean(self):
        self.stage(leak=False, load={"cycles": 80})
        self.plan()
        self.shards(0, 1, 3)
        self.settled()
        self.merge("A", "B.0", "B.1", "B.3", "C")
        verdict = self.verdict(code=3)
        self.assertEqual(verdict["verdict"], "INCONCLUSIVE")
        self.assertIn("1 shard of the load did not come back, with 20 cycles: what they left is not known", "\n".join(verdict["reasons"]))

    def test_host_that_was_sampled_before_a_shard_went_on_is_sampled_again(self):
        self.stage(leak=False, load={"cycles": 40})
        self.plan()
        self.kill_in_the_middle(2)
        self.shards(0, 1, 3)
        self.settled()
        self.run_program("driver", "run", "--resume", "B.2", code=0)
        self.assertIn("was begun before B.2 had ended", self.merge("A", *self.files(), "C", code=2).stderr)
        self.observe("settled", "C2", "--before", "A")
        self.merge("A", *self.files(), "C2")

    def test_cycles_that_are_lost_from_a_file_are_missed(self):
        self.stage(leak=False, load={"cycles": 80})
        self.plan()
        self.shards(0, 1, 2, 3)
        self.settled()
        connection = sqlite3.connect(self.folder / "B.1")
        with connection:
            connection.execute("DELETE FROM cycle WHERE number > 17")
        connection.close()
        self.assertIn("missing: shard 1, with 3 cycles", self.merge("A", *self.files(), "C").stdout)
        self.assertIn("1 shard of the load did not come back, with 3 cycles", "\n".join(self.verdict(code=3)["reasons"]))

    def test_injector_that_is_told_to_stop_logs_off_and_the_run_counts_as_cut_short(self):
        self.stage(leak=False, load={"cycles": 400})
        self.plan()
        process = self.start_shard(0, "--events", "-")
        self.wait_for(process, "cycle", 2)
        process.send_signal(signal.SIGTERM)
        self.end(process, code=3)
        self.assertFalse(json.loads(self.run_program("analyzer", "show", "--json", "B.0", code=0).stdout)["complete"])
        self.shards(1, 2, 3)
        self.settled()
        self.merge("A", *self.files(), "C")
        self.assertIn("stopped by hand", "\n".join(self.verdict(code=3)["reasons"]))


class Refused(Parts):
    def refused(self, *words, arguments):
        err = self.run_program("driver", *arguments, code=2).stderr
        for word in words:
            self.assertIn(word, err)

    def test_scenario_that_cannot_be_shared_says_why(self):
        program = {"name": "lab", "command": "true", "no_ready": True}
        rows = [({"stage": [program]}, "stage does not go with several injectors: each of them would start its programs"),
                ({"load": {**LOAD, "until": "decided"}}, "load.until: decided does not go with several injectors"),
                ({"verify_ids": 4}, "verify_ids does not go with several injectors"),
                ({"controls": {"negative": {"without": []}}}, "controls does not go with several injectors"),
                ({"load": {"slots": 3, "cycles": 60}}, "load.slots: 3 cannot be shared by 4 injectors"),
                ({"load": {"slots": 4, "cycles": 3}}, "load.cycles: 3 cannot be shared by 4 injectors"),
                ({"load": {"slots": None, "cycles": None, "steps": [{"slots": 2, "cycles": 10}, {"slots": 8, "cycles": 10}]}}, "load.steps.0.slots: 2 cannot be shared by 4")]
        lab = self.lab(*SPEED)
        for parts, why in rows:
            with self.subTest(why=why):
                self.path = self.scenario(lab, **{"load": LOAD, "settle": SETTLE, **parts})
                self.assertIn(why, self.plan(code=2).stderr)
                self.assertFalse((self.folder / "A").exists())

    def test_accounts_that_do_not_divide_are_refused(self):
        self.stage(leak=False, load={"slots": 8})
        self.assertIn("8 accounts do not divide among 3 injectors, and accounts that log on more often than others leak more often: use 6 or 9",
                      self.plan(3, code=2).stderr)

    def test_what_is_not_the_plan_s_is_refused(self):
        lab = self.stage(leak=False)
        self.plan()
        shard = ["run", self.path, "--plan", "A", "-o", "X", "--shard"]
        self.refused("--shard 4: the plan is for 4 injectors, which are 0 to 3", arguments=[*shard, "4"])
        self.refused("the scenario is not the plan's", arguments=[*shard, "1", "--set", "load.cycles=80"])
        accounts = pathlib.Path(lab.facts["accounts"])
        before = accounts.read_text()
        lines = before.splitlines()
        accounts.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
        self.refused("the accounts are not the plan's", arguments=[*shard, "1"])
        accounts.write_text(before)
        self.refused("--plan and --shard go together", arguments=["run", self.path, "--shard", "1"])
        self.refused("--allow-partial is for a verdict", arguments=[*shard, "1", "--allow-partial"])
        self.refused("--preflight always does not go with several injectors", arguments=[*shard, "1", "--preflight", "always"])
        self.refused("X has no plan", arguments=["run", self.path, "--plan", self.other_run(lab), "--shard", "0", "-o", "Y"])
        self.refused("No such file", arguments=["run", self.path, "--plan", "gone", "--shard", "0", "-o", "Y"])

    def other_run(self, lab):
        name = self.folder / "X"
        self.run_program("driver", "run", self.scenario(lab), "-o", name)
        return name

    def test_observe_says_what_it_needs(self):
        self.path = self.scenario()
        rows = [([], "which moment? --mark before, during or settled"),
                (["--mark", "later"], "--mark later: it is before, during or settled"),
                (["--mark", "before"], "say for how many --injectors"),
                (["--mark", "before", "--injectors", "0"], "--injectors 0: write a number from 1 to"),
                (["--mark", "before", "--injectors", "2", "--start-in", "soon"], "--start-in soon: write it like 90s"),
                (["--mark", "during"], "--mark during belongs to a plan: name its file with --plan"),
                (["--mark", "settled", "--injectors", "2", "--plan", "A"], "go with --mark before"),
                (["--mark", "settled", "--before", "A", "--until-done"], "--until-done goes with --mark during")]
        for arguments, why in rows:
            with self.subTest(why=why):
                self.refused(why, arguments=["observe", self.path, *arguments])

    def test_parts_that_do_not_belong_together_are_refused(self):
        lab = self.stage(leak=False, load={"cycles": 8})
        self.plan()
        self.shards(0, 1)
        shutil.copy(self.folder / "B.1", self.folder / "B.1.copy")
        os.rename(self.folder / "A", self.folder / "A.first")
        self.plan(2)
        rows = [(["A", "B.1"], "B.1 is of another plan"),
                (["A.first", "A", "B.1"], "A and A.first both have the host before the load"),
                (["A.first", "B.1", "B.1.copy"], "B.1 and B.1.copy both have shard 1"),
                (["B.0", "B.1"], "none of the files is of the host before the load"),
                (["A.first", "A.first"], "both have the host before the load"),
                (["A.first", self.path], "not a run file"),
                (["A.first", "B.0", self.other_run(lab)], "is a whole run")]
        for parts, why in rows:
            with self.subTest(why=why):
                self.assertIn(why, self.merge(*parts, code=2).stderr)
                self.assertFalse(self.run_file.exists())
        self.assertIn("which file is to be made", self.run_program("analyzer", "merge", "out", "A", code=2).stderr)

    def test_run_that_is_there_is_replaced_only_if_asked_to(self):
        self.stage(leak=False, load={"cycles": 8})
        self.plan()
        self.shards(0)
        self.merge("A.gone", "B.0", code=2)
        self.merge("A", "B.0")
        before = self.run_file.read_bytes()
        done = self.run_program("analyzer", "merge", self.run_file, "A", "B.0", code=2)
        self.assertIn("exists already", done.stderr)
        self.merge("A", "B.gone", code=2)
        self.assertEqual(self.run_file.read_bytes(), before)

    def test_shard_goes_on_only_as_what_it_is(self):
        self.stage(leak=False, load={"cycles": 8})
        self.plan()
        self.shards(0)
        self.refused("is one shard of a plan, which says how many cycles it has", arguments=["run", "--resume", "B.0", "--cycles", "+4"])
        self.refused("only a shard goes on", arguments=["run", "--resume", "A"])
        self.merge("A", "B.0")
        self.refused("resume the shard that was cut short, and merge again", arguments=["run", "--resume", self.run_file])


class Together(Parts):
    def test_injectors_begin_at_once(self):
        self.stage(leak=False, watched=False, load={"cycles": 4})
        self.plan(4, "--start-in", "4s")
        self.shards(0, 1, 2)
        self.merge("A", *self.files(3))
        [(first, last)] = self.query("SELECT min(started), max(started) FROM cycle WHERE kind = 0")
        self.assertLess(last - first, 1500000)

    def test_injector_that_comes_later_says_so(self):
        self.stage(leak=False, watched=False, load={"cycles": 12})
        self.plan()
        for shard in range(4):
            self.shards(shard)
        told = self.merge("A", *self.files()).stdout
        self.assertRegex(told, r"start: the last injector began .*s after the plan's start")
        self.assertEqual(self.query("SELECT count(*) FROM events WHERE kind = 'late' AND text LIKE 'shard 3: begins %'"), [(1,)])

    def test_account_that_was_refused_on_one_machine_is_left_alone_on_the_others(self):
        lab = self.stage(leak=False, load={"cycles": 8, "slots": 4})
        accounts = pathlib.Path(lab.facts["accounts"])
        good = accounts.read_text()
        lines = good.splitlines()
        user = lines[1].split(",")[0]
        lines[1] = ",".join([*lines[1].split(",")[:2], "wrong"])
        accounts.write_text("\n".join(lines) + "\n")
        self.run_program("driver", "run", self.scenario(lab, load={"slots": 1, "cycles": 10}), "-o", "earlier")
        accounts.write_text(good)
        self.path = self.scenario(lab, load={**LOAD, "cycles": 8}, settle=SETTLE)
        self.plan()
        state = {"XDG_STATE_HOME": str(self.folder / "elsewhere")}
        done = self.run_program("driver", "run", self.path, "--plan", "A", "--shard", "0", "-o", "B.0", env=state)
        self.assertRegex(done.stderr, rf"account \S*{user} is stopped from the start")
        self.run_file = self.folder / "B.0"
        self.assertEqual(self.query(f"SELECT count(*) FROM cycles WHERE user = '{user}'"), [(0,)])
        self.assertGreater(self.query("SELECT count(*) FROM cycles")[0][0], 0)

    def test_commands_are_shared_too(self):
        lab = self.lab(*SPEED)
        self.path = self.write("commands.json", json.dumps({
            "name": "commands", "load": {"workload": "command", "command": "true", "slots": 4, "cycles": 12}, "watch": {"accounts": ["Sandbox"]},
            "observers": [self.observer(lab)], "settle": SETTLE}))
        self.plan()
        self.shards(0, 1, 2, 3)
        self.settled()
        self.merge("A", *self.files(), "C")
        self.assertEqual(self.query("SELECT count(*), count(DISTINCT cycle), sum(exit_status) FROM commands"), [(12, 12, 0)])


if __name__ == "__main__":
    tap.main(at_once=3)
