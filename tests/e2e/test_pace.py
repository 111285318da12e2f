"""What the driver promises about the pace of a load: steps, ramps, random times that can be repeated, and a stop when the host is in distress."""
import json
import time

import leaklab
import tap


class Case(leaklab.Case):
    def setting(self, key):
        return dict(self.query("select key, value from setting")).get(key)

    def events(self, kind):
        return [text for text, in self.query(f"select text from event where kind = '{kind}' order by id")]

    def starts_of_slots(self):
        """The last start of each slot, in seconds since the first of all."""
        return [when for _, when in self.query("""select slot, (max(started) - (select min(started) from cycle)) / 1e6
                                                  from cycle group by slot order by slot""")]

    def due_from_second(self):
        """When each cycle was due, in seconds since the second: for the first, others may have waited."""
        return [when for when, in self.query("select (scheduled - (select scheduled from cycle where number = 2)) / 1e6 from cycle order by number")]


class Steps(Case):
    def test_steps_of_slots_follow_each_other(self):
        lab = self.lab("--shell-seconds", "0.2")
        steps = [{"slots": 1, "cycles": 3}, {"slots": 4, "cycles": 12}, {"slots": 2, "cycles": 8}]
        done = self.drive(self.scenario(lab, load={"slots": None, "cycles": None, "steps": steps}))
        self.assertEqual(self.events("step"), ["step 1 of 3: 1 slot for 3 cycles", "step 2 of 3: 4 slots for 12 cycles",
                                               "step 3 of 3: 2 slots for 8 cycles"])
        self.assertIn("step 2 of 3: 4 slots for 12 cycles", done.stderr)
        slots = [slot for slot, in self.query("select slot from cycles order by number")]
        self.assertEqual(len(slots), 23)
        self.assertEqual(set(slots[:3]), {0})
        self.assertEqual(set(slots[3:15]), {0, 1, 2, 3})
        self.assertEqual(set(slots[15:]), {0, 1})
        self.assertEqual(self.setting("load.slots"), "4")
        self.assertEqual(self.setting("load.cycles"), "23")

    def test_slots_that_come_in_with_a_step_are_due_when_it_begins(self):
        lab = self.lab("--shell-seconds", "0.3")
        steps = [{"slots": 1, "cycles": 4}, {"slots": 3, "cycles": 6}]
        self.drive(self.scenario(lab, load={"slots": None, "cycles": None, "steps": steps}))
        [(late, before)] = self.query("""select max(started - scheduled), min(started) - (select min(scheduled) from cycle)
                                         from cycle where number > 4""")
        self.assertLess(late, before / 2, "they were not due since the load began")

    def test_steps_of_time_end_the_load(self):
        lab = self.lab("--shell-seconds", "0.1")
        steps = [{"slots": 1, "for": "1s"}, {"slots": 4, "for": "1s"}]
        self.drive(self.scenario(lab, load={"slots": None, "cycles": 500, "steps": steps, "ramp_down": "2s"}))
        self.assertEqual(self.events("step"), ["step 1 of 2: 1 slot for 1s", "step 2 of 2: 4 slots for 1s"])
        self.assertEqual(len(self.events("ramp-down")), 1)
        self.assertIsNone(self.setting("ended-early"))
        ends = self.starts_of_slots()
        for slot, expected in enumerate([4, 3.5, 3, 2.5]):
            self.assertAlmostEqual(ends[slot], expected, delta=0.45)

    def test_steps_of_rates_follow_each_other(self):
        lab = self.lab()
        steps = [{"rate": 5, "for": "1s"}, {"rate": 20, "cycles": 20}, {"rate": 10, "for": "500ms"}]
        self.drive(self.scenario(lab, load={"slots": 8, "cycles": None, "steps": steps}))
        due = self.due_from_second()
        expected = [i / 5 for i in range(5)] + [1 + i / 20 for i in range(20)] + [2 + i / 10 for i in range(5)]
        self.assertEqual(len(due), len(expected))
        for seen, wanted in zip(due[1:], expected[1:]):
            self.assertAlmostEqual(seen, wanted - expected[1], delta=0.04)
        self.assertEqual(len(self.events("step")), 3)
        self.assertEqual(self.setting("load.rate"), "20")

    def test_steps_are_events_for_programs_too(self):
        lab = self.lab()
        scenario = self.scenario(lab, load={"slots": None, "cycles": None, "steps": [{"slots": 2, "cycles": 2}]})
        done = self.drive(scenario, "--events", "-")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([event["text"] for event in events if event.get("event") == "step"], ["step 1 of 1: 2 slots for 2 cycles"])


