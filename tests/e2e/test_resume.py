"""A run that was killed, interrupted or wanted longer goes on, and its verdict is that of one that was never broken."""
import json
import signal
import sqlite3
import subprocess
import time

import leaklab
import tap

SETTLE = {"release": "1s", "at_least": "3s", "quiet": "500ms", "poll": "250ms", "timeout": "20s"}


class Case(leaklab.Case):
    def play(self, lab, cycles, **parts):
        """A scenario of so many cycles on four slots that a lab host of the test's own is watched in."""
        parts = {"load": {"slots": 4, "cycles": cycles}, "observers": [self.observer(lab)], "observe_every": 3,
                 "settle": SETTLE, **parts}
        return self.scenario(lab, **parts)

    def kill(self, scenario, finished):
        """Plays until so many cycles have come to their end, and kills the driver."""
        process = self.start_driver(scenario)
        self.wait_for(process, "cycle", finished)
        process.kill()
        process.communicate()

    def resume(self, *arguments, code=None, **more):
        """Goes on as soon as the killed driver's workers have logged everybody off."""
        deadline = time.monotonic() + 20
        while True:
            done = self.run_program("driver", "run", "--resume", self.run_file, *arguments, **more)
            if "is being written" not in done.stderr or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        return done

    def counts(self):
        return dict(self.query("select result, count(*) from cycles where kind = 'load' group by result"))

    def contents(self):
        connection = sqlite3.connect(self.run_file)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    def assert_refused(self, *arguments, code, why, **more):
        before = self.contents()
        done = self.resume(*arguments, code=code, **more)
        self.assertIn(why, " ".join(done.stderr.split()))
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.contents(), before)

    def setting(self, key):
        rows = self.query(f"select value from setting where key = '{key}'")
        return rows[0][0] if rows else None


def told(verdict):
    """What must be the same of a run that was broken."""
    return {"verdict": verdict["verdict"], "orphans": [verdict["orphans"][key] for key in ("k", "n", "rate", "ci95")],
            "culprits": [culprit["image"] for culprit in verdict["culprits"] or []],
            "sessions_left": verdict["sessions_left"], "ids": verdict["session_ids"]["word"]}


