"""leaklab against FreeRDP's shadow server: an NLA peer that is not ours, and that sends no Save Session Info."""
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
SLOTS = 4
INCONCLUSIVE = 3  # nobody looks at logon sessions here


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Shadow(leaklab.Case):
    def setUp(self):
        super().setUp()
        self.shadow = server.Server(self.folder, SLOTS)
        self.addCleanup(self.shadow.stop)

    def play(self, code, accounts=None, **parts):
        """Plays a scenario with the parts against the shadow server."""
        return self.drive(self.write("scenario.yaml", json.dumps({
            "name": "shadow",
            "host": {"address": self.shadow.address, "security": "nla", "auth_packages": "ntlm,!kerberos",
                     "certificate": {"pin": self.shadow.pin}},
            "accounts": {"csv": str(accounts or self.shadow.csv)},
            "connect": {"timeout": "20s"},
            "logon": {"signal": "activated", "timeout": "20s"},
            "logoff": {"method": "disconnect"},
            **parts,
        })), code=code)

    def results(self):
        return self.query("SELECT result, failed_phase, code, count(*) FROM cycles GROUP BY 1, 2, 3")

    def test_activated(self):
        """users log on one by one and disconnect, the connection being the signal"""
        self.play(INCONCLUSIVE, load={"slots": 1, "cycles": 8, "hold": "0s"})
        self.assertEqual(self.results(), [("disconnected", None, None, 8)], self.shadow.log())
        self.assertEqual(self.query("SELECT count(nla_ms) FROM cycles"), [(8,)])

    def test_paint(self):
        """users log on one by one and disconnect, the first paint being the signal"""
        self.play(INCONCLUSIVE, logon={"signal": "paint", "timeout": "20s"},
                  load={"slots": 1, "cycles": 4, "hold": "100ms"})
        self.assertEqual(self.results(), [("disconnected", None, None, 4)], self.shadow.log())

    def test_parallel(self):
        """parallel slots log on and disconnect, and no worker dies"""
        cycles = 10 * SLOTS
        self.play(INCONCLUSIVE, load={"slots": SLOTS, "cycles": cycles, "hold": "0s..200ms"})
        self.assertEqual(self.results(), [("disconnected", None, None, cycles)], self.shadow.log())
        self.assertEqual(self.query("SELECT text FROM event WHERE kind = 'worker-lost'"), [])

    def test_drop(self):
        """a connection that is dropped instead of closed is no failure"""
        self.play(INCONCLUSIVE, load={"slots": 1, "cycles": 4, "hold": "0s"}, logoff={"method": "drop"})
        self.assertEqual(self.results(), [("disconnected", None, None, 4)], self.shadow.log())

    def test_no_session_info(self):
        """a host that never tells of the logon: time-outs say so, and that is no refusal"""
        done = self.play(4, logon={"signal": "save-session-info", "timeout": "1s"},
                         load={"slots": 1, "cycles": 3, "hold": "0s"}, limits={"failures": 3})
        self.assertEqual(self.results(), [("failed", "logon", "TIMEOUT", 3)], done.stderr)
        self.assertEqual(self.query("SELECT text FROM event WHERE kind = 'account-stopped'"), [])

    def test_wrong_password(self):
        """a wrong password is refused in NLA and told as such; the account is stopped after two tries"""
        wrong = "never-the-right-one"
        csv = self.write("wrong.csv", f"{self.shadow.accounts[0][0]},,{wrong}\n")
        csv.chmod(0o600)
        done = self.play(4, csv, load={"slots": 1, "cycles": 20, "hold": "0s"})
        (result, phase, code, count), = self.results()
        self.assertEqual((result, phase, count), ("failed", "nla", 2), self.shadow.log())
        self.assertIn(code, ("ERRCONNECT_AUTHENTICATION_FAILED", "ERRCONNECT_LOGON_FAILURE"))  # 3.10 tells the first
        self.assertIn("no account is left", done.stderr)
        self.assertNotIn(wrong, done.stdout + done.stderr + self.shadow.log())
        self.assertNotIn(wrong.encode(), self.run_file.read_bytes())


if __name__ == "__main__":
    tap.main()
