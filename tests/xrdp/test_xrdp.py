"""leaklab against a real xrdp: TLS instead of NLA, no Save Session Info, X displays instead of session IDs."""
import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import leaklab
import server
import tap

WHY_NOT = server.why_not()
ACCOUNTS = 5
CYCLES = 4 * ACCOUNTS
ERRINFO_LOGOFF_BY_USER = 0xC  # MS-RDPBCGR 2.2.5.1.1


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Xrdp(leaklab.Case):
    def setUp(self):
        super().setUp()
        self.xrdp = server.Server(self.folder, ACCOUNTS)
        self.addCleanup(self.xrdp.stop)

    def play(self, code, accounts=None, **parts):
        """Plays a scenario with the parts against the xrdp."""
        return self.drive(self.write("scenario.yaml", json.dumps({
            "name": "xrdp",
            "host": {"address": self.xrdp.address, "security": "tls",
                     "certificate": {"pin": self.xrdp.certificate}},
            "accounts": {"csv": str(accounts or self.xrdp.csv)},
            "observers": [{"name": "xrdp", "command": self.xrdp.observer()}],
            "connect": {"timeout": "20s"},
            "settle": {"at_least": "0s", "quiet": "1s", "poll": "200ms", "timeout": "20s"},
            **parts,
        })), code=code)

    def states(self, mark):
        """[user, display number, state] of each session at the last snapshot with the mark."""
        return self.query(
            f"SELECT user, id, state FROM sessions WHERE mark = '{mark}' AND capture ="
            f" (SELECT max(capture) FROM snapshots WHERE mark = '{mark}') ORDER BY user")

    def log_on_and_off(self, signal):
        self.play(0, verify_ids=0, logon={"signal": signal, "timeout": "20s"},
                  load={"slots": ACCOUNTS, "cycles": CYCLES, "ramp": "1s"},
                  logoff={"method": "shell-exit", "shell": "sleep 4", "timeout": "20s"},
                  observe_every=1, expect={"sessions_left": "none"})
        self.assertEqual(self.query("SELECT result, error_info, count(*) FROM cycles WHERE kind = 'load' GROUP BY 1, 2"),
                         [("logged-off", ERRINFO_LOGOFF_BY_USER, CYCLES)], self.xrdp.logs())
        displays = self.xrdp.displays()
        self.assertEqual(len(displays), CYCLES, "every cycle had an X server of its own")
        # A slot's next logon may come while its last X server is still ending.
        self.assertLessEqual(len(set(displays)), 2 * ACCOUNTS, f"display numbers were not reused: {displays}")
        self.assertTrue(self.query("SELECT 1 FROM sessions WHERE mark = 'during' AND state = 'Active'"),
                        "the observer saw sessions during the load")
        self.assertEqual(self.states("settling"), [])
        verdict = self.verdict(code=0)
        self.assertEqual(verdict["sessions_left"]["k"], 0)
        self.assertEqual(verdict["verdict"], "INCONCLUSIVE")
        self.assertIn("xrdp knows no logon sessions", " ".join(verdict["reasons"]))

    def test_activated(self):
        """users log on and off, the connection being the signal: display numbers are reused, no session is left"""
        self.log_on_and_off("activated")

    def test_paint(self):
        """users log on and off, the first paint being the signal: display numbers are reused, no session is left"""
        self.log_on_and_off("paint")

    def leave(self, code, expected):
        return self.play(code, logon={"signal": "activated", "timeout": "20s"},
                         load={"slots": ACCOUNTS, "cycles": ACCOUNTS, "hold": "4s"},
                         logoff={"method": "disconnect", "timeout": "20s"}, expect={"sessions_left": expected})

    def test_disconnect(self):
        """sessions that were only disconnected are found, and said to be no orphans"""
        done = self.leave(0, "all")
        self.assertEqual(self.query("SELECT result, count(*) FROM cycles WHERE kind = 'load' GROUP BY 1"), [("disconnected", ACCOUNTS)])
        self.assertEqual([(user, state) for user, _, state in self.states("settling")],
                         [(user, "Disc") for user, _ in self.xrdp.accounts])
        verdict = self.verdict(code=0)
        self.assertEqual(verdict["sessions_left"]["k"], ACCOUNTS)
        self.assertIn(f"{ACCOUNTS} sessions were left behind", " ".join(verdict["reasons"]))
        self.assertIn(f"{ACCOUNTS} sessions were left behind", done.stdout)
        # They were there before the next run, which reconnects to them: it left none.
        self.run_file.unlink()
        self.leave(1, "some")
        self.assertEqual(self.verdict(code=1)["sessions_left"]["k"], 0)
        self.assertEqual(len(self.xrdp.displays()), ACCOUNTS)

    def refuse(self, signal):
        """All accounts but with wrong passwords: xrdp shows a dialog that stays."""
        wrong = "never-the-right-one"
        csv = self.write("wrong.csv", "".join(f"{user},,{wrong}\n" for user, _ in self.xrdp.accounts[:2]))
        csv.chmod(0o600)
        done = self.play(4, csv, logon={"signal": signal, "timeout": "3s"},
                         load={"slots": 2, "cycles": CYCLES},
                         logoff={"method": "shell-exit", "shell": "sleep 1", "timeout": "4s"})
        self.assertEqual(self.query("SELECT user, count(*), max(code) FROM cycles WHERE kind = 'load' GROUP BY 1"),
                         [(user, 2, "TIMEOUT") for user, _ in self.xrdp.accounts[:2]], done.stderr)
        self.assertEqual(self.query("SELECT count(*) FROM event WHERE kind = 'account-stopped'"), [(2,)])
        self.assertIn("no account is left", done.stderr)
        self.assertEqual(self.xrdp.displays(), [])
        self.assertNotIn(wrong, done.stdout + done.stderr + self.xrdp.logs())
        self.assertNotIn(wrong.encode(), self.run_file.read_bytes())

    def test_refused_no_logon_signal(self):
        """a wrong password whose logon signal never comes stops the account after two tries"""
        self.refuse("save-session-info")

    def test_refused_activated(self):
        """a wrong password behind a connection that stands stops the account after two tries"""
        self.refuse("activated")

    def test_refused_paint(self):
        """a wrong password behind xrdp's own paint stops the account after two tries"""
        self.refuse("paint")


if __name__ == "__main__":
    tap.main(at_once=2)
