"""Hosts behind one broker: who served a cycle is read from NTLM, and a run is judged by the cycles of the host that was observed."""
import contextlib
import hashlib
import itertools
import select
import socket
import ssl
import subprocess
import threading

import leaklab
import tap

SETTLE = {"at_least": "1500ms", "release": "1s", "quiet": "200ms", "poll": "100ms", "timeout": "20s"}


def fingerprint(lab):
    der = ssl.PEM_cert_to_DER_cert((lab.folder / "cert.pem").read_text())
    return "sha256:" + hashlib.sha256(der).hexdigest()


class Farm(leaklab.Case):
    def farm(self, *options):
        """RDS01 sends every other logon on to RDS02, at the same port."""
        self.first = self.lab("--host-name", "RDS01", "--redirect", "127.0.0.2/2", "--late-holders", "0", *options)
        folder = self.folder / "second"
        folder.mkdir()
        self.second = leaklab.Lab(folder, "--host-name", "RDS02", "--listen", "127.0.0.2", "--port", str(self.first.port), "--late-holders", "0",
                                  "--passwords-of", self.first.facts["accounts"], *options)
        self.addCleanup(self.second.stop)

    def play(self, observed, code, cycles=60, **parts):
        pins = f"{fingerprint(self.first)}, {fingerprint(self.second).upper().replace('SHA256', 'sha256')}"
        self.drive(self.scenario(self.first, **{"load": {"slots": 4, "cycles": cycles}, "observers": [self.observer(observed)], "settle": SETTLE,
                                                "host": {"certificate": {"pin": pins}}, "observe_every": 6, **parts}), code=code)
        return self.verdict(code=code)

    def test_cycles_that_another_host_served_do_not_count_and_the_verdict_says_so(self):
        self.farm()
        verdict = self.play(self.first, 3)
        served = self.query("select server, served_by, count(*) from cycles where kind = 'load' and result = 'logged-off' group by 1, 2 order by 1")
        self.assertEqual(served, [("RDS01", None, 30), ("RDS02", "127.0.0.2", 30)])
        self.assertEqual(verdict["verdict"], "INCONCLUSIVE")
        self.assertEqual((verdict["orphans"]["n"], verdict["orphans"]["on_other_hosts"]), (30, 30))
        self.assertIn("30 of 60 cycles went to RDS02, which nobody observed: they do not count for RDS01", " ".join(verdict["reasons"]))

    def test_session_that_is_left_on_the_other_host_is_listed(self):
        """the observed host's last sample shows none of it, and that is no proof"""
        self.farm()
        self.play(self.first, 3, cycles=4, verify_ids=0, logoff={"method": "disconnect", "shell": None}, load={"slots": 1, "cycles": 2})
        [(text,)] = self.query("select text from event where kind = 'sessions-left'")
        self.assertIn("may be on the host still: 2: ", text)

    def test_leak_of_the_observed_host_is_proven_by_its_own_cycles(self):
        self.farm()
        self.grab(self.first)
        verdict = self.play(self.first, 1)
        self.assertEqual(verdict["verdict"], "LEAK")
        self.assertEqual((verdict["orphans"]["k"], verdict["orphans"]["n"]), (30, 30))

    def test_leak_of_the_other_host_is_none_of_the_observed_one(self):
        self.farm()
        self.grab(self.second)
        verdict = self.play(self.first, 3)
        self.assertEqual((verdict["orphans"]["k"], verdict["orphans"]["n"]), (0, 30))

    def test_bundle_with_other_names_is_judged_alike(self):
        self.farm()
        verdict = self.play(self.first, 3)
        bundle = self.folder / "bundle.tar.gz"
        self.run_program("analyzer", "bundle", self.run_file, "--pseudonymise", "-o", bundle, code=0)
        (self.folder / "bundle").mkdir()
        subprocess.run(["tar", "xzf", bundle, "-C", self.folder / "bundle"], check=True)
        self.run_file = next((self.folder / "bundle").rglob("*.leaklab"))
        self.assertEqual(self.query("select count(*) from cycles where server like 'RDS%'"), [(0,)])
        again = self.verdict(code=3)
        self.assertEqual((again["orphans"]["n"], again["orphans"]["on_other_hosts"]), (30, 30))

    def test_one_run_judges_one_host(self):
        observers = [{"name": name, "host": name, "command": "true"} for name in ("rds01", "rds02")]
        done = self.drive(self.scenario(None, observers=observers), code=2, env={"PW": "x"})
        self.assertIn("observers.1.host: is another host than rds01, and one run judges one host", done.stderr)
        observers[1]["host"] = "RDS01.lab.example"
        self.run_program("driver", "check", self.scenario(None, observers=observers), code=0, env={"PW": "x"})

    def test_observer_of_another_host_than_the_scenario_says_is_told(self):
        self.farm()
        verdict = self.play(self.first, 3, cycles=8, observers=[{**self.observer(self.first), "host": "RDS02"}])
        self.assertIn("observers.host says that RDS02 is observed, and the observers saw RDS01", verdict["reasons"])


