"""The first hour at a host: a scenario is written, one logon shows what is ready and what is not, and what to do."""
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import threading
import time

import leaklab
import tap

EXAMPLE = ["--host", "rds01.example.com", "--users", "loadtest{01..05}", "--domain", "EXAMPLE"]


class Init(leaklab.Case):
    def setUp(self):
        super().setUp()
        os.environ["XDG_CONFIG_HOME"] = str(self.folder / "config")
        self.addCleanup(os.environ.pop, "XDG_CONFIG_HOME")

    def init(self, *arguments, code=0):
        return self.run_program("driver", "init", *arguments, code=code)

    def test_scenario_is_written_that_check_accepts(self):
        said = self.init(*EXAMPLE, "--admin", "admin@rds01.example.com").stdout
        self.assertIn("leaklab check --connect rds01.yaml", said)
        done = self.run_program("driver", "check", "rds01.yaml", code=0, env={"LOADTEST_PASSWORD": "x"})
        self.assertIn("rds01: cycles: 100, slots: 5", " ".join(done.stdout.split()))
        self.assertEqual((self.folder / "config/leaklab/hosts").read_text(), "rds01.example.com\n")

    def test_shipped_scenario_is_what_init_writes(self):
        self.init("--name", "real-host", "--host", "${RDS_HOST}", "--users", "loadtest{01..05}", "--domain", "EXAMPLE",
                  "--admin", "${RDS_ADMIN}", "real-host.yaml")
        self.assertEqual((self.folder / "real-host.yaml").read_text(), (leaklab.SCENARIOS / "real-host.yaml").read_text())
        self.assertFalse((self.folder / "config").exists(), "a variable is no host")

    def test_nothing_is_overwritten(self):
        self.write("rds01.yaml", "mine")
        self.assertIn("File exists", self.init(*EXAMPLE, "--no-observer", code=2).stderr)
        self.assertEqual((self.folder / "rds01.yaml").read_text(), "mine")
        self.assertFalse((self.folder / "config").exists())

    def test_without_a_terminal_all_must_be_given(self):
        for missing in range(0, len(EXAMPLE), 2):
            errors = self.init(*EXAMPLE[:missing], *EXAMPLE[missing + 2:], "--no-observer", code=2).stderr
            self.assertIn("no terminal to ask at", errors)
        self.assertIn("--admin", self.init(*EXAMPLE, code=2).stderr)
        self.assertEqual(list(self.folder.glob("*.yaml")), [])

    def test_answer_that_no_scenario_may_have_is_named(self):
        for option, wrong in ("--host", "rds01:x"), ("--users", "load{1.."), ("--pin", "sha256:12"), ("--slots", "0"), \
                ("--password-env", "A B"), ("--password-env", "1PW"), ("--password-env", ""):
            words = [*EXAMPLE, "--no-observer"]
            words = words if option not in words else words[:words.index(option)] + words[words.index(option) + 2:]
            errors = self.init(*words, option, wrong, code=2).stderr
            self.assertIn(wrong, errors)
        self.assertEqual(list(self.folder.glob("*.yaml")), [])

    def test_more_slots_than_accounts_are_refused_at_once(self):
        errors = self.init(*EXAMPLE, "--no-observer", "--slots", "6", code=2).stderr
        self.assertIn("--slots 6: there are only 5 accounts", errors)
        self.assertEqual(list(self.folder.rglob("*.yaml")), [])
        self.init(*EXAMPLE, "--no-observer", "--slots", "5")

    def test_what_is_not_given_is_asked_at_a_terminal(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([leaklab.program("driver"), "init", "--users", "lab01"], stdin=slave, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder)
        os.write(master, b"rds07\nEXAMPLE\n\n")
        out, err = process.communicate(timeout=120)
        os.close(master)
        os.close(slave)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("The Remote Desktop Session Host", err)
        self.assertNotIn("assword:", err, "none is asked for")
        text = (self.folder / "rds07.yaml").read_text()
        self.assertIn('domain: "EXAMPLE"', text)
        self.assertIn("slots: 1 ", text)
        self.assertIn("# observers:", text)

    def test_administrator_of_a_domain_stays_one_word_for_the_shell(self):
        """ssh DOMAIN\\admin@rds01 without quotes asks for DOMAINadmin"""
        for admin in r"EXAMPLE\admin@rds01", "o'neill # x@rds01":
            (self.folder / "rds01.yaml").unlink(missing_ok=True)
            self.init(*EXAMPLE, "--admin", admin)
            text = (self.folder / "rds01.yaml").read_text()
            command = re.search(r"command: >-\n((?:    .*\n)+)", text)[1].replace("\n", " ")
            session = json.loads(re.search(r"session: (\".*\")", text)[1])
            for command in command, session:
                words = subprocess.run(["sh", "-c", f"ssh() {{ printf '%s\\n' \"$@\"; }}; {command}"], capture_output=True, text=True).stdout
                self.assertIn(admin, words.splitlines())

    def test_host_goes_into_the_list_without_its_port_and_as_one_line(self):
        for number, (host, listed) in enumerate((("rds01:3390", "rds01"), ("[fe80::1]:3389", "fe80::1"), ("fe80::2", "fe80::2"))):
            self.init("--host", host, *EXAMPLE[2:], "--no-observer", f"{number}.yaml")
            self.assertEqual((self.folder / "config/leaklab/hosts").read_text().splitlines()[-1], listed)
        self.init("--host", "rds02\n*", *EXAMPLE[2:], "--no-observer", "line.yaml", code=2)
        self.assertNotIn("*", (self.folder / "config/leaklab/hosts").read_text())

    def test_quotes_and_backslashes_stay_what_they_are(self):
        self.init(*EXAMPLE, "--observer", 'look "C:\\leaklab\\probe.exe" watch')
        self.assertIn(r'session: "look \"C:\\leaklab\\probe.exe\" watch"', (self.folder / "rds01.yaml").read_text())


class Hosts(leaklab.Case):
    AUTO = {"method": None, "shell": None}

    def at(self, lab, **parts):
        parts.setdefault("logoff", {**self.AUTO, "timeout": "8s"})
        parts.setdefault("observers", [self.observer(lab)])
        return self.scenario(lab, **parts)

    def seen(self, lab, change):
        """An observer whose snapshots are changed by a jq filter."""
        return [{**self.observer(lab), "command": self.observer(lab)["command"] + f" | jq -c '{change}'"}]

    def connect(self, scenario, code, **more):
        """The steps by their names, each with its status, cause and remedy."""
        done = self.run_program("driver", "check", "--connect", "--json", scenario, code=code, **more)
        self.document = json.loads(done.stdout)
        self.assertEqual((self.document["schema"], self.document["exit_code"]), ("leaklab.preflight/1", code))
        for step in self.document["steps"]:
            self.assertEqual(set(step), {"id", "status", "concern", "ms", "found", "cause_id", "cause", "remedy", "change", "undo"})
            self.assertEqual(step["cause"] is None, step["status"] == "ok", step)
        return {step["id"]: step for step in self.document["steps"]}


class Preflight(Hosts):
    def test_healthy_host_passes_each_step(self):
        steps = self.connect(self.at(self.lab()), 0)
        self.assertEqual({step["status"] for step in steps.values()}, {"ok"}, steps)
        self.assertGreaterEqual(set(steps), {
            "name", "tcp", "security", "tls", "certificate", "nla", "connection", "logon", "session-id", "logoff", "accounts", "disk",
            *(f"observer.labhost{what}" for what in ("", ".host", ".rights", ".sessions", ".logon-sessions", ".handles", ".clock",
                                                     ".footprint", ".left"))})
        self.assertEqual((self.document["account"], self.document["logoff_method"]), ("LAB\\lab01", "keys"))

    def test_steps_are_told_as_they_come_with_what_to_do(self):
        lab = self.lab()
        done = self.run_program("driver", "check", "--connect", self.at(lab, host={"certificate": {"pin": "sha256:" + "ab" * 32}}), code=4)
        self.assertRegex(done.stdout, r"(?m)^ok   tls ")
        self.assertRegex(done.stdout, r"(?m)^FAIL certificate ")
        self.assertIn("host.certificate.pin:" + lab.facts["certificate"], re.sub(r"\s+", "", done.stdout), "to paste")
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 110)

    def test_credentials_leave_only_after_the_certificate_is_accepted(self):
        lab = self.lab("--lockout", "1")
        steps = self.connect(self.at(lab, host={"certificate": {"pin": "sha256:" + "ab" * 32}}), 4)
        self.assertEqual(steps["certificate"]["status"], "failed")
        self.assertNotIn("nla", steps)

    def test_wrong_password_fails_at_nla_and_is_tried_once(self):
        lab = self.lab()
        user = lab.accounts()[0][0]
        scenario = self.at(lab, accounts={"csv": None, "users": user, "domain": "LAB", "password_env": "PW"})
        steps = self.connect(scenario, 4, env={"PW": "wrong"})
        self.assertEqual((steps["nla"]["status"], steps["connection"]["status"]), ("failed", "skipped"))
        self.assertNotIn("logoff", steps)
        self.assertIn("1 ", self.run_program("driver", "refusals", code=0).stdout.splitlines()[1])

    def test_host_that_is_not_there(self):
        steps = self.connect(self.scenario(None, host={"address": "127.0.0.1:1"}), 4, env={"PW": "x"})
        self.assertEqual([steps[step]["status"] for step in ("name", "tcp", "tls")], ["ok", "failed", "skipped"])
        self.assertIn("Connection refused", steps["tcp"]["cause"])

    def test_port_that_speaks_something_else(self):
        lab = self.lab("--fault", "mute")
        steps = self.connect(self.at(lab, connect={"timeout": "1s"}), 4)
        self.assertEqual(steps["security"]["status"], "failed")

    def test_host_with_the_security_of_old(self):
        """it knows no negotiation (MS-RDPBCGR 2.2.1.2: rdpNegData is optional), and is told apart from what is no RDP at all"""
        with socket.create_server(("127.0.0.1", 0)) as server:
            def answer():
                connection, _ = server.accept()
                connection.recv(100)
                connection.sendall(bytes.fromhex("0300000b06d00000123400"))
                connection.recv(100)
                connection.close()
            thread = threading.Thread(target=answer)
            thread.start()
            scenario = self.scenario(None, host={"address": "127.0.0.1:%d" % server.getsockname()[1]})
            start = time.monotonic()
            steps = self.connect(scenario, 4, env={"PW": "x"})
            self.assertLess(time.monotonic() - start, 8)
            thread.join()
        self.assertIn("RDP security of old", steps["security"]["cause"])

    def test_host_without_nla(self):
        steps = self.connect(self.at(self.lab("--security", "tls")), 4)
        self.assertIn("host.security", steps["security"]["cause"])

    def test_observer_that_fails_is_told_with_what_to_do_and_is_exit_code_3(self):
        lab = self.lab()
        broken = {"name": "probe", "command": "echo 'admin@rds01: Permission denied (publickey).' >&2; exit 255"}
        steps = self.connect(self.at(lab, observers=[broken]), 3)
        self.assertEqual(steps["logoff"]["status"], "ok")
        self.assertIn("administrators_authorized_keys", steps["observer.probe"]["cause"])

    def test_observer_of_another_host_is_found_out(self):
        lab = self.lab()
        other = leaklab.Lab(self.folder / "state", "--host-name", "RDS02") if (self.folder / "state").mkdir() is None else None
        self.addCleanup(other.stop)
        steps = self.connect(self.at(lab, observers=[self.observer(other)]), 3)
        self.assertIn("it looks at RDS02, and LABHOST served the logon", steps["observer.labhost.host"]["cause"])

    def test_host_with_another_name_for_its_observer_is_named_by_the_scenario(self):
        """as a cluster's alias"""
        lab = self.lab()
        [alias] = self.seen(lab, '.host = "CLUSTER"')
        step = self.connect(self.at(lab, observers=[alias]), 3)["observer.labhost.host"]
        self.assertIn("it looks at CLUSTER, and LABHOST served the logon", step["cause"])
        self.assertIn("observers.host: LABHOST", step["remedy"])
        step = self.connect(self.at(lab, observers=[{**alias, "host": "LABHOST"}]), 0)["observer.labhost.host"]
        self.assertEqual((step["status"], step["found"]), ("ok", "it sees the session, on CLUSTER"))
        (self.folder / "other").mkdir()
        other = leaklab.Lab(self.folder / "other", "--host-name", "RDS02")
        self.addCleanup(other.stop)
        steps = self.connect(self.at(lab, observers=[{**self.observer(other), "host": "LABHOST"}]), 3)
        self.assertIn("it looks at another host, RDS02", steps["observer.labhost.host"]["cause"])

    def test_filtered_administrator_is_warned_of(self):
        lab = self.lab()
        steps = self.connect(self.at(lab, observers=self.seen(lab, ".elevated = false")), 0)
        self.assertEqual(steps["observer.labhost.rights"]["status"], "warning")
        self.assertIn("LocalAccountTokenFilterPolicy", steps["observer.labhost.rights"]["remedy"])

    def test_clock_of_another_host_is_told(self):
        lab = self.lab()
        change = ".time |= (.[0:19] + \"Z\" | fromdate + 3600 | todate)"
        steps = self.connect(self.at(lab, observers=self.seen(lab, change)), 3)
        self.assertIn("another host", steps["observer.labhost.clock"]["remedy"])

    def test_list_without_sessions_is_no_host_without_sessions(self):
        """qwinsta's "No session exists for *" is absent sight, not another host"""
        lab = self.lab()
        steps = self.connect(self.at(lab, observers=[{"name": "qwinsta", "command": "echo 'No session exists for *' >&2; exit 1"}]), 3)
        self.assertEqual(steps["observer.qwinsta"]["status"], "failed")
        steps = self.connect(self.at(lab, observers=self.seen(lab, "del(.sessions)")), 0)
        self.assertEqual(steps["observer.labhost.host"]["found"], "it looks at LABHOST, which served the logon")
        steps = self.connect(self.at(lab, observers=self.seen(lab, "del(.sessions, .host)")), 0)
        self.assertEqual(steps["observer.labhost.host"]["status"], "warning")

    def test_certificate_of_another_name_as_through_a_tunnel(self):
        lab = self.lab()
        ca = str(lab.folder / "cert.pem")
        for name, code in ("labhost", 0), ("rds01.example.com", 4):
            steps = self.connect(self.at(lab, host={"certificate": {"ca": ca, "name": name}}), code)
            self.assertEqual(steps["certificate"]["status"], "ok" if code == 0 else "failed")
        self.assertIn("rds01.example.com", steps["certificate"]["cause"])

    def test_session_that_does_not_end_is_told(self):
        lab = self.lab("--fault", "hang-logoff")
        steps = self.connect(self.at(lab, logoff={**self.AUTO, "timeout": "2s"}), 4)
        self.assertEqual(steps["logoff"]["status"], "failed")
        self.assertIn("security-keys", steps["logoff"]["found"], "all was tried on the one connection")
        self.assertIsNone(self.document["logoff_method"])

    def test_command_is_the_last_way_and_ends_no_other_session(self):
        lab = self.lab("--fault", "hang-logoff")
        command = (f"{leaklab.program('labhost')} logoff $SESSION_ID --user $SESSION_USER --logon $SESSION_LOGON "
                   f"--control {lab.facts['control']}")
        steps = self.connect(self.at(lab, logoff={**self.AUTO, "command": command, "timeout": "4s"}), 0)
        self.assertEqual((steps["logoff"]["status"], self.document["logoff_method"]), ("ok", "command"))

    def test_shell_of_the_scenario_that_ends_at_once_blames_no_observer(self):
        self.connect(self.at(self.lab(), logoff={}), 0)


