"""A load of commands: whatever makes logons, judged by the accounts that are watched."""
import json
import os
import time
import unittest

import leaklab
import tap

SETTLE = {"release": "1s", "at_least": "3s", "quiet": "1s", "poll": "250ms", "timeout": "40s"}


class Commands(leaklab.Case):
    def scenario_of(self, command, *, lab=None, watched=("SandboxOffline",), load=None, **parts):
        scenario = {"name": "commands", "watch": {"accounts": list(watched)}, "settle": SETTLE,
                    "load": {"workload": "command", "command": command, "cycles": 4, "timeout": "60s", **(load or {})}, **parts}
        if lab:
            scenario |= {"observers": [self.observer(lab)], "observe_every": 3}
        return self.write("commands.yaml", json.dumps(scenario))

    def sandbox(self, lab, account="SandboxOffline", hold=0.3):
        return f"{leaklab.program('labhost')} sandbox {account} --hold {hold} --control {lab.facts['control']}"

    def play(self, *options, command=None, code=None, **more):
        lab = self.lab("--time-scale", "0.0001", *options)
        scenario = self.scenario_of(command(lab) if command else self.sandbox(lab), lab=lab, **more)
        done = self.drive(scenario, code=code, timeout=400)
        self.assertEqual(done.stderr.count("Sanitizer"), 0)
        return done

    def runs(self):
        return self.query("SELECT result, exit_status, output, output_bytes, messages, messages_bytes FROM commands ORDER BY cycle")

    def test_lsass_keeps_a_token_of_each_command(self):
        self.play("--sandbox-leak", "lsass", load={"cycles": 20}, code=1)
        verdict = self.verdict(code=1)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["k"], verdict["orphans"]["n"]), ("LEAK", 20, 20))
        self.assertEqual((verdict["commands"]["least_left"], verdict["commands"]["most_left"]), (1, 1))
        reasons = "\n".join(verdict["reasons"])
        self.assertIn("20 of 20 commands left logon sessions of the watched accounts behind", reasons)
        self.assertIn("only System or lsass hold 20 of them", reasons)
        self.assertEqual(self.runs(), [("ran", 0, "", 0, "", 0)] * 20)

    def test_the_kernel_alone_keeps_each(self):
        self.play("--sandbox-leak", "kernel", load={"cycles": 20}, code=1)
        verdict = self.verdict(code=1)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["k"], verdict["culprits"]), ("LEAK", 20, []))
        self.assertEqual(verdict["unattributed"]["logon_sessions"], 20)

    def test_several_that_each_second_command_leaves_are_counted_by_the_command(self):
        several = lambda lab: (f"[ $((LEAKLAB_CYCLE % 2)) = 1 ] || exit 0; for i in 1 2 3; do {self.sandbox(lab, hold=0)}; done; sleep 0.2")
        self.play("--sandbox-leak", "lsass", command=several, load={"cycles": 20}, code=1)
        verdict = self.verdict(code=1)
        self.assertEqual((verdict["orphans"]["k"], verdict["orphans"]["logon_sessions"]), (10, 30))
        self.assertEqual((verdict["commands"]["least_left"], verdict["commands"]["most_left"]), (0, 3))
        self.assertIn("30 logon sessions stay: 0 to 3 a command, 1.50 on the average", "\n".join(verdict["reasons"]))

    def test_host_that_lets_them_go_is_clean(self):
        self.play(load={"cycles": 90}, code=0)
        verdict = self.verdict(code=0)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["n"]), ("CLEAN", 90))

    def test_another_account_than_the_watched_one_is_no_leak_and_no_clean(self):
        self.play("--sandbox-leak", "lsass", watched=["SandboxOnline"], load={"cycles": 90}, code=3)
        verdict = self.verdict(code=3)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["k"]), ("INCONCLUSIVE", 0))
        self.assertIn("no sample shows a new logon session of SandboxOnline: check that the command logs on as this account",
                      "\n".join(verdict["reasons"]))

    def test_one_of_two_watched_accounts_that_never_appears_forbids_clean(self):
        self.play(watched=["SandboxOffline", "LAB\\SandboxOnline"], load={"cycles": 90}, code=3)
        self.assertIn("no sample shows a new logon session of SandboxOnline", "\n".join(self.verdict(code=3)["reasons"]))

    def test_command_that_never_ends_is_ended_with_all_that_it_started(self):
        pids = self.folder / "pids"
        # One in the group, one in a session of its own, one that ignores SIGTERM in another.
        command = (f"sleep 1000 & echo $! >> {pids}; setsid sh -c 'echo $$ >> {pids}; exec sleep 1000' & "
                   f"setsid sh -c 'trap \"\" TERM; echo $$ >> {pids}; sleep 1000; sleep 1000' & sleep 1000")
        self.drive(self.scenario_of(command, load={"cycles": 1, "timeout": "2s"}), code=4)
        self.assertEqual(self.query("SELECT result, code FROM cycles"), [("failed", "TIMEOUT")])
        self.assertEqual([run[:2] for run in self.runs()], [("failed", None)])
        started = pids.read_text().split()
        self.assertEqual(len(started), 3)
        deadline = time.monotonic() + 30
        while any(os.path.exists(f"/proc/{pid}") for pid in started) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual([pid for pid in started if os.path.exists(f"/proc/{pid}")], [])

    def test_killed_driver_leaves_no_command(self):
        pid = self.folder / "pid"
        scenario = self.scenario_of(f"setsid sh -c 'echo $$ > {pid}; exec sleep 1000' & sleep 1000", load={"cycles": 1})
        driver = self.start_driver(scenario)
        deadline = time.monotonic() + 60
        while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.1)
        driver.kill()
        driver.communicate()
        while os.path.exists(f"/proc/{pid.read_text().strip()}") and time.monotonic() < deadline + 60:
            time.sleep(0.1)
        self.assertFalse(os.path.exists(f"/proc/{pid.read_text().strip()}"))

    def test_100_mb_are_counted_and_their_beginning_is_kept(self):
        command = "yes 0123456789 | head -c 100000000; yes e | head -c 20000000 >&2"
        self.drive(self.scenario_of(command, load={"cycles": 2}), code=3)
        for result, status, output, output_bytes, messages, messages_bytes in self.runs():
            self.assertEqual((result, status, output_bytes, messages_bytes), ("ran", 0, 100000000, 20000000))
            self.assertEqual((len(output), len(messages)), (4095, 4095))
            self.assertTrue(output.startswith("0123456789\n0123"))
        self.assertLess(self.run_file.stat().st_size, 1 << 20)

    def test_silent_command_is_given_no_output_of_another(self):
        # Many reports of one worker are taken at a time.
        command = "[ $((LEAKLAB_CYCLE % 2)) = 0 ] || { echo $LEAKLAB_CYCLE; echo error >&2; }"
        self.drive(self.scenario_of(command, load={"cycles": 200, "slots": 16, "workers": 1}), code=3)
        rows = self.query("SELECT cycle, output, messages FROM commands ORDER BY cycle")
        self.assertEqual(rows, [(cycle, f"{cycle}\n", "error\n") if cycle % 2 else (cycle, "", "") for cycle in range(1, 201)])

    def test_output_that_is_not_utf8_or_is_cut_is_kept_as_text(self):
        # The last bytes that are kept, 4095 here and 197 of the message, are in a character of three.
        command = ("printf 'a\\377b\\000c'; for i in $(seq 100); do printf '%s' " + "\u20ac" * 100 + "; done >&2; exit 3")
        self.drive(self.scenario_of(command, load={"cycles": 1}), code=4)
        [(_, _, output, _, messages, messages_bytes)] = self.runs()
        self.assertEqual((output, messages, messages_bytes), ("a\ufffdb c", "\u20ac" * 1365, 30000))
        [(message,)] = self.query("SELECT message FROM cycles")
        self.assertRegex(message, "^the command ended with status 3: \u20ac{60,66}$")

    def test_status_and_last_words_of_a_command_that_fails(self):
        self.drive(self.scenario_of("echo out; echo first >&2; echo no such host >&2; exit 3", load={"cycles": 2}), code=4)
        self.assertEqual(self.runs(), [("failed", 3, "out\n", 4, "first\nno such host\n", 19)] * 2)
        self.assertEqual(self.query("SELECT DISTINCT code, message FROM cycles"),
                         [("EXIT_3", "the command ended with status 3: no such host")])

    def test_scenario_says_what_is_missing_and_what_has_no_meaning(self):
        good = {"name": "x", "load": {"workload": "command", "command": "true"}, "watch": {"accounts": ["a"]}}
        for change, message in (
                ({"watch": None}, "say whose logon sessions are judged"),
                ({"watch": {"accounts": ["D\\"]}}, "watch.accounts.0: \"D\\\" is no account"),
                ({"load": {"workload": "command"}}, "workload command needs the key command"),
                ({"load": {"command": "true"}}, "host is missing"),
                ({"logoff": {"method": "keys"}}, "logoff: has no meaning with load.workload: command"),
                ({"load": {**good["load"], "hold": "1s"}}, "load.hold: has no meaning with load.workload: command"),
                ({"load": {**good["load"], "reconnects": 1}}, "load.reconnects: has no meaning with load.workload: command")):
            scenario = {key: value for key, value in {**good, **change}.items() if value is not None}
            done = self.run_program("driver", "check", self.write("bad.yaml", json.dumps(scenario)), code=2)
            self.assertIn(message, done.stderr)
        self.run_program("driver", "check", self.write("good.yaml", json.dumps(good)), code=0)


if __name__ == "__main__":
    tap.main(at_once=3)