class Alias(leaklab.Case):
    def play(self, code, **named):
        lab = self.lab("--late-holders", "0")
        observer = {"name": "foreign", "command": self.observer(lab)["command"] + " | jq -c '.host = \"CLUSTER\"'", **named}
        self.drive(self.scenario(lab, load={"slots": 4, "cycles": 24}, observers=[observer], settle=SETTLE, judge={"smallest_rate": 0.2}), code=code)
        return self.verdict(code=code)

    def test_observer_that_calls_the_host_otherwise_is_told_how_to_say_that_it_is_the_same(self):
        self.assertIn("24 of 24 cycles went to LABHOST, and the observers saw CLUSTER: if these are two names of one host, say so "
                      "(observers.host: LABHOST), else let the observers look at LABHOST", self.play(3)["reasons"])

    def test_scenario_that_names_the_host_is_believed(self):
        verdict = self.play(0, host="LABHOST")
        self.assertEqual((verdict["verdict"], verdict["orphans"]["n"]), ("CLEAN", 24))


class Balancer:
    """A plain load balancer: each connection goes to the next host, and nobody is told."""

    def __init__(self, *labs):
        self.labs = itertools.cycle(labs)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.server.accept()
                if not select.select([peer], [], [], 10)[0] or not peer.recv(1, socket.MSG_PEEK):
                    peer.close()  # the driver's look whether anybody is there, which is no logon
                    continue
                lab = next(self.labs)
                host = socket.create_connection((lab.host, lab.port))
                for pair in (peer, host), (host, peer):
                    threading.Thread(target=self.pump, args=pair, daemon=True).start()

    @staticmethod
    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


class Balanced(leaklab.Case):
    """Without NLA no host tells its name, as with Kerberos."""

    def play(self, *labs, code, **parts):
        balancer = Balancer(*labs)
        self.addCleanup(balancer.close)
        pins = ", ".join(fingerprint(lab) for lab in labs)
        self.drive(self.scenario(labs[0], **{"host": {"address": balancer.address, "security": "tls", "certificate": {"pin": pins}},
                                             "load": {"slots": 8, "cycles": 24, "hold": "2s..5s"}, "judge": {"smallest_rate": 0.2},
                                             "logoff": {"method": "shell-exit", "shell": None, "timeout": "10s"},
                                             "observers": [self.observer(labs[0])], "settle": SETTLE, "observe_every": 2, "verify_ids": 0, **parts}), code=code)
        self.assertEqual(self.query("select server, count(*) from cycles where kind = 'load' and result = 'logged-off' group by 1"), [(None, 24)])
        return self.verdict(code=code)

    def hosts(self, security="tls"):
        first = self.lab("--host-name", "RDS01", "--security", security, "--late-holders", "0")
        folder = self.folder / "second"
        folder.mkdir()
        second = leaklab.Lab(folder, "--host-name", "RDS02", "--security", security, "--late-holders", "0", "--passwords-of", first.facts["accounts"])
        self.addCleanup(second.stop)
        return first, second

    def test_cycles_whose_sessions_the_observed_host_does_not_list_make_no_clean(self):
        first, second = self.hosts()
        verdict = self.play(first, second, code=3)
        self.assertEqual(verdict["verdict"], "INCONCLUSIVE")
        self.assertGreater(verdict["orphans"]["on_other_hosts"], 0)
        self.assertRegex(" ".join(verdict["reasons"]),
                         r"of \d+ cycles that were logged on while the observers listed all sessions, \d+ (is|are) not in the list: another host "
                         r"served (it|them), as behind a load balancer\. .* Drain the other hosts")

    def test_one_host_behind_a_balancer_is_judged_as_without(self):
        verdict = self.play(self.lab("--security", "tls", "--late-holders", "0"), code=0)
        self.assertEqual((verdict["verdict"], verdict["orphans"]["n"], verdict["orphans"]["on_other_hosts"]), ("CLEAN", 24, 0))

    def test_leak_of_the_observed_host_is_proven_behind_a_balancer(self):
        first, second = self.hosts()
        self.grab(first)
        self.assertEqual(self.play(first, second, code=1)["verdict"], "LEAK")


