"""Sessions that are disconnected and connected again: what each connection leaves, and hosts that do not give a session back."""
import unittest

import leaklab
import tap

# Enough for CLEAN at judge.smallest_rate, with samples that fall into cycles of all ages.
LOAD = {"slots": 4, "cycles": 90, "reconnects": 2, "hold": "100ms..400ms"}
SETTLE = {"release": "1s", "at_least": "3s", "quiet": "1s", "poll": "250ms", "timeout": "40s"}


class Reconnects(leaklab.Case):
    def play(self, *options, load=None, code=None, **parts):
        lab = self.lab("--time-scale", "0.0001", *options)
        scenario = self.scenario(lab, load={**LOAD, **(load or {})}, logoff={"method": "keys", "shell": None, "timeout": "30s"},
                                 connect={"timeout": "30s"}, logon={"timeout": "30s"}, settle=SETTLE,
                                 observers=[self.observer(lab)], observe_every=2, **parts)
        self.drive(scenario, code=code, timeout=300)
        return lab

    def test_each_reconnect_is_timed_apart_and_keeps_the_session(self):
        self.play(load={"cycles": 8}, code=3)
        rows = self.query("SELECT count(*), sum(tcp_ms > 0), sum(nla_ms > 0), sum(logon_ms >= 0), sum(hold_ms >= 100) FROM reconnects")
        self.assertEqual(rows, [(16, 16, 16, 16, 16)])
        self.assertEqual(self.query("SELECT count(*) FROM reconnects JOIN cycles ON cycles.number = reconnects.cycle"
                                    " WHERE reconnects.session_id = cycles.session_id"), [(16,)])
        self.assertEqual(self.query("SELECT DISTINCT result FROM cycles WHERE kind = 'load'"), [("logged-off",)])
        phases = self.verdict(code=3)["phases"]
        self.assertEqual((phases["logon"]["count"], phases["reconnect_logon"]["count"]), (8, 16))

    def test_host_that_leaks_nothing_is_clean(self):
        self.play(code=0)
        verdict = self.verdict(code=0)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["k"], verdict["orphans"]["n"]), ("CLEAN", 0, 90))
        self.assertEqual(verdict["reconnects"], {"count": 180, "network_logon_sessions_left": 0})

    def test_handle_that_each_reconnect_leaves_is_named_by_the_reconnect(self):
        self.play("--reconnect-leak", "handle", code=1)
        verdict = self.verdict(code=1)
        self.assertEqual((verdict["verdict"], verdict["kind"]), ("LEAK", "handles"))
        [lsm] = [series for series in verdict["growth"]["series"] if series["image"] == "lsm.exe"]
        self.assertEqual((lsm["word"], lsm["per"]), ("leak", "reconnect"))
        self.assertAlmostEqual(lsm["per_reconnect"], 1, delta=0.2)
        self.assertRegex("\n".join(verdict["reasons"]),
                         r"handles of lsm.exe \(process \d+\) rise by \d.\d\d a reconnect .*: they leak with the reconnects")

    def test_network_logon_session_that_each_reconnect_leaves_is_an_orphan_of_its_cycle(self):
        self.play("--reconnect-leak", "logon", code=1)
        verdict = self.verdict(code=1)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["k"], verdict["orphans"]["n"]), ("LEAK", 90, 90))
        self.assertEqual(verdict["reconnects"], {"count": 180, "network_logon_sessions_left": 180})
        self.assertIn("180 of about 270 network logon sessions stay: NLA makes one at each logon and one at each of the 180 reconnects",
                      verdict["reasons"])

    def test_host_that_gives_a_new_session_is_a_result_of_its_own(self):
        self.play("--policy", "new-session", load={"cycles": 4, "slots": 2}, code=3)
        self.assertEqual(self.query("SELECT DISTINCT result, code, failed_phase FROM cycles WHERE kind = 'load'"),
                         [("not-reconnected", "NEW_SESSION", "logon")])
        [(message,)] = self.query("SELECT message FROM cycles WHERE number = 1")
        self.assertRegex(message, r"^reconnect 1 of 2: the host gave session \d+, a new one, and not session 2, which stays there")
        self.assertEqual(self.query("SELECT count(*), sum(reconnects.session_id != cycles.session_id) FROM reconnects"
                                    " JOIN cycles ON cycles.number = reconnects.cycle"), [(4, 4)])
        self.assertEqual(self.query("SELECT count(*) FROM events WHERE kind = 'sessions-left'"), [(1,)])
        verdict = self.verdict(code=3)
        self.assertEqual(verdict["session_ids"]["distinct"], self.query("SELECT count(DISTINCT session_id) FROM"
                         " (SELECT session_id FROM cycles WHERE kind = 'load' UNION ALL SELECT session_id FROM reconnects)")[0][0])
        self.assertIn("no cycle counts: 4 logged on, and the host did not connect their sessions again; the first: " + message,
                      verdict["reasons"])

    def test_host_that_refuses_the_reconnect_is_a_result_of_its_own(self):
        self.play("--policy", "no-reconnect", load={"cycles": 2, "slots": 2}, code=3)
        rows = self.query("SELECT result, message FROM cycles WHERE kind = 'load'")
        self.assertEqual({result for result, _ in rows}, {"not-reconnected"})
        self.assertTrue(rows[0][1].startswith("reconnect 1 of 2: "), rows)

    def test_session_that_ends_or_stays_by_itself_is_not_reconnected(self):
        for method in ("shell-exit", "disconnect", "drop"):
            scenario = self.scenario(load={"reconnects": 1}, logoff={"method": method, "shell": None})
            done = self.run_program("driver", "check", scenario, code=2, env={"PW": "x"})
            self.assertIn(f"load.reconnects: does not go with logoff.method {method}", done.stderr)
        done = self.run_program("driver", "check", self.scenario(load={"reconnects": 1001}), code=2, env={"PW": "x"})
        self.assertIn("load.reconnects", done.stderr)


if __name__ == "__main__":
    tap.main(at_once=3)
