"""What the lab host plays of a session host as Windows sets it up: each policy over real RDP, as a first run meets it."""
import json
import os
import re
import socket
import ssl
import subprocess
import time

import leaklab
import tap

RUN_BOX = "Win+R wait:50ms text:logoff Enter"
SIGN_OUT = "Ctrl+Alt+Delete wait:50ms Down Enter"
NLA_HYBRID = bytes.fromhex("030000130ee000000000000100080002000000")
# TSRequest (MS-CSSP 2.2.1) with NTLM's NEGOTIATE (MS-NLMP 2.2.1.1): Unicode, NTLM, target information.
NEGOTIATE = b"NTLMSSP\0" + bytes.fromhex("01000000" "b7820862" + 16 * "00" + "060100000000000f")


def der(tag, content):
    return bytes([tag, len(content)]) + content


def challenge(lab):
    """NTLM's CHALLENGE, as the lab host sends it to one who begins an NLA logon."""
    request = der(0x30, der(0xA0, der(0x02, b"\6")) + der(0xA1, der(0x30, der(0x30, der(0xA0, der(0x04, NEGOTIATE))))))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((lab.host, lab.port), timeout=10) as plain:
        plain.sendall(NLA_HYBRID)
        plain.recv(1024)
        with context.wrap_socket(plain) as secure:
            secure.sendall(request)
            return secure.recv(4096)


def computer_names(message):
    """MsvAvNbComputerName (1) and MsvAvDnsComputerName (3), MS-NLMP 2.2.2.1."""
    message = message[message.index(b"NTLMSSP\0"):]
    at = int.from_bytes(message[44:48], "little")
    names = {}
    while at + 4 <= len(message):
        kind, size = int.from_bytes(message[at:at + 2], "little"), int.from_bytes(message[at + 2:at + 4], "little")
        if kind in (1, 3):
            names[kind] = message[at + 4:at + 4 + size].decode("utf-16-le")
        if kind == 0:
            break
        at += 4 + size
    return names[1], names[3]


class Play(leaklab.Case):
    """A lab host with policies, and a driver that plays cycles against it."""

    def host(self, *policies, accounts=2, options=()):
        words = [word for policy in policies for word in ("--policy", policy)]
        return self.lab("--accounts", str(accounts), *options, *words)

    def play(self, lab, logoff, **parts):
        """Plays cycles against the host; what came of each."""
        parts.setdefault("logon", {"timeout": "2s"})
        self.done = self.drive(self.scenario(lab, logoff={"timeout": "2s", **logoff}, **parts))
        return self.query("select result, failed_phase, code, error_info from cycles where kind = 'load' order by number")

    def keys(self, lab, keys, **parts):
        return self.play(lab, {"method": "keys", "keys": keys, "shell": None}, **parts)

    def meanwhile(self, lab, logoff, **parts):
        """A run of one held session, with the images of the session's processes while it is there."""
        scenario = self.scenario(lab, logoff={"timeout": "2s", **logoff}, **parts)
        process = self.start_driver(scenario)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            images = self.images(lab)
            if images:
                break
            time.sleep(0.02)
        return process, images

    def images(self, lab):
        return [process["image"] for process in lab.snapshot()["processes"] if process["session_id"] == 2]

    def finish(self, process):
        _, err = process.communicate(timeout=120)
        return err