class Check(Hosts):
    def test_host_is_refused_where_none_is_tried(self):
        scenario = self.scenario(None)
        done = self.run_program("driver", "check", "--host", "rds01", scenario, code=2, env={"PW": "x"})
        self.assertIn("--host goes with --connect", done.stderr)
        self.run_program("driver", "check", "--set", "host.address=rds01", scenario, code=0, env={"PW": "x"})


class Interrupted(Hosts):
    """Ctrl-C in the middle of a preflight: the session is logged off, and what was seen is no result."""

    def interrupt(self, observer, signals=1):
        """At the observer's second sample, the one of the session; what came of it."""
        lab = self.lab()
        script = self.write("observe", f"echo >> asked; if [ $(wc -l < asked) = 2 ]; then {observer}; fi\n{self.observer(lab)['command']}\n")
        scenario = self.at(lab, observers=[{"name": "slow", "command": f"sh {script}", "timeout": "60s"}])
        process = subprocess.Popen([leaklab.program("driver"), "check", "--connect", str(scenario)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder, stdin=subprocess.DEVNULL)
        asked = self.folder / "asked"
        deadline = time.monotonic() + 30
        while (not asked.exists() or len(asked.read_text()) < 2) and time.monotonic() < deadline:
            time.sleep(0.02)
        start = time.monotonic()
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        _, err = process.communicate(timeout=120)
        self.assertLess(time.monotonic() - start, 40, "nobody waits for the observer")
        return lab, process.returncode, err

    def test_session_is_logged_off_and_nothing_is_kept(self):
        lab, code, err = self.interrupt("sleep 50")
        self.assertEqual(code, 3, err)
        self.assertTrue(err.endswith("leaklab: interrupted\n"), err)
        self.assertEqual([session for session in lab.snapshot()["sessions"] if session.get("user")], [])
        self.assertEqual(list((self.folder / "state/leaklab/preflight").glob("*.leaklab")), [])

    def test_twice_stops_at_once_and_says_whose_session_may_be_left(self):
        _, code, err = self.interrupt("sleep 50", signals=2)
        self.assertEqual(code, 3, err)
        self.assertRegex(err, "interrupted(; the session of lab01 may be on the host still)?\n$")

    def test_wait_for_a_mute_host_ends_at_once(self):
        """before the negotiation, and in the middle of the TLS handshake"""
        for answer in b"", bytes.fromhex("030000130ed000000000000200080002000000"):
            with socket.create_server(("127.0.0.1", 0)) as server:
                scenario = self.scenario(None, host={"address": "127.0.0.1:%d" % server.getsockname()[1]})
                process = subprocess.Popen([leaklab.program("driver"), "check", "--connect", str(scenario)], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, text=True, env={**os.environ, "PW": "x"})
                self.addCleanup(process.kill)
                peer, _ = server.accept()
                with peer:
                    peer.recv(100)
                    peer.sendall(answer)
                    time.sleep(0.5)
                    start = time.monotonic()
                    process.send_signal(signal.SIGINT)
                    out, errors = process.communicate(timeout=120)
                self.assertLess(time.monotonic() - start, 9)
                self.assertEqual(process.returncode, 3, errors)
                self.assertIn("interrupted", errors)
                self.assertNotIn("FAIL", out)


class AtOnce(Hosts):
    def test_second_one_of_the_same_host_and_accounts_is_refused_and_spoils_nothing(self):
        lab = self.lab()
        observer = {"name": "slow", "command": f"sleep 1; {self.observer(lab)['command']}"}
        scenario = self.at(lab, observers=[observer])
        first = subprocess.Popen([leaklab.program("driver"), "check", "--connect", str(scenario)], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, cwd=self.folder, stdin=subprocess.DEVNULL)
        while not list((self.folder / "state").glob("leaklab/preflight/*.new")):
            time.sleep(0.02)
        second = self.run_program("driver", "check", "--connect", scenario, code=4)
        self.assertIn("another preflight of the same host and accounts is under way", second.stderr)
        out, _ = first.communicate(timeout=120)
        self.assertEqual(first.returncode, 0, out)


class Password(Hosts):
    def typed(self, scenario, *words):
        """What the program says at a terminal where somebody types the words."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execv(leaklab.program("driver"), ["leaklab", "check", "--connect", str(scenario)])
        said = b""
        for word in words:
            while b": " not in said:
                said += os.read(master, 4096)
            os.write(master, word.encode() + b"\n"[:word.isprintable()])
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:
            pass
        os.close(master)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()

    def test_password_is_asked_at_a_terminal_that_shows_nothing_of_it(self):
        lab = self.lab()
        user, domain, password = lab.accounts()[0]
        scenario = self.at(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "LAB_PW_NOT_SET"})
        code, said = self.typed(scenario, password)
        self.assertEqual(code, 0, said)
        self.assertIn("Password of the test accounts (LAB_PW_NOT_SET is not set):", said)
        self.assertNotIn(password, said)
        code, said = self.typed(scenario, "")
        self.assertEqual(code, 2)
        self.assertIn("it is empty", said)

    def test_control_keys_are_no_password(self):
        """Ctrl-C ends the question at once, and nothing is presented to the host"""
        lab = self.lab("--lockout", "1")
        user, domain, _ = lab.accounts()[0]
        scenario = self.at(lab, accounts={"csv": None, "users": user, "domain": domain, "password_env": "LAB_PW_NOT_SET"})
        for keys in "\3", "half\3", "\x1a\n":
            code, said = self.typed(scenario, keys)
            self.assertEqual(code, 2, said)
            self.assertNotIn("FAIL", said)
            self.assertIn("no password was typed", said)


class Run(Hosts):
    """A run begins with one."""

    def play(self, scenario, *arguments, code):
        self.run_file = self.folder / "run.leaklab"
        return self.run_program("driver", "run", scenario, "-o", self.run_file, "--force", "--preflight", *arguments, code=code)

    def test_run_begins_with_one(self):
        """its cycle has the number 0 and counts nowhere; the way that it found is the run's"""
        scenario = self.at(self.lab(), load={"cycles": 2})
        done = self.play(scenario, "auto", code=3)
        self.assertIn("logging off by keys", done.stderr)
        self.assertEqual(self.query("select number, kind from cycles where kind != 'verification'"),
                         [(0, "preflight"), (1, "load"), (2, "load")])
        self.assertIn("none of 2 cycles", done.stdout)
        settings = dict(self.query("select key, value from setting"))
        self.assertEqual(settings["logoff.method"], "keys")
        self.assertEqual(json.loads(settings["preflight"])["exit_code"], 0)

    def test_bundle_with_pseudonyms_has_none_of_its_names(self):
        lab = self.lab("--host-name", "RDS-SECRET", "--domain", "CONTOSO")
        self.play(self.at(lab), "auto", code=3)
        self.run_program("analyzer", "bundle", self.run_file, "-o", "b.tar.gz", "--pseudonymise", code=0)
        subprocess.run(["tar", "xzf", "b.tar.gz"], cwd=self.folder, check=True)
        self.run_file = next(self.folder.glob("leaklab-run/*.leaklab"))
        [(steps,)] = self.query("select value from setting where key = 'preflight'")
        self.assertEqual(json.loads(steps)["exit_code"], 0)
        for path in self.folder.glob("leaklab-run/*"):
            for name in b"lab01", b"RDS-SECRET", b"rds-secret", b"CONTOSO":
                self.assertNotIn(name, path.read_bytes(), path.name)

    def test_good_one_is_taken_again_for_a_day(self):
        lab = self.lab()
        scenario = self.at(lab)
        self.connect(scenario, 0)
        self.assertIn("ago is taken, logging off by keys", self.play(scenario, "auto", code=3).stderr)
        self.assertEqual(self.query("select count(*) from cycles where kind = 'preflight'"), [(0,)])
        self.assertNotIn("ago is taken", self.play(scenario, "always", code=3).stderr)
        other = self.at(lab, observers=self.seen(lab, "."))
        self.assertNotIn("ago is taken", self.play(other, "auto", code=3).stderr, "other observers are another matter")

    def test_one_that_fails_plays_nothing_and_leaves_no_run_file(self):
        lab = self.lab("--fault", "hang-logoff")
        done = self.play(self.at(lab, logoff={**self.AUTO, "timeout": "1s"}), "auto", code=4)
        self.assertIn("FAIL logoff", done.stderr)
        self.assertIn("nothing is played", done.stderr)
        self.assertFalse(self.run_file.exists())

    def test_stage_is_a_lab_that_needs_none(self):
        scenario = self.at(self.lab(), stage=[{"name": "idle", "command": "echo ready; exec sleep 60"}])
        self.play(scenario, "auto", code=3)
        self.assertEqual(self.query("select count(*) from cycles where kind = 'preflight'"), [(0,)])
        self.assertEqual(self.query("select value from setting where key = 'logoff.method'"), [("keys",)])

    def test_way_that_was_found_is_kept_when_the_run_goes_on(self):
        lab = self.lab("--fault", "hang-logoff")
        command = (f"{leaklab.program('labhost')} logoff $SESSION_ID --user $SESSION_USER --logon $SESSION_LOGON "
                   f"--control {lab.facts['control']}")
        scenario = self.at(lab, logoff={**self.AUTO, "command": command, "timeout": "4s"})
        self.play(scenario, "auto", code=3)
        self.run_program("driver", "run", "--resume", self.run_file, "--cycles", "+2")
        self.assertEqual(self.query("select result, count(*) from cycles where kind = 'load' group by 1"), [("logged-off", 3)])
        self.assertEqual(self.query("select value from setting where key = 'logoff.method'"), [("command",)])


class Mixture(Hosts):
    def test_runs_that_logged_off_in_other_ways_cannot_be_compared(self):
        lab = self.lab()
        runs = []
        for keys in "Win+R text:logoff Enter", None:
            method = {"method": "keys", "keys": keys, "shell": None} if keys else {}
            self.drive(self.scenario(lab, load={"cycles": 2}, logoff=method, observers=[self.observer(lab)]))
            runs.append(self.run_file.rename(self.folder / f"{len(runs)}.leaklab"))
        done = self.run_program("analyzer", "judge", runs[0], "--against", runs[1], code=3)
        self.assertIn("the way of logging off (logoff.method) is", " ".join(done.stdout.split()))


class Leftovers(Hosts):
    """Sessions that a run leaves are listed, and logged off if the scenario says so."""

    def events(self, kind):
        return [text for text, in self.query(f"select text from event where kind = '{kind}' order by id")]

    def test_sessions_that_are_left_are_listed(self):
        lab = self.lab()
        self.drive(self.at(lab, load={"cycles": 3, "slots": 3}, verify_ids=0, logoff={"method": "disconnect", "shell": None}))
        [text] = self.events("sessions-left")
        self.assertIn("may be on the host still: 3: LAB\\lab01 (ID ", text)
        self.assertEqual(len([session for session in lab.snapshot()["sessions"] if session.get("user")]), 3)

    def test_they_are_logged_off_after_all_samples(self):
        lab = self.lab()
        command = (f"{leaklab.program('labhost')} logoff $SESSION_ID --user $SESSION_USER --logon $SESSION_LOGON "
                   f"--control {lab.facts['control']}")
        self.drive(self.at(lab, load={"cycles": 3, "slots": 3}, cleanup="logoff", verify_ids=0,
                           logoff={"method": "disconnect", "shell": None, "command": command}))
        self.assertEqual(len(self.events("cleanup")), 3)
        self.assertEqual([session for session in lab.snapshot()["sessions"] if session.get("user")], [])
        self.assertEqual(self.query("select count(*) from session where user like 'lab%' and capture = (select max(capture) from session)"),
                         [(3,)], "the last sample was before it")

    def test_session_that_is_a_strangers_by_now_stays(self):
        """the tool on the host refuses, and the event says so"""
        lab = self.lab()
        command = (f"{leaklab.program('labhost')} logoff $SESSION_ID --user stranger-of-$SESSION_USER --logon $SESSION_LOGON "
                   f"--control {lab.facts['control']}")
        self.drive(self.at(lab, cleanup="logoff", verify_ids=0, logoff={"method": "disconnect", "shell": None, "command": command}))
        [text] = self.events("cleanup")
        self.assertIn("not logged off", text)
        self.assertIn("another-session", text)
        self.assertEqual(len([session for session in lab.snapshot()["sessions"] if session.get("user")]), 1)

    def test_nothing_is_listed_where_nothing_is_left(self):
        self.drive(self.at(self.lab(), load={"cycles": 2}))
        self.assertEqual(self.events("sessions-left"), [])

    def test_clean_up_needs_the_command(self):
        done = self.run_program("driver", "check", self.at(self.lab(), cleanup="logoff"), code=2)
        self.assertIn("cleanup: logoff needs the key logoff.command", done.stderr)


if __name__ == "__main__":
    tap.main(at_once=3)
