"""Bad input and bad hosts: a message that a user can act on, and the right exit code."""
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time

import leaklab
import tap

CLEAN, USAGE, INCONCLUSIVE, TARGET = 0, 2, 3, 4


class Listener:
    """A host that is none: accepts connections and does with them what it is told, a bounded number of times."""

    def __init__(self, case, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(20)
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.peers = []

        def run():
            try:
                for _ in range(20):
                    peer, _ = self.socket.accept()
                    peer.settimeout(10)
                    self.peers.append(peer)
                    serve(peer)
            except OSError:
                pass
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        case.addCleanup(self.close)

    def close(self):
        self.socket.close()
        for peer in self.peers:
            peer.close()


class Case(leaklab.Case):
    def fails(self, scenario, code, *words, more=(), **how):
        start = time.monotonic()
        done = self.drive(scenario, *more, code=code, **how)
        self.assertLess(time.monotonic() - start, 30)
        for word in words:
            self.assertIn(word, done.stderr)
        return done

    def account(self, lab, number=0):
        return lab.accounts()[number]


class Evidence(leaklab.Case):
    """What is wrong with a snapshot is told, and nothing that it lacks is taken for gone."""
    WHOLE = {section: {"section": section, "extent": "whole", "rows": rows}
             for section, rows in (("sessions", 2), ("logon_sessions", 2), ("handles", 0), ("processes", 1))}
    BERT = {"id": 2, "name": "rdp-tcp#1", "user": "bert", "state": "Active"}
    SYSTEM = {"luid": "00000000:000003e7", "user": "RDS01$", "session_id": 0}
    OF_BERT = {"luid": "00000000:00001111", "user": "bert", "session_id": 2, "logon_type": "RemoteInteractive"}

    def moment(self, name, minute, **changes):
        snapshot = {"schema": "leaklab.snapshot/2", "host": "RDS01", "time": f"2026-11-21T09:{minute:02}:00Z",
                    "boot_time": "2026-11-20T06:00:00Z", "elevated": True,
                    "sessions": [{"id": 0, "name": "services", "state": "Disc"}], "logon_sessions": [self.SYSTEM],
                    "handles": [], "processes": [{"pid": 4, "image": "System"}],
                    "sight": [dict(sight) for sight in self.WHOLE.values()]}
        snapshot.update(changes)
        for sight in snapshot["sight"]:
            if sight.get("rows") is not None and "sight" not in changes:
                sight["rows"] = len(snapshot[sight["section"]])
        return self.write(name, json.dumps({key: value for key, value in snapshot.items() if value is not None}))

    def before(self):
        return self.moment("before.json", 0, sessions=[{"id": 0, "state": "Disc"}, self.BERT],
                           logon_sessions=[self.SYSTEM, self.OF_BERT])

    def compare(self, after, code, *words):
        done = self.run_program("analyzer", "compare", self.before(), after, code=code)
        for word in words:
            self.assertIn(word, " ".join(done.stdout.split()))

    def test_whole_evidence_without_bert_is_clean(self):
        self.compare(self.moment("after.json", 30), CLEAN)

    def test_sections_and_keys_that_are_not_known_are_ignored(self):
        self.compare(self.moment("after.json", 30, leases=[{"id": 7}], colour="blue"), CLEAN)

    def test_sight_that_is_not_known_is_none(self):
        for section in ("sessions", "logon_sessions"):
            sight = [dict(one, rows=None, extent="mostly" if one["section"] == section else "whole")
                     for one in self.WHOLE.values()]
            self.compare(self.moment("after.json", 30, sight=sight), INCONCLUSIVE, "a word that this leaklab does not know")
            self.compare(self.moment("after.json", 30, sight=[one for one in sight if one["section"] != section]),
                         INCONCLUSIVE, "does not say how much of it was seen")

    def test_other_rows_than_were_counted_are_told(self):
        for rows in (0, 2):
            sight = [dict(one, rows=rows if one["section"] == "logon_sessions" else None) for one in self.WHOLE.values()]
            self.compare(self.moment("after.json", 30, sight=sight), INCONCLUSIVE,
                         f"it has 1 rows, where its observer counted {rows}")

    def test_sources_of_one_moment_that_contradict_each_other_are_told(self):
        one = self.moment("one.json", 30, sessions=[{"id": 0, "state": "Disc"}, self.BERT])
        two = self.moment("two.json", 30, sessions=[{"id": 0, "state": "Disc"}, dict(self.BERT, user="anna")])
        shown = self.run_program("analyzer", "show", one, two, code=CLEAN).stdout
        self.assertIn("contradictions: 1", shown)
        self.assertIn("anna", shown)
        folder = self.folder / "after"
        folder.mkdir()
        for path in (one, two):
            path.rename(folder / path.name)
        self.compare(folder, INCONCLUSIVE, "contradict")

    def test_sample_without_time_proves_no_order_and_no_age(self):
        left = [self.SYSTEM, self.OF_BERT]
        self.compare(self.moment("after.json", 30, logon_sessions=left, time=None), INCONCLUSIVE, "AFTER does not show when it was taken")


class Scenario(Case):
    def test_unknown_key_is_told_with_line_and_column(self):
        path = self.write("s.yaml", "name: x\nhost: {address: a, certificate: {ignore: true}}\naccounts: {csv: a}\n"
                                    "load:\n  slots: 1\n  sluts: 2\n")
        self.fails(path, USAGE, "s.yaml:6:3", "sluts")

    def test_mistyped_value_is_told_with_line_and_column(self):
        path = self.write("s.yaml", "name: x\nhost: {address: a, certificate: {ignore: true}}\naccounts: {csv: a}\n"
                                    "load:\n  slots: two\n")
        self.fails(path, USAGE, "s.yaml:5:10", "two")

    def test_scenario_that_is_nested_beyond_reason_is_refused_at_once(self):
        path = self.write("s.yaml", "name: x\nload: " + "[" * 100_000 + "\n")
        start = time.monotonic()
        self.fails(path, USAGE, "s.yaml:2:", "nested more than 32 deep")
        self.assertLess(time.monotonic() - start, 30)

    def test_missing_scenario_is_named(self):
        self.fails("nothing.yaml", USAGE, "nothing.yaml", "No such file")

    def test_missing_account_file_is_named(self):
        self.fails(self.scenario(accounts={"csv": "gone.csv", "users": None, "password_env": None}), USAGE, "gone.csv")

    def test_missing_password_is_told(self):
        self.fails(self.scenario(), USAGE, "PW", "environment")

    def test_more_slots_than_accounts_are_refused(self):
        self.fails(self.scenario(load={"slots": 2}), USAGE, "only 1 accounts", env={"PW": "x"})

    def test_account_listed_twice_is_refused(self):
        csv = self.write("twice.csv", "anna,LAB,x\nAnna,lab,x\n")
        self.fails(self.scenario(accounts={"csv": str(csv), "users": None, "password_env": None}), USAGE, "listed twice")

    def test_more_slots_than_descriptors_are_refused(self):
        self.fails(self.scenario(accounts={"users": "u{1..100}"}, load={"slots": 100, "workers": 1}), USAGE, "ulimit",
                   env={"PW": "x"}, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))

    def test_existing_run_file_is_left_alone(self):
        path = self.write("run.leaklab", "precious")
        self.fails(self.scenario(), USAGE, "run.leaklab", env={"PW": "x"})
        self.assertEqual(path.read_text(), "precious")

    def test_nothing_is_left_of_a_run_that_could_not_start(self):
        self.fails(self.scenario(), USAGE)
        self.assertFalse(self.run_file.exists())

    def test_verb_or_option_that_is_none_is_exit_code_2(self):
        self.run_program("driver", "jump", code=USAGE)
        self.run_program("driver", code=USAGE)
        self.run_program("driver", "run", code=USAGE)
        self.run_program("driver", "run", "--nonsense", "x", code=USAGE)


