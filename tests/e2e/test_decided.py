"""What the driver does so that a verdict is decided: logons at once after settling, and a load that ends once it is."""
import sqlite3

import leaklab
import tap


class Agentless(leaklab.Case):
    def play(self, exclusive, *options, code):
        text = (leaklab.SCENARIOS / "ms16-111.yaml").read_text()
        text = text[:text.index("observers:")] + text[text.index("settle:"):text.index("expect:")]
        if exclusive:
            text = text.replace("host:\n", "host:\n  exclusive: true\n")
        return self.drive(self.write("agentless.yaml", text), "--set", "load.cycles=20", *options, code=code)

    def kinds(self):
        with sqlite3.connect(self.run_file) as run:
            return dict(run.execute("SELECT kind, count(*) FROM cycle GROUP BY kind"))

    def test_ids_that_stay_taken_are_a_leak_where_nobody_else_logs_on(self):
        done = self.play(True, code=1)
        said = " ".join(done.stdout.split())
        self.assertIn("20 session IDs of the run's cycles (2, 3, 4, 5, 6, 7, 8, 9 and 12 more) stay taken", said)
        self.assertEqual(self.kinds(), {0: 20, 2: 8})
        self.assertEqual(self.verdict(code=1)["session_ids"]["witness"]["logons"], 8)

    def test_where_somebody_else_may_log_on_they_decide_nothing(self):
        done = self.play(False, "--set", "verify_ids=4", code=3)
        self.assertIn("if nobody else logs on to the host, set host.exclusive: true", " ".join(done.stdout.split()))
        self.assertEqual(self.kinds(), {0: 20, 2: 4})

    def test_without_being_asked_for_a_run_without_observers_does_not_wait(self):
        self.play(False, code=3)
        self.assertEqual(self.kinds(), {0: 20})


class Observed(leaklab.Case):
    def test_clean_host_gives_all_ids_again(self):
        self.drive(leaklab.SCENARIOS / "baseline.yaml")
        verdict = self.verdict()
        self.assertEqual(verdict["session_ids"]["witness"], {"logons": 8, "skipped": [], "pinned": False, "all_given_again": True})
        self.assertEqual(verdict["orphans"]["n"], 60, "those logons are none of the load's")


class Decided(leaklab.Case):
    def play(self, scenario, *options, change=("", ""), code=None):
        text = (leaklab.SCENARIOS / f"{scenario}.yaml").read_text().partition("expect:")[0].replace(*change)
        self.drive(self.write("decided.yaml", text), "--set", "load.until=decided", "--set", "load.cycles=300", *options, code=code)
        [[cycles]] = self.query("SELECT count(*) FROM cycles WHERE kind = 'load'")
        return cycles

    def test_load_ends_once_a_leak_is_sure(self):
        cycles = self.play("ms16-111", "--set", "judge.smallest_rate=0.01", code=1)
        self.assertLess(cycles, 200)
        self.assertEqual(self.verdict()["orphans"]["k"], cycles)
        self.assertIn("the load ended once a sample showed a leak for sure (load.until: decided)", self.verdict()["reasons"])

    def test_load_ends_once_clean_can_be_said(self):
        cycles = self.play("baseline", code=0)
        self.assertIn(cycles, range(44, 100), "those under way are played to their end, and those that begin while a sample is taken")

    def test_cache_of_one_an_account_is_no_reason_to_stop(self):
        cycles = self.play("bounded-cache", "--set", "judge.smallest_rate=0.05", "--set", "settle.at_least=20s", code=1)
        self.assertGreaterEqual(cycles, 90)
        self.assertEqual(self.verdict()["kind"], "bounded")


if __name__ == "__main__":
    tap.main(at_once=2)