class Reconnected(leaklab.Case):
    hosts = Balanced.hosts

    def test_equal_session_id_of_another_host_is_another_session(self):
        first, second = self.hosts(security="nla")
        balancer = Balancer(first, second)
        self.addCleanup(balancer.close)
        pins = ", ".join(fingerprint(lab) for lab in (first, second))
        self.drive(self.scenario(first, host={"address": balancer.address, "certificate": {"pin": pins}},
                                 load={"slots": 1, "cycles": 1, "reconnects": 1, "hold": "200ms"}, cleanup="leave",
                                 logoff={"method": "keys", "shell": None, "timeout": "10s"}), code=3)
        [(result, server, message)] = self.query("SELECT result, server, message FROM cycles WHERE kind = 'load'")
        self.assertEqual((result, server), ("not-reconnected", "RDS01"))
        self.assertIn("RDS02 gave a new session, and the one on RDS01 stays there, disconnected", message)
        self.assertEqual(self.query("SELECT count(*) FROM reconnects"), [(0,)])


class Broker(leaklab.Case):
    def test_broker_is_told_which_collection_is_meant(self):
        """in the first packet, as MS-RDPBCGR 2.2.1.1 has it"""
        first = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            def take():
                for _ in range(2):  # the first connection is the driver's own, which sees whether anybody is there
                    peer, _ = server.accept()
                    with peer:
                        peer.settimeout(10)
                        first.append(peer.recv(4096))
            thread = threading.Thread(target=take, daemon=True)
            thread.start()
            info = "tsv://MS Terminal Services Plugin.1.Collection"
            self.drive(self.scenario(None, host={"address": "127.0.0.1:%d" % server.getsockname()[1], "load_balance_info": info},
                                     connect={"timeout": "2s"}), "--preflight", "never", env={"PW": "x"})
            thread.join(10)
        self.assertIn(info.encode() + b"\r\n", b"".join(first))


class Pins(leaklab.Case):
    def test_any_of_several_pins_is_accepted_and_none_other(self):
        lab = self.lab()
        other = "sha256:" + "ab" * 32
        self.drive(self.scenario(lab, host={"certificate": {"pin": f"{other} {fingerprint(lab)}"}}))
        self.assertEqual(self.query("select result from cycles where kind = 'load'"), [("logged-off",)])
        self.run_file.unlink()
        done = self.drive(self.scenario(lab, host={"certificate": {"pin": f"{other},{other[:-1]}c"}}), code=4)
        self.assertIn("is not the pinned one", done.stderr + str(self.query("select message from cycles")))
        done = self.run_program("driver", "run", self.scenario(lab, host={"certificate": {"pin": f"{other}, sha256:12"}}), "-o", "x.leaklab", code=2)
        self.assertIn('certificate pin "sha256:12"', done.stderr)


if __name__ == "__main__":
    tap.main(at_once=2)