class Host(Case):
    def at(self, address, **parts):
        return self.scenario(host={"address": address}, connect={"timeout": "1s"}, **parts)

    def test_name_that_does_not_resolve_is_told(self):
        self.fails(self.at("localhost"), TARGET, "no-such-host.invalid", "resolve", env={"PW": "x"}, more=["--host", "no-such-host.invalid"])

    def test_host_that_only_the_scenario_names_gets_no_password(self):
        self.fails(self.at("no-such-host.invalid"), USAGE, "no-such-host.invalid: a scenario alone may not", "--host", "hosts", env={"PW": "x"})
        self.fails(self.at("${HOST_NAME}", stage=[{"name": "host", "command": "echo name=no-such-host.invalid; echo ready; sleep 60"}]),
                   USAGE, "a scenario alone may not", env={"PW": "x"})

    def test_variable_that_a_stage_program_may_replace_names_no_host(self):
        """else any variable that everybody has would do"""
        program = {"name": "xdg", "command": "echo session_type=no-such-host.invalid; echo ready; sleep 60"}
        for more in ({"stage": [program]}, {"controls": {"negative": {"with": [program], "cycles": 1}}}):
            self.fails(self.at("${XDG_SESSION_TYPE}", **more), USAGE, "a scenario alone may not", env={"PW": "x", "XDG_SESSION_TYPE": "tty"})

    def test_host_that_its_user_names_is_tried(self):
        """by an option, by a variable of the environment that is all of the address, or by the list"""
        self.fails(self.at("no-such-host.invalid"), TARGET, "resolve", env={"PW": "x"}, more=["--set", "host.address=no-such-host.invalid"])
        self.fails(self.at("${TRIED}:3390"), TARGET, "resolve", env={"PW": "x", "TRIED": "no-such-host.invalid"})
        self.fails(self.at("${TRIED}.invalid"), USAGE, "a scenario alone may not", env={"PW": "x", "TRIED": "no-such-host"})
        config = {"PW": "x", "XDG_CONFIG_HOME": str(self.folder)}
        (self.folder / "leaklab").mkdir()
        for entry, code in (("*.invalid  # the lab", TARGET), ("No-Such-Host.invalid", TARGET), ("*.example.com", USAGE), ("# *", USAGE),
                            ("#" + 510 * "x" + "*", USAGE), ("", USAGE)):
            (self.folder / "leaklab/hosts").write_text(f"other.example.com\n\n{entry}\n")
            self.fails(self.at("no-such-host.invalid"), code, "no-such-host.invalid", env=config)

    def test_host_that_refuses_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.fails(self.at(f"127.0.0.1:{port}"), TARGET, "Connection refused", env={"PW": "x"})
        self.assertEqual([path.name for path in self.folder.glob("run.leaklab*")], [], "there was no run")

    def test_mute_host_ends_by_the_connect_time_out(self):
        host = Listener(self, lambda peer: None)
        self.fails(self.at(host.address, load={"cycles": 5}), TARGET, "TIMEOUT", "within 1", env={"PW": "x"})

    def test_host_that_speaks_no_rdp_is_told(self):
        host = Listener(self, lambda peer: (peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), peer.close()))
        self.fails(self.at(host.address, load={"cycles": 5}), TARGET, "cycles failed in a row", env={"PW": "x"})

    def test_host_that_ends_no_session_is_not_filled_up(self):
        """one session at a time until one has ended; after three that did not the run is over, and says why"""
        lab = self.lab("--accounts", "20")
        ended = {"method": "shell-exit", "shell": "sleep 100", "timeout": "1s"}
        start = time.monotonic()
        done = self.fails(self.scenario(lab, load={"slots": 1, "cycles": 60}, logoff=ended), TARGET,
                          "3 sessions did not end within 1s, and none has", "fAllowUnlistedRemotePrograms", "logoff.method to keys")
        self.assertLess(time.monotonic() - start, 60)
        self.assertEqual(self.query("select count(*) from cycles"), [(3,)])
        self.run_file.unlink()
        self.fails(self.scenario(lab, load={"slots": 2, "cycles": 60}, logoff=ended), TARGET, "did not end within 1s")
        self.assertLessEqual(self.query("select count(*) from cycles")[0][0], 4, "2 at first, then one at a time")
        self.run_file.unlink()
        self.fails(self.scenario(lab, load={"slots": 1, "cycles": 60}, logoff={"method": "keys", "keys": "Esc", "shell": None, "timeout": "1s"}),
                   TARGET, "a legal notice")

    def test_session_that_does_not_end_among_others_ends_no_run(self):
        lab = self.lab()
        marks = self.folder / "first"
        slow = f"mkdir {marks} 2>/dev/null && exec sleep 60; exec {leaklab.program('labhost')} logoff $SESSION_ID --user $SESSION_USER --logon $SESSION_LOGON --control {lab.facts['control']}"
        done = self.drive(self.scenario(lab, load={"slots": 2, "cycles": 12}, logoff={"method": "command", "command": slow, "shell": None, "timeout": "2s"}))
        self.assertEqual(self.query("select result, count(*) from cycles where kind = 'load' group by 1 order by 1"), [("logged-off", 11), ("unproven", 1)], done.stderr)

    def test_host_that_speaks_no_tls_is_told(self):
        def negotiate(peer):
            peer.recv(4096)
            # TPKT, X.224 connection confirm, RDP_NEG_RSP selecting CredSSP (MS-RDPBCGR 2.2.1.2), then no TLS
            peer.sendall(bytes.fromhex("030000130ed000001234000200080002000000"))
            peer.recv(4096)
            peer.sendall(b"HTTP/1.0 400 no\r\n\r\n")
            peer.close()
        host = Listener(self, negotiate)
        self.fails(self.at(host.address, load={"cycles": 5}), TARGET, "phase tls", env={"PW": "x"})

    def test_wrong_certificate_is_told_with_both_fingerprints(self):
        lab = self.lab()
        self.fails(self.scenario(lab, load={"cycles": 5}, host={"certificate": {"pin": "sha256:" + "ab" * 32}}),
                   TARGET, "not the pinned one", "ab" * 32, lab.facts["certificate"])
        self.assertEqual({result for result, in self.query("select result from cycles")}, {"failed"})

    def test_certificate_of_the_first_use_is_remembered(self):
        lab = self.lab()
        known = self.folder / "known"
        self.drive(self.scenario(lab, host={"certificate": {"tofu": str(known)}}))
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])
        self.assertEqual(known.read_text(), f"{lab.address} {lab.facts['certificate']}\n")
        known.write_text(f"{lab.address} sha256:{'00' * 32}\n")
        self.run_file.unlink()
        self.fails(self.scenario(lab, load={"cycles": 5}, host={"certificate": {"tofu": str(known)}}), TARGET,
                   "has changed", str(known), "remove the line")

    def test_certificates_trusted_on_first_use_stand_in_lines_of_their_own(self):
        """one more is not glued to a last line without its end; a name that several hosts answer to has several"""
        lab = self.lab()
        known, other = self.folder / "known", f"rds02:3389 sha256:{'11' * 32}"
        known.write_text(other)
        self.drive(self.scenario(lab, host={"certificate": {"tofu": str(known)}}))
        own = f"{lab.address} {lab.facts['certificate']}"
        self.assertEqual(known.read_text(), f"{other}\n{own}\n")
        known.write_text(f"{lab.address} sha256:{'00' * 32}\n{own}\n")
        self.run_file.unlink()
        self.drive(self.scenario(lab, host={"certificate": {"tofu": str(known)}}))
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])

    def test_certificate_authority_must_have_signed(self):
        lab = self.lab()
        own = str(lab.folder / "cert.pem")
        self.drive(self.scenario(lab, host={"certificate": {"ca": own}}))
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])
        self.run_file.unlink()
        foreign = self.folder / "foreign.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=foreign", "-keyout",
                        "/dev/null", "-out", foreign], check=True, capture_output=True)
        self.fails(self.scenario(lab, load={"cycles": 5}, host={"certificate": {"ca": str(foreign)}}), TARGET,
                   "is not trusted by", "foreign.pem")

    def test_host_that_closes_mid_logon_is_told_by_phase(self):
        lab = self.lab("--fault", "close-mid-logon")
        self.fails(self.scenario(lab, load={"cycles": 9}, limits={"failures": 3}), TARGET, "cycles failed in a row")
        self.assertEqual({result for result, in self.query("select result from cycles")}, {"failed"})

    def test_host_that_falls_silent_after_tls_ends_by_the_time_out(self):
        lab = self.lab("--fault", "mute-after-tls")
        self.fails(self.scenario(lab, load={"cycles": 9}, connect={"timeout": "1s"}), TARGET, "TIMEOUT")