class Resumed(Case):
    def kill_and_resume(self, scenario):
        """Kills the driver in its second step, and goes on as soon as its workers have logged everybody off."""
        process = self.start_driver(scenario)
        self.wait_for(process, "step", 2)
        self.wait_for(process, "cycle", 2)
        process.kill()
        process.communicate()
        seed = self.setting("load.seed")
        deadline = time.monotonic() + 20
        done = None
        while done is None or ("is being written" in done.stderr and time.monotonic() < deadline):
            done = self.run_program("driver", "run", "--resume", self.run_file)
        self.assertIn("going on after", done.stderr)
        self.assertEqual(self.setting("load.seed"), seed)

    def test_a_killed_run_goes_on_in_its_step_with_its_seed(self):
        lab = self.lab("--shell-seconds", "0.2")
        steps = [{"slots": 1, "cycles": 3}, {"slots": 4, "cycles": 12}, {"slots": 2, "cycles": 8}]
        self.kill_and_resume(self.scenario(lab, load={"slots": None, "cycles": None, "steps": steps}))
        self.assertEqual([step[:6] for step in self.events("step")], ["step 1", "step 2", "step 2", "step 3"])
        [(played,)] = self.query("select count(*) from cycles where result = 'logged-off'")
        self.assertEqual(played, 23)
        last = [slot for slot, in self.query("select slot from cycles order by number")][-8:]
        self.assertEqual(set(last), {0, 1})

    def test_a_killed_run_begins_its_step_of_time_again(self):
        lab = self.lab("--shell-seconds", "0.1")
        steps = [{"slots": 1, "for": "500ms"}, {"slots": 2, "for": "5s"}, {"slots": 1, "for": "500ms"}]
        self.kill_and_resume(self.scenario(lab, load={"slots": None, "cycles": 500, "steps": steps}))
        self.assertEqual([step[:6] for step in self.events("step")], ["step 1", "step 2", "step 2", "step 3"])
        self.assertIsNone(self.setting("ended-early"))


class RampDown(Case):
    def test_slots_end_one_by_one(self):
        lab = self.lab("--shell-seconds", "0.3")
        self.drive(self.scenario(lab, load={"slots": 4, "cycles": 100, "ramp_down": "8s"}))
        [(count,)] = self.query("select count(*) from cycles")
        self.assertEqual(count, 100)
        ends = self.starts_of_slots()
        self.assertEqual(ends, sorted(ends, reverse=True))
        self.assertGreater(ends[0] - ends[3], 2.5)

    def test_rate_falls(self):
        lab = self.lab()
        self.drive(self.scenario(lab, load={"slots": 8, "cycles": 40, "rate": 20, "ramp_down": "2s"}))
        due = self.due_from_second()
        self.assertAlmostEqual(due[20], 0.95, delta=0.04)
        self.assertAlmostEqual(due[35], 1.95, delta=0.04)  # a quarter of the 20 is left for the second half


class Random(Case):
    LOAD = {"slots": 8, "cycles": 20, "rate": 20, "arrivals": "poisson", "hold": "exponential mean 60ms most 200ms"}

    def play(self, lab, **load):
        (self.folder / "run.leaklab").unlink(missing_ok=True)
        self.drive(self.scenario(lab, load={**self.LOAD, **load}, logoff={"method": "disconnect", "shell": None}))
        due = self.query("select (scheduled - (select min(scheduled) from cycle)) / 1e3 from cycle order by number")
        hold = self.query("select hold_ms from cycles order by number")
        return [(when, length) for (when,), (length,) in zip(due, hold)]

    def test_a_seed_repeats_the_random_times_of_a_run(self):
        lab = self.lab("--many-sessions")
        first = self.play(lab)
        seed = self.setting("load.seed")
        second = self.play(lab, seed=int(seed))
        self.assertEqual(self.setting("load.seed"), seed)
        for (due, hold), (due_again, hold_again) in zip(first, second):
            self.assertAlmostEqual(due, due_again, delta=5)
            self.assertAlmostEqual(hold, hold_again, delta=60)
        gaps = [b - a for (a, _), (b, _) in zip(first, first[1:])]
        self.assertGreater(max(gaps) - min(gaps), 40)  # even ones are all of 50 ms
        other = self.play(lab, seed=int(seed) + 1)
        self.assertGreater(max(abs(a[0] - b[0]) for a, b in zip(first, other)), 20)


class Latency(Case):
    def test_time_to_logon_counts_the_wait_for_a_slot(self):
        lab = self.lab("--shell-seconds", "0.5")
        self.drive(self.scenario(lab, load={"slots": 1, "cycles": 6, "rate": 10}))
        verdict = self.verdict()
        [(waited,)] = self.query("select max(started - scheduled) / 1e3 from cycle")
        self.assertGreater(waited, 1500)
        self.assertGreater(verdict["phases"]["to_logon"]["max_ms"], waited)


class Distress(Case):
    def assert_distress(self, done, what):
        [why] = self.events("ended-early")
        self.assertIn("the host is in distress", why)
        self.assertIn(what, why)
        self.assertIn(what, done.stderr)
        [(cycles,)] = self.query("select count(*) from cycles where kind = 'load'")
        self.assertLess(cycles, 40)
        [(running,)] = self.query("select count(*) from cycles where result = 'running'")
        self.assertEqual(running, 0)

    def test_slow_logons_end_the_load(self):
        lab = self.lab()
        done = self.drive(self.scenario(lab, load={"slots": 4, "cycles": 400}, limits={"logon_time": "1ms"}), code=4)
        self.assert_distress(done, "limits.logon_time allows 0.001 s")

    def test_failing_cycles_end_the_load(self):
        lab = self.lab("--lockout", "0", "--fault", "close-mid-logon/2")
        done = self.drive(self.scenario(lab, load={"slots": 4, "cycles": 400}, limits={"error_rate": 0.4}), code=4)
        self.assert_distress(done, "of the last 20 cycles failed")


if __name__ == "__main__":
    tap.main(at_once=3)