class Policies(Play):
    def test_refused_start_program_leaves_its_dialog_and_the_session(self):
        """the logon succeeds, and the session neither ends nor has a desktop"""
        lab = self.host("shell-refused")
        process, images = self.meanwhile(lab, {"shell": "logoff"})
        self.assertIn("userinit.exe", images)
        self.assertNotIn("explorer.exe", images)
        self.finish(process)
        self.assertEqual(self.query("select result, failed_phase, code, session_id from cycles where kind = 'load'"),
                         [("unproven", "logoff", "TIMEOUT", 2)])
        self.assertIn("Disc", lab.show("qwinsta"))

    def test_five_slots_leave_three_sessions_where_none_ends(self):
        """without a preflight the first session is alone until one has ended: in a closed load, in an open one, and where the command for it fails"""
        failing = {"method": "command", "command": "test $SESSION_ID$SESSION_USER$SESSION_LOGON = none", "shell": None}
        cases = (("shell-ignored", {}, {}, "3 sessions did not end within 1s, and none has: they are left on the host. Probably the host refuses or ignores"),
                 ("shell-refused", {"rate": 50}, {}, "3 sessions did not end within 1s"),
                 ("no-run", {}, failing, "3 sessions did not end, and none has: they are left on the host. Probably logoff.command itself failed"))
        for policy, load, logoff, words in cases:
            with self.subTest(policy):
                self.folder = self.folder / policy
                self.folder.mkdir()
                lab = self.host(policy, accounts=8)
                done = self.drive(self.scenario(lab, load={"slots": 5, "cycles": 50, **load}, logoff={"timeout": "1s", **logoff}), code=4)
                self.assertIn(words, " ".join(done.stderr.split()))
                self.assertEqual(sum(bool(session.get("user")) for session in lab.snapshot()["sessions"]), 3)

    def test_temporary_profiles_are_in_the_snapshots_and_in_the_verdict(self):
        """the verdict stays what it is, and says how many of the sessions that were seen had one"""
        lab = self.host("temporary-profile=lab01", accounts=2, options=("--time-scale", "0.0001"))
        # One slot's samples would fall in step with its logoffs.
        done = self.drive(self.scenario(lab, load={"slots": 2, "cycles": 46}, observers=[self.observer(lab)], observe_every=1, logoff={"shell": "sleep 0.2"},
                                        settle={"release": "1s", "at_least": "2s"}), code=0)
        seen = self.query("select user, temporary_profile, count(*) from session where user is not null group by 1, 2 order by 1")
        self.assertEqual([row[:2] for row in seen], [("lab01", 1), ("lab02", 0)], "no session has both")
        reason = next(reason for reason in self.verdict(code=0)["reasons"] if "temporary" in reason)
        temporary, all_seen = map(int, re.match(r"(\d+) of (\d+) sessions whose profile was seen had a temporary one", reason).groups())
        self.assertAlmostEqual(all_seen, 2 * temporary, delta=4, msg=reason)
        self.assertIn("temporary one", " ".join(done.stdout.split()))
        row = {"id": 2, "name": "RDP-Tcp#0", "user": "lab01", "domain": "LAB", "state": "Active"}
        for temporary, words in (True, "Active, with a temporary profile\n"), (False, "Active\n"), (None, "Active\n"):
            snapshot = {"schema": "leaklab.snapshot/2", "sessions": [{**row, "temporary_profile": temporary}]}
            shown = self.run_program("analyzer", "show", self.write("snapshot.json", json.dumps(snapshot))).stdout
            self.assertRegex(shown, f"lab01 +LAB +{words}")

    def test_desktop_comes_where_no_start_program_is_asked_for(self):
        for policy in "shell-refused", "shell-ignored":
            with self.subTest(policy):
                self.folder = self.folder / policy
                self.folder.mkdir()
                self.assertEqual(self.keys(self.host(policy), RUN_BOX), [("logged-off", None, None, 12)])

    def test_ignored_start_program_brings_the_desktop(self):
        lab = self.host("shell-ignored")
        process, images = self.meanwhile(lab, {"shell": "logoff"})
        self.assertIn("explorer.exe", images)
        self.finish(process)
        self.assertEqual(self.query("select result, failed_phase, code from cycles where kind = 'load'"), [("unproven", "logoff", "TIMEOUT")])

    def test_prompt_for_the_password_logs_nobody_on(self):
        """after NLA a dialog is painted and stays: no Save Session Info, no session of the user"""
        lab = self.host("prompt-password")
        process = self.start_driver(self.scenario(lab, logon={"timeout": "2s"}))
        time.sleep(1)
        self.assertNotIn("lab0", lab.show("qwinsta"))
        self.finish(process)
        self.assertEqual(self.query("select result, failed_phase, code, session_id from cycles"), [("failed", "logon", "TIMEOUT", None)])
        self.run_file.unlink()
        self.drive(self.scenario(lab, logon={"signal": "paint", "timeout": "2s"}, logoff={"timeout": "1s"}))
        self.assertEqual(self.query("select result, code, session_id from cycles where kind = 'load'"), [("unproven", "TIMEOUT", None)])

    def test_legal_notice_holds_the_logon(self):
        lab = self.host("legal-notice")
        self.assertEqual(self.play(lab, {}), [("failed", "logon", "TIMEOUT", None)])
        self.assertNotIn("lab0", lab.show("qwinsta"))

    def test_keys_dismiss_a_legal_notice(self):
        """logon.keys are typed where the logon does not come by itself, and only there"""
        keys = {"keys": "wait:300ms Enter", "timeout": "5s"}
        self.assertEqual(self.play(self.host("legal-notice"), {}, logon=keys, load={"cycles": 2}), [("logged-off", None, None, 12)] * 2)
        self.folder = self.folder / "without"
        self.folder.mkdir()
        lab = self.host()
        self.assertEqual(self.keys(lab, "wait:10ms Esc", logon={"keys": "Win+R wait:50ms text:logoff Enter", "timeout": "5s"}),
                         [("unproven", "logoff", "TIMEOUT", None)])

    def test_keys_at_a_prompt_for_the_password_count_as_wrong_passwords(self):
        lab = self.host("prompt-password", accounts=1, options=("--lockout", "2"))
        self.play(lab, {}, logon={"keys": "wait:100ms Enter wait:100ms Enter", "timeout": "1s"})
        self.run_file.unlink()
        self.assertEqual(self.play(lab, {}), [("failed", "nla", "ERRCONNECT_ACCOUNT_LOCKED_OUT", None)])

    def test_keys_before_the_desktop_of_a_first_logon_are_lost(self):
        """the logon is told at once, the desktop comes late; an account's second logon has it at once"""
        lab = self.host("slow-profile=1.5", accounts=1)
        process, images = self.meanwhile(lab, {"method": "keys", "keys": RUN_BOX, "shell": None}, load={"hold": "1s"})
        self.assertNotIn("explorer.exe", images)
        self.finish(process)
        self.assertEqual(self.query("select result, code from cycles where kind = 'load'"), [("unproven", "TIMEOUT")])
        [(logon,)] = self.query("select logon_ms from cycles where kind = 'load'")
        self.assertLess(logon, 1000)
        self.assertIn("explorer.exe", self.images(lab))
        lab.verb("logoff", "2")
        self.run_file.unlink()
        self.assertEqual(self.keys(lab, RUN_BOX), [("logged-off", None, None, 12)])

    def test_shell_of_a_first_logon_ends_late(self):
        lab = self.host("slow-profile=1")
        self.assertEqual(self.play(lab, {"shell": "logoff"}), [("logged-off", None, None, 12)])
        [(session,)] = self.query("select hold_ms from cycles where kind = 'load'")
        self.assertGreater(session, 900)

    def test_no_run_leaves_the_security_screen(self):
        lab = self.host("no-run")
        self.assertEqual(self.keys(lab, RUN_BOX), [("unproven", "logoff", "TIMEOUT", None)])
        lab.verb("logoff", "2")
        self.run_file.unlink()
        self.assertEqual(self.keys(lab, SIGN_OUT), [("logged-off", None, None, 12)])

    def test_security_screen_signs_out_of_any_session(self):
        lab = self.host()
        self.assertEqual(self.keys(lab, SIGN_OUT, load={"cycles": 2}), [("logged-off", None, None, 12)] * 2)
        self.run_file.unlink()
        self.assertEqual(self.keys(lab, "Ctrl+Alt+Delete wait:50ms Alt+S"), [("logged-off", None, None, 12)])
        self.run_file.unlink()
        self.assertEqual(self.keys(lab, "Ctrl+Alt+Delete wait:50ms Esc Down Enter"), [("unproven", "logoff", "TIMEOUT", None)])

    def test_session_limit_denies_the_connection_and_blames_no_account(self):
        lab = self.host("session-limit=1")
        done = self.play(lab, {"method": "keys", "keys": RUN_BOX, "shell": None}, load={"slots": 2, "cycles": 8, "hold": "1s"})
        self.assertIn(("failed", "logon", "ERRINFO_SERVER_DENIED_CONNECTION", 7), done)
        self.assertIn(("logged-off", None, None, 12), done)
        self.assertNotIn("account-stopped", [kind for kind, in self.query("select kind from events")])

    def test_password_that_must_be_changed_is_refused_by_nla(self):
        self.assertEqual(self.play(self.host("must-change-password"), {}),
                         [("failed", "nla", "ERRCONNECT_PASSWORD_MUST_CHANGE", None)])

    def test_password_that_has_expired_is_refused_by_nla(self):
        self.assertEqual(self.play(self.host("password-expired=lab01"), {}),
                         [("failed", "nla", "ERRCONNECT_PASSWORD_EXPIRED", None)])

    def test_other_accounts_than_the_named_one_log_on(self):
        lab = self.host("password-expired=lab02")
        self.assertEqual(self.play(lab, {}), [("logged-off", None, None, 12)])

    def test_logon_is_denied_after_nla(self):
        lab = self.host("logon-denied")
        self.assertEqual(self.play(lab, {}), [("failed", "logon", "ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES", 9)])
        self.assertNotIn("lab0", lab.show("qwinsta"))

    def test_broker_sends_every_other_logon_on(self):
        lab = self.lab("--redirect", "127.0.0.2/2")
        self.drive(self.scenario(lab, load={"cycles": 4}, connect={"timeout": "3s"}, limits={"failures": 10}))
        served = self.query("select result, served_by from cycles where kind = 'load' order by number")
        self.assertEqual([result for result, _ in served], ["logged-off", "failed"] * 2)
        self.assertEqual([by for _, by in served], [None, "127.0.0.2"] * 2)

    def test_challenge_names_the_host(self):
        """NTLM tells who serves a logon: the lab host's own name, not that of the machine it runs on"""
        lab = self.lab("--host-name", "rds07")
        self.assertEqual(computer_names(challenge(lab)), ("RDS07", "RDS07"))

    def test_wrong_policies_are_usage_errors(self):
        for words in (["--policy", "no-such"], ["--policy", "session-limit=0"], ["--policy", "password-expired=lab99"],
                      ["--policy", "password-expired", "--security", "tls"], ["--redirect", "127.0.0.2/0"]):
            done = subprocess.run([leaklab.program("labhost"), "serve", *words], capture_output=True, text=True, timeout=10,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertIn(words[0], done.stderr)


class Causes(Play):
    """Each of them ends the run early, and is told with its cause and what to do about it."""

    def told(self, lab, *words, **parts):
        parts.setdefault("logon", {"timeout": "1s"})
        done = self.drive(self.scenario(lab, load={"cycles": 9}, limits={"failures": 3}, **parts), code=4)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def test_dialog_before_the_logon_may_be_a_notice_or_a_prompt(self):
        for policy in "legal-notice", "prompt-password":
            with self.subTest(policy):
                self.folder = self.folder / policy
                self.folder.mkdir()
                self.told(self.host(policy), "3 cycles failed in a row", "prompts for the password", "legal notice", "logon.keys",
                          "/v fPromptForPassword /t REG_DWORD /d 0 /f; to undo it: reg delete ", "the GPO must agree")

    def test_refused_or_ignored_start_program(self):
        for policy in "shell-refused", "shell-ignored":
            with self.subTest(policy):
                self.folder = self.folder / policy
                self.folder.mkdir()
                self.told(self.host(policy, accounts=9), "3 sessions did not end", "refuses or ignores logoff.shell", "logoff.method to keys",
                          "/v fAllowUnlistedRemotePrograms /t REG_DWORD /d 1 /f; to undo it: reg delete ", "the GPO must agree",
                          logoff={"timeout": "1s"})

    def test_no_run_box(self):
        self.told(self.host("no-run", accounts=9), "NoRun", "Ctrl+Alt+Delete wait:2s Down Enter",
                  logoff={"method": "keys", "keys": RUN_BOX, "shell": None, "timeout": "1s"})

    def test_refusals_of_accounts(self):
        for policy, words in (("must-change-password", "must change its password"), ("password-expired", "has expired"),
                              ("logon-denied", "Remote Desktop Users")):
            with self.subTest(policy):
                os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
                self.folder = self.folder / policy
                self.folder.mkdir()
                self.told(self.host(policy), "no account is left: all were refused. Probably ", words)

    def test_broker(self):
        lab = self.lab("--redirect", "127.0.0.2")
        self.told(lab, "a connection broker sent the logon on", "drain mode", connect={"timeout": "3s"})


class Preflight(Play):
    """leaklab check --connect against such hosts: a logon tells what a run would meet."""

    def connect(self, lab, code, **parts):
        parts.setdefault("logoff", {"method": "auto", "shell": None, "timeout": "10s"})
        done = self.run_program("driver", "check", "--connect", "--json", self.scenario(lab, **parts), code=code)
        found = json.loads(done.stdout)
        return found, {step["id"]: step for step in found["steps"]}

    def test_it_finds_the_way_to_log_off_without_a_run_box(self):
        found, _ = self.connect(self.host("no-run"), 0)
        self.assertEqual(found["logoff_method"], "security-keys")

    def test_it_tells_what_to_do_about_a_dialog_before_the_logon(self):
        _, steps = self.connect(self.host("legal-notice"), 4, logon={"timeout": "1s"})
        self.assertEqual(steps["logon"]["status"], "failed")
        self.assertEqual(steps["logon"]["cause_id"], "no-logon-signal")
        self.assertIn("logon.keys", steps["logon"]["remedy"])
        self.assertIn("/v fPromptForPassword /t REG_DWORD /d 0 /f", steps["logon"]["change"])
        self.assertIn("reg delete", steps["logon"]["undo"])

    def test_keys_that_log_off_present_one_wrong_password_at_most(self):
        """a dialog that wants a password is painted, too: what is typed there is one, and the domain counts it"""
        for method in {"method": "auto"}, {"method": "keys"}, {"method": "keys", "keys": "Esc"}:
            with self.subTest(method):
                self.folder = self.folder / "-".join(method.values())
                self.folder.mkdir()
                os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
                lab = self.host("prompt-password", accounts=1, options=("--lockout", "2"))
                _, steps = self.connect(lab, 4, logon={"signal": "paint"}, logoff={"shell": None, "timeout": "7s", **method})
                self.assertEqual(steps["logoff"]["status"], "failed")
                self.assertNotIn("LOCKED", str(self.connect(lab, 4, logon={"timeout": "1s"})[1]["nla"]))

    def test_observer_of_the_right_host_is_not_blamed_for_a_logon_that_was_none(self):
        lab = self.host("prompt-password")
        _, steps = self.connect(lab, 4, logon={"signal": "paint"}, logoff={"shell": None, "method": "keys", "timeout": "1s"},
                                observers=[self.observer(lab)])
        self.assertEqual(steps["observer.labhost.host"]["status"], "warning")
        self.assertIn("which served the logon, and sees no session of lab01", steps["observer.labhost.host"]["found"])

    def test_it_tells_that_a_start_program_is_not_run(self):
        _, steps = self.connect(self.host("shell-refused"), 4, logoff={"timeout": "1s"})
        self.assertEqual(steps["logoff"]["status"], "failed")
        self.assertEqual(steps["logoff"]["cause_id"], "shell-refused-or-ignored")
        self.assertIn("fAllowUnlistedRemotePrograms", steps["logoff"]["change"])

    def test_it_tells_that_the_profile_is_a_temporary_one(self):
        """of the account that has one; where the observer does not say, nothing is known of it"""
        lab = self.host("temporary-profile=lab01", accounts=2)
        _, steps = self.connect(lab, 0, observers=[self.observer(lab)])
        profile = steps["observer.labhost.profile"]
        self.assertEqual((profile["status"], profile["cause_id"]), ("warning", "temporary-profile"))
        self.assertEqual(profile["found"], "the session of lab01 has a temporary profile, not the account's own")
        self.assertIn("could not be loaded", profile["cause"])
        self.assertIn("load.think", profile["remedy"])
        done = self.run_program("driver", "check", "--connect", self.folder / "scenario.yaml", code=0)
        self.assertRegex(done.stdout, r"WARN observer.labhost.profile +the session of lab01 has a temporary profile")
        other = {"csv": str(self.write("other.csv", "\n".join(",".join(row) for row in lab.accounts()[1:])))}
        os.chmod(other["csv"], 0o600)
        _, steps = self.connect(lab, 0, accounts=other, observers=[self.observer(lab)])
        self.assertEqual((steps["observer.labhost.profile"]["status"], steps["observer.labhost.profile"]["found"]), ("ok", "the account's own is loaded"))
        blind = {**self.observer(lab), "command": self.observer(lab)["command"] + " | jq -c 'del(.sessions[].temporary_profile)'"}
        _, steps = self.connect(lab, 0, observers=[blind])
        self.assertEqual(steps["observer.labhost.profile"]["status"], "skipped")

    def test_session_whose_start_program_is_not_run_is_ended_all_the_same(self):
        """no later logon joins it; and which way ended it tells whether a desktop came or a dialog"""
        for policy, way in ("shell-ignored", "there is a desktop"), ("shell-refused", "Ctrl+Alt+Del"):
            with self.subTest(policy):
                self.folder = self.folder / policy
                self.folder.mkdir()
                lab = self.host(policy)
                _, steps = self.connect(lab, 4, logoff={"timeout": "6s"})
                self.assertIn(way, steps["logoff"]["found"])
                self.assertEqual([session for session in lab.snapshot()["sessions"] if session.get("user")], [])


if __name__ == "__main__":
    tap.main(at_once=3)