class Credentials(Case):
    def test_two_refusals_in_a_row_stop_the_account_and_the_others_go_on(self):
        lab = self.lab("--lockout", "3")
        rows = lab.accounts()
        rows[0][2] = "wrong"
        csv = self.write("mixed.csv", "".join(",".join(row) + "\n" for row in [["user", "domain", "password"]] + rows[:3]))
        done = self.drive(self.scenario(lab, accounts={"csv": str(csv)}, load={"cycles": 20}))
        self.assertIn("account lab01 is stopped after two authentication failures in a row", done.stderr)
        self.assertEqual(self.query("select count(*) from cycles where user = 'lab01'"), [(2,)])
        self.assertEqual(self.query("select count(*) from cycles where result = 'logged-off'"), [(18,)])
        # The lab locks at three: the account is still good.
        self.run_file.unlink()
        self.run_program("driver", "refusals", "--forget-all", code=0)
        self.drive(self.scenario(lab, load={"cycles": 1}))
        self.assertEqual(self.query("select user, result from cycles"), [("lab01", "logged-off")])

    def test_refusals_of_earlier_runs_count_until_they_are_forgotten(self):
        """repeated runs with a wrong password do not lock an account that locks at three; it is said why, and for how long"""
        lab = self.lab("--lockout", "3")
        user, domain, password = self.account(lab)
        wrong = self.scenario(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW"}, load={"cycles": 1})
        for _ in range(2):
            self.drive(wrong, env={"PW": "wrong"})
            self.assertEqual(self.query("select result, failed_phase from cycles"), [("failed", "nla")])
            self.run_file.unlink()
        done = self.fails(wrong, TARGET, "no account may log on: all were refused in earlier runs", env={"PW": "wrong"})
        self.assertIn(f"account {domain}\\{user} is stopped from the start: 2 of its logons were refused", done.stderr)
        listed = self.run_program("driver", "refusals", code=0).stdout
        self.assertRegex(listed, rf"\n      2  .*  {domain}\\{user}\n")
        forgotten = self.run_program("driver", "refusals", "--forget", f"{domain}\\{user}", code=0).stdout
        self.assertEqual(forgotten, "Forgotten: 1.\n")
        self.run_program("driver", "refusals", "--forget", f"{domain}\\{user}", code=2)
        self.drive(wrong, env={"PW": password})  # it is not locked
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])
        self.assertIn("No account", self.run_program("driver", "refusals", code=0).stdout)

    def test_refusals_are_forgotten_when_the_window_is_over(self):
        lab = self.lab()
        user, domain, password = self.account(lab)
        scenario = self.scenario(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW",
                                                "lockout_window": "2s"}, load={"cycles": 2})
        self.drive(scenario, env={"PW": "wrong"})
        self.run_file.unlink()
        time.sleep(2)
        self.drive(scenario, env={"PW": password})
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)] * 2)

    def test_folder_that_cannot_be_written_to_is_told_and_the_run_goes_on(self):
        lab = self.lab()
        done = self.drive(self.scenario(lab), env={"XDG_STATE_HOME": "/dev/null"})
        self.assertIn("/dev/null/leaklab cannot be made", done.stderr)
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])

    def test_wrong_passwords_of_all_end_the_run(self):
        lab = self.lab()
        user, domain, _ = self.account(lab)
        done = self.fails(
            self.scenario(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW"},
                          load={"cycles": 20}),
            TARGET, "no account is left", env={"PW": "wrong-secret"})
        self.assertNotIn("wrong-secret", done.stderr + done.stdout)
        codes = self.query("select failed_phase, code from cycles")
        self.assertEqual(len(codes), 2)
        self.assertTrue(all(phase == "nla" for phase, _ in codes), codes)

    def test_locked_account_is_told_and_not_tried_again(self):
        lab = self.lab("--lockout", "1")
        user, domain, password = self.account(lab)
        wrong = self.scenario(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW"},
                              load={"cycles": 1})
        self.drive(wrong, env={"PW": "wrong"})
        self.run_file.unlink()
        self.fails(self.scenario(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW"},
                                 load={"cycles": 5}), TARGET, "LOCKED_OUT", env={"PW": password})
        self.assertEqual(self.query("select count(*) from cycles"), [(1,)])

    def test_wrong_password_without_nla_is_refused_too(self):
        lab = self.lab("--security", "tls")
        user, domain, _ = self.account(lab)
        self.fails(self.scenario(lab, host={"security": "tls"}, load={"cycles": 5}, logon={"timeout": "2s"},
                                 accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW"}),
                   TARGET, "no account is left", env={"PW": "wrong"})


    def test_wrong_password_behind_a_signal_that_comes_before_it_is_refused_too(self):
        lab = self.lab("--security", "tls", "--lockout", "3")
        user, domain, _ = self.account(lab)
        self.fails(self.scenario(lab, host={"security": "tls"}, load={"cycles": 20}, logon={"signal": "activated"},
                                 accounts={"csv": None, "users": user, "domain": domain, "password_env": "PW"}),
                   TARGET, "no account is left", env={"PW": "wrong"})
        self.assertEqual(self.query("select result, count(*) from cycles"), [("failed", 2)])


class Observers(Case):
    def test_observer_that_fails_before_the_load_ends_the_run_with_its_words(self):
        lab = self.lab()
        self.fails(self.scenario(lab, observers=[{"name": "far", "command": "echo access denied >&2; exit 5"}]),
                   TARGET, "observer far", "access denied", "status 5")
        self.assertFalse(self.run_file.exists())

    def test_observer_that_prints_garbage_is_told(self):
        lab = self.lab()
        self.fails(self.scenario(lab, observers=[{"name": "far", "command": "head -c 5000 /dev/urandom"}]), TARGET,
                   "observer far", "no snapshot")

    def test_observer_that_hangs_is_ended(self):
        lab = self.lab()
        self.fails(self.scenario(lab, observers=[{"name": "far", "command": "sleep 60", "timeout": "300ms"}]), TARGET,
                   "did not end within 0.3 s")

    def test_observer_that_breaks_off_is_not_taken_for_one_that_saw_all(self):
        lab = self.lab()
        good = self.observer(lab)["command"]
        self.fails(self.scenario(lab, observers=[{"name": "far", "command": f"{good}; exit 255"}]), TARGET,
                   "observer far", "broke off (status 255)")

    def test_what_ssh_said_last_is_shown_with_what_to_do(self):
        lab = self.lab()
        said = ("debug1: a line that nobody needs", "Warning: Permanently added rds01 to the list of known hosts.",
                "admin@rds01: Permission denied (publickey,password,keyboard-interactive).")
        command = "; ".join(f"echo '{line}' >&2" for line in said) + "; exit 255"
        done = self.fails(self.scenario(lab, observers=[{"name": "probe", "command": command}]), TARGET, "broke off (status 255)",
                          said[2], "administrators_authorized_keys", "leaklab-real-host(7)")
        self.assertNotIn("nobody needs\" ", done.stderr)
        for line, remedy in (("ssh: Could not resolve hostname rds01: Name or service not known", "host name"),
                             ("Host key verification failed.", "connect once by hand"),
                             ("'C:\\leaklab\\leaklab-probe.exe' is not recognized as an internal or external command,", "copy leaklab-probe.exe")):
            self.fails(self.scenario(lab, observers=[{"name": "probe", "command": f'echo "{line}" >&2; exit 255'}]), TARGET, remedy)

    def test_what_an_observer_said_steers_no_terminal(self):
        done = self.fails(self.scenario(self.lab(), observers=[{"name": "far", "command": "printf '\\033[31mred\\a\\n\\n' >&2; exit 255"}]),
                          TARGET, "?[31mred?")
        self.assertNotIn("\033", done.stderr)

    def test_flaky_observer_is_told_once_and_then_counted(self):
        lab = self.lab()
        good = self.observer(lab)["command"]
        command = f'[ "$LEAKLAB_MARK" = during ] && {{ echo lost >&2; exit 255; }}; {good}'
        done = self.drive(self.scenario(lab, load={"slots": 1, "cycles": 12}, observe_every=1, observers=[{"name": "far", "command": command}]))
        self.assertEqual(done.stderr.count("broke off"), 1, done.stderr)
        self.assertRegex(done.stderr, r"the same was so with \d+ more samples")
        self.assertGreater(self.query("select count(*) from event where kind = 'observer-problem'")[0][0], 3)

    def test_observer_that_fails_later_makes_the_run_inconclusive(self):
        lab = self.lab()
        good = self.observer(lab)["command"]
        done = self.drive(self.scenario(
            lab, load={"cycles": 2}, settle={"timeout": "1s"},
            observers=[{"name": "far", "command": f'[ "$LEAKLAB_MARK" = before ] && {good}'}]))
        self.assertEqual(done.returncode, INCONCLUSIVE)
        self.assertIn("observer far", done.stderr)


class Stage(Case):
    def test_stage_program_that_cannot_start_is_told(self):
        self.fails(self.scenario(stage=[{"name": "lab", "command": "echo cannot do it >&2; exit 9"}]), TARGET,
                   "stage program lab", "status 9", "cannot do it", env={"PW": "x"})

    def test_stage_program_that_never_gets_ready_is_told(self):
        self.fails(self.scenario(stage=[{"name": "lab", "command": "sleep 60", "timeout": "300ms"}]), TARGET,
                   "printed no line \"ready\"", env={"PW": "x"})

    def test_stage_program_that_dies_ends_the_run(self):
        lab = self.lab("--shell-seconds", "0.1")
        self.fails(self.scenario(lab, load={"cycles": 10000},
                                 stage=[{"name": "g", "command": "echo ready; sleep 1; echo gone >&2; exit 3"}]),
                   TARGET, "stage program g", "gone")

    def test_stage_program_that_dies_while_settling_is_told(self):
        lab = self.lab("--time-scale", "1")
        self.fails(self.scenario(lab, observers=[self.observer(lab)], settle={"at_least": "15s", "timeout": "20s"},
                                 stage=[{"name": "g", "command": "echo ready; sleep 2; echo gone >&2; exit 3"}]),
                   TARGET, "stage program g", "gone")
        self.assertNotEqual(self.verdict()["verdict"], "CLEAN")

    def test_stage_goes_with_a_driver_that_is_killed(self):
        """also children that a shell without exec left in the group, and the stage's folder"""
        lab = self.lab("--shell-seconds", "0.1")
        process = self.start_driver(self.scenario(lab, load={"cycles": 10000}, stage=[
            {"name": "g", "command": f"sleep 301 & echo $! > {self.folder}/child; echo $LEAKLAB_STAGE > {self.folder}/stage; "
                                     "echo ready; sleep 302; true"}]))
        self.wait_for(process, "logon")
        process.kill()
        process.wait()
        child = int((self.folder / "child").read_text())
        stage = pathlib.Path((self.folder / "stage").read_text().strip())
        deadline = time.monotonic() + 10
        while (pathlib.Path(f"/proc/{child}").exists() or stage.exists()) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse(pathlib.Path(f"/proc/{child}/exe").exists(), "the child lives on")
        self.assertFalse(stage.exists(), "the folder stays")

    def test_lab_host_says_that_its_port_is_taken(self):
        lab = self.lab()
        done = self.run_program("labhost", "serve", "--port", lab.port, code=TARGET)
        self.assertIn(str(lab.port), done.stderr)

    def test_lab_host_takes_no_folder_that_another_one_uses(self):
        lab = self.lab()
        done = self.run_program("labhost", "serve", "--dir", lab.folder, code=USAGE)
        self.assertIn(f"process {lab.process.pid}, uses this folder", done.stderr)
        self.drive(self.scenario(lab), code=3)  # the first one and its accounts are as before

    def test_folder_of_a_lab_host_that_has_ended_can_be_used_again(self):
        for end in signal.SIGTERM, signal.SIGKILL:
            process = self.serve(self.folder / "lab")
            process.send_signal(end)
            process.communicate()
        self.assertEqual(self.serve(self.folder / "lab").poll(), None)

    def serve(self, folder):
        process = subprocess.Popen([leaklab.program("labhost"), "serve", "--dir", folder], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: process.poll() is None and (process.terminate(), process.communicate()))
        self.assertTrue(any(line.strip() == "ready" for line in process.stdout), "it is not ready")
        return process

    def test_lab_host_listens_beyond_loopback_only_when_asked_twice(self):
        done = self.run_program("labhost", "serve", "--listen", "0.0.0.0", code=USAGE)
        self.assertIn("--lab", done.stderr)

    def test_control_socket_that_refuses_is_told(self):
        for name, more in ("labhost", ["show", "qwinsta"]), ("grabber", ["--lab"]):
            done = self.run_program(name, *more, "--control", self.folder / "gone.sock", code=TARGET)
            self.assertIn("gone.sock", done.stderr)

    def test_grabber_refuses_without_lab(self):
        lab = self.lab()
        done = self.run_program("grabber", "--control", lab.facts["control"], code=USAGE)
        self.assertIn("--lab", done.stderr)


class Disk(Case):
    def test_full_disk_is_told_and_keeps_what_was_written(self):
        lab = self.lab()
        small = self.folder / "small"
        small.mkdir()
        # The mount is in a namespace of its own; in a chroot it cannot be made private, so it is taken away again.
        unshare = ["unshare", "--mount", "--propagation", "unchanged"]
        if os.geteuid() != 0 or subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
            self.skipTest("needs root to mount a small file system in a namespace of its own")
        scenario = self.scenario(lab, load={"cycles": 3000, "slots": 4})
        script = (f"mount -t tmpfs -o size=1m none {small} && "
                  f"{leaklab.program('driver')} run --preflight never {scenario} -o {small}/run.leaklab --json; code=$?; "
                  f"cp {small}/run.leaklab* {self.folder}; umount {small}; exit $code")
        done = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, TARGET, done.stderr)
        self.assertIn("full", done.stderr)
        self.run_file = self.folder / "run.leaklab"
        stored = {number for number, in self.query("select number from cycles where result = 'logged-off'")}
        self.assertGreater(len(stored), 10)
        reported = {event["cycle"] for event in map(json.loads, done.stdout.splitlines())
                if event["event"] == "cycle" and event.get("result") == "logged-off"}
        self.assertEqual(reported - stored, set())


if __name__ == "__main__":
    tap.main()
