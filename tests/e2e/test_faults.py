"""What the driver promises when the network or the host misbehaves: each fault costs the cycles that met it, in time, and no other."""
import socket
import time

import faults
import leaklab
import matrix
import soak
import tap

SLACK = 1.5  # seconds beyond a time-out, on machines of two busy cores


class Faults(leaklab.Case):
    def proxy(self, target, *what):
        proxy = faults.Proxy(target, *what)
        self.addCleanup(proxy.close)
        return proxy

    def through(self, lab, proxy, **parts):
        """A scenario that reaches the lab host by way of the proxy."""
        parts["host"] = {"address": proxy.address, **parts.get("host", {})}
        parts.setdefault("connect", {"timeout": "3s"})
        parts.setdefault("limits", {"failures": 1000})
        return self.scenario(lab, **parts)

    def cycles(self):
        return self.query("select result, failed_phase, code, message, (julianday(ended) - julianday(started)) * 86400, worker_lost from "
                          "(select *, code = 'WORKER_LOST' as worker_lost from cycles where kind = 'load') order by number")

    def test_stalled_tls_handshake_ends_at_its_time_out_beside_others_that_go_on(self):
        """a TLS handshake that stalls is a TIMEOUT of its own at 3 s; the worker's other slots lose nothing"""
        lab = self.lab("--accounts", "8", "--shell-seconds", "0.5")
        for action in "black hole", "flip", "trickle":
            with self.subTest(action):
                fault = faults.Fault(action, offset=30)  # behind the X.224 answer
                proxy = self.proxy(lab.port, None, None, None, fault, None)
                self.drive(self.through(lab, proxy, load={"slots": 8, "cycles": 40}))
                self.assertGreater(fault.delivered, 0)
                bad = [cycle for cycle in self.cycles() if cycle[0] != "logged-off"]
                self.assertEqual(len(bad), 1, bad)
                self.assertEqual((bad[0][0], bad[0][1]), ("failed", "tls"))
                self.assertLess(bad[0][4], 3 + SLACK)
                if action != "flip":
                    self.assertEqual(bad[0][2], "TIMEOUT")
                    self.assertRegex(bad[0][3], r"no tls within 3(\.\d)? s")
                self.run_file.unlink()

    def test_dead_host_at_the_start_costs_three_time_outs(self):
        """a host that accepts and says nothing: 16 slots, of which the first meets 3 TIMEOUTs at 3 s, and the run is over"""
        proxy = self.proxy(None)
        scenario = self.scenario(host={"address": proxy.address}, accounts={"users": "user{01..16}", "password_env": "PW"},
                                 load={"slots": 16, "cycles": 16}, connect={"timeout": "3s"}, limits={"failures": 1000})
        start = time.monotonic()
        self.drive(scenario, env={"PW": "none"})
        self.assertLess(time.monotonic() - start, 3 * 3 + 2 * SLACK + 2)
        cycles = self.cycles()
        self.assertEqual([(cycle[0], cycle[2]) for cycle in cycles], [("failed", "TIMEOUT")] * 3)
        self.assertLess(max(cycle[4] for cycle in cycles), 3 + SLACK)

    def test_slow_answer_within_the_time_out_is_waited_for(self):
        """one answer 12 s late, and 30 s allowed: the logon goes on, whichever answer it is"""
        lab = self.lab("--accounts", "4")
        waits = [faults.Fault("delay", offset, seconds=12) for offset in (0, 19, 2500, 3300)]
        proxy = self.proxy(lab.port, *waits, None)
        self.drive(self.through(lab, proxy, load={"slots": 4, "cycles": 4}, connect={"timeout": "30s"}, logon={"timeout": "30s"},
                                logoff={"timeout": "30s"}))
        self.assertEqual([wait.delivered for wait in waits], [1] * 4)
        self.assertEqual([cycle[0] for cycle in self.cycles()], ["logged-off"] * 4, self.cycles())

    def test_hundred_bytes_a_second_end_at_the_time_out_that_is_said(self):
        lab = self.lab()
        fault = faults.Fault("rate", 0)
        proxy = self.proxy(lab.port, fault)
        self.drive(self.through(lab, proxy))
        [(result, phase, code, message, seconds, _)] = self.cycles()
        self.assertEqual((result, phase, code), ("failed", "tls", "TIMEOUT"))
        self.assertLess(seconds, 3 + SLACK)
        self.assertRegex(message, r"no tls within 3(\.\d)? s")

    # Of what the host sends, the CHALLENGE ends between the bytes 2040 and 2060, and the answer to the proof after it is over at 2140.
    def test_host_that_closes_instead_of_refusing_is_asked_once_a_cycle(self):
        """a connection that breaks in NLA is not made again behind our back, and counts for the account, which is stopped after two"""
        lab = self.lab("--accounts", "1")
        fault = faults.Fault("close", 2090)
        proxy = self.proxy(lab.port, fault)
        self.drive(self.through(lab, proxy, load={"cycles": 5}), code=4)
        self.assertEqual(proxy.connections, 2)
        self.assertEqual([cycle[:3] for cycle in self.cycles()], [("failed", "nla", "ERRCONNECT_CONNECT_TRANSPORT_FAILED")] * 2)
        self.assertIn("account-stopped", [kind for kind, in self.query("select kind from events")])

    def test_password_counts_as_presented_once_its_proof_was_sent_and_not_before(self):
        """NLA that breaks before the client has proven its password costs the account nothing; one that never answers after it counts"""
        lab = self.lab("--accounts", "1")
        for action, offset, stops in ("close", 1600, False), ("black hole", 1600, False), ("black hole", 2090, True):
            with self.subTest(action=action, offset=offset):
                proxy = self.proxy(lab.port, faults.Fault(action, offset))
                done = self.drive(self.through(lab, proxy, load={"cycles": 3}, connect={"timeout": "1s"}))
                self.assertEqual({cycle[1] for cycle in self.cycles()}, {"nla"})
                self.assertEqual(proxy.connections, 2 if stops else 3)
                self.assertEqual("account lab01 is stopped after two logons in a row that got no answer" in done.stderr, stops, done.stderr)
                self.run_file.unlink()

    def redirected(self, target, **parts):
        """What comes of a cycle that the host sends on to the target, beside others that log on at once."""
        lab = self.lab("--redirect", target)
        self.drive(self.scenario(lab, connect={"timeout": "3s"}, limits={"failures": 1000}, **parts))
        return lab, self.query("select result, code, message, (julianday(ended) - julianday(started)) * 86400, served_by from cycles")

    def test_redirection_to_a_mute_host_ends_at_the_connect_time_out_and_names_it(self):
        lab = self.lab("--redirect", "127.0.0.2")
        with socket.create_server(("127.0.0.2", lab.port)):
            self.drive(self.scenario(lab, load={"slots": 3, "cycles": 3}, connect={"timeout": "3s"}, limits={"failures": 1000}))
        for result, phase, code, message, seconds, lost in self.cycles():
            self.assertEqual((result, phase, code), ("failed", "logon", "TIMEOUT"))
            self.assertLess(seconds, 3 + SLACK)
            self.assertIn("the host had redirected the logon to 127.0.0.2", message)

    def test_redirection_that_fails_names_its_target(self):
        """a redirection to a name that is not known, or to where nobody listens, does not read as if host.address were wrong"""
        _, cycles = self.redirected("no-such-host.invalid")
        self.assertEqual(cycles[0][:2], ("failed", "ERRCONNECT_DNS_NAME_NOT_FOUND"))
        self.assertIn("the name no-such-host.invalid does not resolve", cycles[0][2])
        self.assertIn("the host had redirected the logon to no-such-host.invalid", cycles[0][2])

    def test_redirection_to_where_nobody_listens_names_it(self):
        _, cycles = self.redirected("127.0.0.3")
        self.assertEqual(cycles[0][0], "failed")
        self.assertIn("the host had redirected the logon to 127.0.0.3", cycles[0][2])
        self.assertLess(cycles[0][3], 3 + SLACK)

    def test_redirection_in_circles_ends(self):
        lab, cycles = self.redirected("127.0.0.1")
        self.assertEqual(cycles[0][0], "failed")
        self.assertIn("the host had redirected the logon to 127.0.0.1, after others, in circles?", cycles[0][2])

    def test_logon_at_the_host_that_was_redirected_to_is_one(self):
        broker = self.lab("--security", "tls", "--redirect", "127.0.0.2")
        folder = self.folder / "second"
        folder.mkdir()
        host = leaklab.Lab(folder, "--security", "tls", "--listen", "127.0.0.2", "--port", str(broker.port))
        self.addCleanup(host.stop)
        self.drive(self.scenario(broker, accounts={"csv": host.facts["accounts"]}, load={"slots": 2, "cycles": 6},
                                 host={"security": "tls", "certificate": {"ignore": True}}))
        self.assertEqual(self.query("select result, served_by from cycles"), [("logged-off", "127.0.0.2")] * 6)

    def test_name_server_that_stalls_costs_the_connect_time_out(self):
        """names are resolved under our own deadline: a resolver that takes 20 s is a TIMEOUT at 2 s that says so, and at the start 10 s"""
        lab = self.lab()
        environment = {"LD_PRELOAD": str(leaklab.BUILD / "tests/e2e/libslow-names.so"), "SLOW_NAMES_IN": "worker"}
        if leaklab.sanitized():
            return  # the suite without sanitizers has it
        scenario = self.scenario(lab, host={"address": f"localhost:{lab.port}"}, connect={"timeout": "2s"}, load={"slots": 2, "cycles": 2})
        self.drive(scenario, env=environment)
        for result, phase, code, message, seconds, lost in self.cycles():
            self.assertEqual((result, phase, code), ("failed", "tcp", "TIMEOUT"), message)
            self.assertIn("the name localhost is not resolved after 2.", message)
            self.assertLess(seconds, 2 + SLACK)
        self.run_file.unlink()
        start = time.monotonic()
        done = self.drive(scenario, env={**environment, "SLOW_NAMES_IN": "run"}, code=4)
        self.assertLess(time.monotonic() - start, 10 + SLACK)
        self.assertIn("host.address: the name localhost is not resolved after 10.", done.stderr)

    def test_challenge_that_comes_late_tells_no_clock(self):
        """an answer that was under way for long does not read as a step of the host's clock"""
        lab = self.lab()
        proxy = self.proxy(lab.port, None, faults.Fault("delay", 1600, seconds=3), None)
        self.drive(self.through(lab, proxy, load={"cycles": 4}, connect={"timeout": "10s"}))
        offsets = [offset for offset, in self.query("select host_clock_offset from cycles order by number")]
        self.assertIsNone(offsets[1])
        self.assertLess(max(abs(offset) for offset in offsets if offset is not None), 1)
        self.assertEqual(self.query("select kind from events"), [])

    def test_workers_of_a_driver_that_was_killed_do_not_wait_for_a_mute_host(self):
        lab = self.lab()
        proxy = self.proxy(lab.port, faults.Fault("black hole", 30))
        process = self.start_driver(self.through(lab, proxy, load={"slots": 2, "cycles": 2}))
        deadline = time.monotonic() + 10
        while proxy.connections < 2:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        workers = soak.family(process)[1:]
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 3 + 2 * SLACK
        while any(map(soak.runs, workers)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def test_failures_beside_held_sessions_do_not_end_the_run(self):
        """three short failures while seven sessions are held are no host that cannot be reached; limits.failures counts them"""
        lab = self.lab("--accounts", "8")
        proxy = self.proxy(lab.port, *[None] * 7, *[faults.Fault("reset", 0)] * 5, None)
        self.drive(self.through(lab, proxy, load={"slots": 8, "cycles": 16, "hold": "6s", "ramp": "1s"}, limits={"failures": 20},
                                logoff={"method": "keys", "keys": "Win+R wait:50ms text:logoff Enter", "shell": None}))
        results = [cycle[0] for cycle in self.cycles()]
        self.assertEqual((results.count("logged-off"), results.count("failed")), (11, 5), self.cycles())


class Matrix(leaklab.Case):
    """A row and a column of tests/bench/faults."""

    def check(self, cells):
        self.assertEqual([cell for cell in matrix.play(cells, 3) if not cell.is_good()], [])

    def test_connection_that_falls_silent_at_any_step_costs_its_time_out_and_no_other(self):
        self.check([("black hole", offset, 4) for offset in matrix.OFFSETS])

    def test_any_fault_in_nla_costs_its_cycle_and_no_other(self):
        self.check([(action, 1700, 2) for action in matrix.ACTIONS])


if __name__ == "__main__":
    tap.main(at_once=3)