class Killed(Case):
    def whole(self, leak):
        """The verdict of a run of its own lab that nobody breaks."""
        folder, self.folder = self.folder, self.folder / "whole"
        self.folder.mkdir()
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.1")
        if leak:
            self.grab(lab)
        self.drive(self.play(lab, 48))
        verdict = self.verdict()
        self.folder = folder
        return verdict

    def broken(self, leak):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.1")
        if leak:
            self.grab(lab)
        self.kill(self.play(lab, 48), 17)
        self.resume(code=1 if leak else 0)
        return self.verdict()

    def test_leak_is_judged_as_that_of_a_run_that_was_not_killed(self):
        verdict = self.broken(leak=True)
        self.assertEqual(told(verdict), told(self.whole(leak=True)))
        self.assertEqual((verdict["orphans"]["k"], verdict["orphans"]["n"]), (48, 48))

    def test_clean_run_stays_clean(self):
        verdict = self.broken(leak=False)
        self.assertEqual(told(verdict), told(self.whole(leak=False)))
        self.assertEqual(verdict["verdict"], "CLEAN")

    def test_cycles_at_the_kill_are_lost_and_others_played_for_them(self):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.2")
        self.kill(self.play(lab, 24), 9)
        running = [number for (number,) in self.query("select number from cycles where result = 'running'")]
        self.assertTrue(1 <= len(running) <= 4, running)
        self.resume(code=3)
        lost = self.query("select number, code, ended is null from cycles where result = 'lost'")
        self.assertEqual(lost, [(number, "DRIVER_LOST", 0) for number in running])
        self.assertEqual(self.counts(), {"logged-off": 24, "lost": len(running)})
        numbers = [number for (number,) in self.query("select number from cycles where kind = 'load' order by number")]
        self.assertEqual(numbers, list(range(1, 25 + len(running))))
        overlaps = self.query("""select count(*) from cycle a join cycle b on a.user = b.user and a.number < b.number
                                 where b.started < a.ended""")
        self.assertEqual(overlaps, [(0,)])
        # One moment before, rounds that go on, one settled moment.
        rounds = self.query("select mark, round, count(*) from snapshots group by 1, 2")
        self.assertEqual({count for _, _, count in rounds}, {1})
        self.assertEqual([round for mark, round, _ in rounds if mark == "before"], [1])
        self.assertEqual(sum(mark == "settled" for mark, _, _ in rounds), 1)
        during = [number for mark, number, _ in rounds if mark == "during"]
        self.assertEqual(sorted(during), during)
        order = self.query("select cycle from snapshots where mark = 'during' order by capture")
        self.assertEqual(sorted(order), order)
        events = dict(self.query("select kind, text from events"))
        self.assertIn(f"{len(running)} lost", events["resumed"])
        self.assertIsNotNone(self.setting("finished"))
        self.assertEqual(self.setting("load.cycles"), "24")

    def test_killed_twice_it_goes_on_twice(self):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.2")
        self.kill(self.play(lab, 24), 6)
        for finished in 4, None:
            deadline = time.monotonic() + 20
            while True:
                process = subprocess.Popen([leaklab.program("driver"), "run", "--resume", self.run_file, "--events", "-"],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
                line = process.stdout.readline()
                if line or time.monotonic() > deadline:
                    break
                process.communicate()
                time.sleep(0.1)
            if finished:
                self.wait_for(process, "cycle", finished)
                process.kill()
            process.communicate(timeout=120)
        self.assertEqual(self.counts()["logged-off"], 24)
        self.assertEqual(self.query("select count(*) from events where kind = 'resumed'"), [(2,)])

    def decided(self, **parts):
        """A run whose load was decided, and that was interrupted while the host settled; how many cycles it had."""
        lab = self.lab("--time-scale", "0.0001")
        load = {"slots": 4, "cycles": 400, "until": "decided"}
        process = self.start_driver(self.play(lab, 400, load=load, settle={**SETTLE, "at_least": "6s", "timeout": "30s"}))
        self.wait_for(process, "decided")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        process.communicate()
        return self.counts()["logged-off"]

    def test_load_that_was_decided_is_not_played_on(self):
        cycles = self.decided()
        self.assertLess(cycles, 60)
        self.resume(code=0)
        self.assertEqual(self.counts(), {"logged-off": cycles})
        self.assertEqual(self.setting("load.decided"), "cycles")

    def test_what_is_asked_for_beyond_a_decided_load_is_played(self):
        self.decided()
        self.resume("--cycles", "+5", code=0)
        self.assertEqual(self.counts(), {"logged-off": 405})
        self.assertFalse(any("load.until" in reason for reason in self.verdict()["reasons"]))

    def test_run_that_was_killed_while_it_settled_settles_again(self):
        lab = self.lab("--time-scale", "0.0001")
        self.grab(lab)
        process = self.start_driver(self.play(lab, 12))
        self.wait_for(process, "cycle", 12)
        deadline = time.monotonic() + 20
        while not self.query("select 1 from snapshots where mark = 'settling'"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        process.kill()
        process.communicate()
        self.resume(code=1)
        self.assertEqual(self.counts(), {"logged-off": 12})
        self.assertEqual(self.query("select count(*) from snapshots where mark = 'after'"), [(1,)])
        self.assertEqual(self.query("select count(*) from snapshots where mark = 'settled'"), [(1,)])
        self.assertEqual(self.verdict()["orphans"]["k"], 12)

    def test_open_load_goes_on_at_its_rate(self):
        lab = self.lab("--time-scale", "0.0001")
        self.kill(self.play(lab, 30, load={"slots": 4, "cycles": 30, "rate": 10}), 10)
        self.resume()
        self.assertEqual(self.counts()["logged-off"], 30)
        [(most,)] = self.query("""select max(n) from (select count(*) n from cycle a join cycle b
            on b.scheduled between a.scheduled and a.scheduled + 999999 group by a.number)""")
        self.assertLessEqual(most, 11)
        self.assertIsNotNone(self.setting("load.missed"))


class ByWish(Case):
    def test_more_cycles_are_played_and_judged_with_the_others(self):
        lab = self.lab("--time-scale", "0.0001")
        self.grab(lab)
        self.drive(self.play(lab, 12), code=1)
        [(first,)] = self.query("select round from snapshots where mark = 'settled'")
        self.resume("--cycles", "+12", code=1)
        self.assertEqual(self.counts(), {"logged-off": 24})
        verdict = self.verdict()
        self.assertEqual((verdict["orphans"]["k"], verdict["orphans"]["n"]), (24, 24))
        self.assertEqual(verdict["orphans"]["after_k"], 24)
        [(last,)] = self.query("select round from snapshots where mark = 'settled'")
        self.assertGreater(last, first)
        self.assertEqual(self.setting("load.cycles"), "24")
        self.assertIn("24", self.setting("scenario"))

    def test_leak_that_begins_later_is_found(self):
        lab = self.lab("--time-scale", "0.0001")
        self.drive(self.play(lab, 48), code=0)
        self.grab(lab)
        self.resume("--cycles", "+12", code=1)
        verdict = self.verdict()
        self.assertEqual((verdict["orphans"]["k"], verdict["orphans"]["n"]), (12, 60))

    def test_interrupted_run_is_played_to_its_end(self):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.1")
        process = self.start_driver(self.play(lab, 48))
        self.wait_for(process, "cycle", 10)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.assertEqual(self.setting("interrupted"), "yes")
        self.resume(code=0)
        self.assertIsNone(self.setting("interrupted"))
        self.assertEqual(self.counts(), {"logged-off": 48})
        self.assertEqual(self.verdict()["verdict"], "CLEAN")

    def test_events_as_json_and_password_of_the_environment(self):
        lab = self.lab("--time-scale", "0.0001")
        user, domain, password = lab.accounts()[0]
        scenario = self.scenario(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "LAB_PW"},
                                 load={"cycles": 2}, observers=[self.observer(lab)])
        self.drive(scenario, env={"LAB_PW": password})
        done = self.resume("--cycles", "+2", "--events", "-", env={"LAB_PW": password})
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(events[0]["event"], "resumed")
        self.assertEqual([event["cycle"] for event in events if event.get("event") == "cycle"], [4, 5],
                         "3 was the logon after the first part's settling")
        self.assertEqual(events[-1]["schema"], "leaklab.verdict/1")
        self.assertNotIn(password.encode(), self.run_file.read_bytes())


class Older(Case):
    def test_run_of_a_version_that_did_not_note_the_server_goes_on(self):
        lab = self.lab()
        self.drive(self.play(lab, 4))
        connection = sqlite3.connect(self.run_file)
        connection.executescript("drop view cycles; alter table cycle drop column server")
        connection.close()
        self.resume("--cycles", "+4", code=3)
        self.assertEqual(self.query("select server, count(*) from cycle where kind = 0 and result = 1 group by 1 order by 1"),
                         [(None, 4), ("LABHOST", 4)])


class Manual(Case):
    def test_run_goes_on_as_the_manual_says(self):
        page = (leaklab.ROOT / "scenarios/leaklab-real-host.7.scd").read_text()
        [line] = [line for line in page.splitlines() if line.startswith("build/leaklab run --resume")]
        (self.folder / "build").symlink_to(leaklab.BUILD)
        lab = self.lab("--time-scale", "0.0001")
        self.drive(self.play(lab, 60), code=0)
        self.run_file = self.run_file.rename(self.folder / "before-fix.leaklab")
        subprocess.run(["sh", "-c", line], cwd=self.folder, check=True, capture_output=True, timeout=60)
        self.assertEqual(self.counts(), {"logged-off": 90})
        self.assertEqual(self.verdict()["verdict"], "CLEAN")


class Refused(Case):
    def test_run_that_is_complete(self):
        lab = self.lab("--time-scale", "0.0001")
        self.drive(self.play(lab, 4))
        self.assert_refused(code=2, why="is complete: all its 4 cycles were played; --cycles +N plays more")

    def test_run_that_is_being_written(self):
        lab = self.lab("--shell-seconds", "0.2")
        process = self.start_driver(self.play(lab, 1000))
        self.wait_for(process, "cycle")
        done = self.run_program("driver", "run", "--resume", self.run_file, code=2)
        self.assertIn("is being written", done.stderr)
        self.wait_for(process, "cycle", 3)

    def test_run_file_of_another_schema(self):
        lab = self.lab()
        self.drive(self.scenario(lab))
        connection = sqlite3.connect(self.run_file)
        connection.execute("pragma user_version = 2")
        connection.close()
        self.assert_refused("--cycles", "+2", code=2, why="schema 2")

    def test_run_file_of_a_control(self):
        lab = self.lab("--time-scale", "0.0001")
        controls = {"negative": {"cycles": 4}}
        self.kill(self.play(lab, 400, controls=controls), 3)  # of the run itself: the control's cycles are no events
        control = self.folder / "run.leaklab.negative-control"
        self.assertTrue(control.exists())
        self.run_file = control
        self.assert_refused("--cycles", "+2", code=2, why="is a control run")

    def test_run_without_a_cycle(self):
        lab = self.lab()
        self.drive(self.scenario(lab))
        connection = sqlite3.connect(self.run_file)
        connection.executescript("delete from cycle; delete from setting where key = 'finished'")
        connection.close()
        self.assert_refused(code=2, why="no cycle was played in it: begin a new run")

    def test_run_file_alone_sends_no_password_elsewhere(self):
        """it may come from somebody else, as a scenario may"""
        lab = self.lab()
        self.drive(self.play(lab, 2))
        connection = sqlite3.connect(self.run_file)
        connection.execute("update setting set value = replace(value, ?, 'no-such-host.invalid:3389') where key in ('scenario', 'host')", (lab.address,))
        connection.commit()
        connection.close()
        self.assert_refused("--cycles", "+2", code=2, why="a scenario alone may not send")
        self.assert_refused("--cycles", "+2", "--host", "other.invalid", code=2, why="this run goes on at no-such-host.invalid:3389")
        self.assert_refused("--cycles", "+2", "--host", "no-such-host.invalid:3389", code=4, why="does not resolve")

    def start_again(self, lab, *options):
        """The host after a reboot: the same address and accounts' file."""
        lab.stop()
        again = subprocess.Popen([leaklab.program("labhost"), "serve", "--dir", lab.folder, "--port", str(lab.port),
                                  *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(again.communicate)
        self.addCleanup(again.terminate)
        for line in again.stdout:
            if line.strip() == "ready":
                return
        self.fail(again.stderr.read())

    def unpinned(self, lab, cycles):
        return self.play(lab, cycles, host={"certificate": {"ignore": True}})

    def test_host_that_was_rebooted_since(self):
        lab = leaklab.Lab(self.folder, "--time-scale", "0.0001")
        self.drive(self.unpinned(lab, 4))
        self.start_again(lab, "--time-scale", "0.0001")
        self.assert_refused("--cycles", "+2", code=4, why="was rebooted since the run began")

    def test_another_host_at_the_same_address(self):
        lab = leaklab.Lab(self.folder, "--time-scale", "0.0001")
        self.drive(self.unpinned(lab, 4))
        self.start_again(lab, "--host-name", "OTHER")
        self.assert_refused("--cycles", "+2", code=4, why="the host is OTHER now, and was LABHOST when the run began")

    def test_another_address(self):
        lab = self.lab("--time-scale", "0.0001")
        address = {"address": "${TARGET}", "certificate": {"ignore": True}}
        self.drive(self.play(lab, 4, host=address), env={"TARGET": lab.address})
        other = lab.address.replace("127.0.0.1", "127.0.0.2")
        self.assert_refused("--cycles", "+2", code=2, why=f"was played at {lab.address}", env={"TARGET": other})

    def test_observer_that_does_not_work_any_more(self):
        lab = self.lab("--time-scale", "0.0001")
        self.drive(self.play(lab, 4, observers=[{"name": "probe", "command": "cat ./sample"}]), code=4)
        (self.folder / "sample").write_text(lab.show("snapshot"))
        self.drive(self.play(lab, 4, observers=[{"name": "probe", "command": "cat ./sample"}]))
        (self.folder / "sample").unlink()
        self.assert_refused("--cycles", "+2", code=4, why="observer probe")

    def test_usage(self):
        lab = self.lab()
        scenario = self.scenario(lab)
        for words, why in [(["--resume", "none.leaklab"], "none.leaklab"),
                           (["--cycles", "+2", scenario], "--resume"),
                           (["--resume", "x.leaklab", "--set", "load.slots=2"], "--set"),
                           (["--resume", "x.leaklab", "-o", "y"], "-o"),
                           (["--resume", "x.leaklab", scenario], "scenario"),
                           (["--resume", "x.leaklab", "--cycles", "2"], "+N"),
                           (["--resume", "x.leaklab", "--cycles", "+0"], "--cycles"),
                           (["--resume", "x.leaklab", "--cycles", "+9999999"], "--cycles")]:
            with self.subTest(words):
                done = self.run_program("driver", "run", *words, code=2)
                self.assertIn(why, done.stderr)


class Controls(Case):
    def test_they_are_kept_and_not_played_again(self):
        lab = self.lab("--time-scale", "0.0001")
        self.kill(self.play(lab, 48, controls={"negative": {"cycles": 48}}), 10)
        self.resume(code=0)
        self.assertEqual(self.query("select name from control"), [("negative",)])
        self.assertEqual([control["held"] for control in self.verdict()["controls"]], [True])
        self.assertFalse((self.folder / "run.leaklab.negative-control").exists())
        self.resume("--cycles", "+4", code=0)
        self.assertEqual(self.query("select count(*) from control"), [(1,)])

    def test_run_whose_control_is_lost_is_refused(self):
        lab = self.lab("--time-scale", "0.0001")
        self.kill(self.play(lab, 48, controls={"negative": {"cycles": 4}}), 10)
        (self.folder / "run.leaklab.negative-control").unlink()
        self.assert_refused(code=2, why="negative-control")


if __name__ == "__main__":
    tap.main(at_once=3)
