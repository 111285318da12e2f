"""leaklab on engines that people have: Slurm, GNU parallel over ssh, Kubernetes. What several injectors find there is what one finds."""
import contextlib
import glob
import os
import pathlib
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import leaklab
import server
import tap

try:
    import yaml
except ImportError:
    yaml = None

INJECTORS = leaklab.SCENARIOS / "injectors"
NO_SLURM = server.why_not(server.SLURM)
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
NO_SSH = server.why_not(server.SSH)
SPEED = ("--time-scale", "0.0001", "--shell-seconds", "0.2")
LOAD = {"slots": 4, "cycles": 40, "seed": 7, "think": "200ms"}
SETTLE = {"release": "1s", "at_least": "3s", "quiet": "1s", "poll": "250ms", "timeout": "30s"}


# What is typed in the manual, a line each: the tests type it, too.
MANUAL = [line for block in re.findall(r"^```\n(.*?)^```", (INJECTORS / "leaklab-injectors.7.scd").read_text(), re.M | re.S) for line in block.splitlines()]
FIVE = MANUAL[:6]
SUBMIT, RERUN, SPREAD, SPREAD_AGAIN = MANUAL[6:]


def essence(verdict):
    """What a run of several injectors has in common with one of a single one."""
    orphans = verdict["orphans"]
    holders = [holder["image"] for holder in verdict["culprits"]]
    return verdict["verdict"], orphans["k"], orphans["n"], orphans["cycles_missing"], holders


class Injectors(leaklab.Case):
    """A lab with the reference grabber, a scenario that can be shared, and a folder of programs as they are installed."""

    def setUp(self):
        super().setUp()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.bin / "leaklab").symlink_to(leaklab.BUILD / "leaklab")
        for script in "slurm", "shard", "parallel":
            (self.bin / f"leaklab-{script}").symlink_to(INJECTORS / script)
        self.path = f"{self.bin}:{os.environ['PATH']}"
        self.run_file = self.folder / "night.leaklab"
        self.parts = self.folder / "night.leaklab.parts"

    def stage(self, **load):
        lab = self.lab(*SPEED)
        self.grab(lab)
        shutil.copy(lab.facts["accounts"], self.folder / "accounts.csv")
        scenario = self.scenario(lab, load={**LOAD, **load}, settle=SETTLE, observers=[self.observer(lab)], accounts={"csv": "accounts.csv"})
        return scenario.rename(self.folder / "night.yaml")

    def assert_as_one(self, lost=0):
        """What one machine finds at a lab of the same kind. Who is killed loses a cycle; one that finds its session there is not counted."""
        merged, (word, most, _, missing, holders) = essence(self.verdict(code=1)), self.single()
        self.assertEqual((merged[0], merged[3], merged[4]), (word, missing, holders))
        self.assertEqual(merged[1], merged[2])
        self.assertIn(merged[2], range(most - lost, most + 1))

    def single(self):
        folder, self.folder = self.folder, self.folder / "single"
        self.folder.mkdir()
        merged, self.run_file = self.run_file, None
        self.drive(self.stage(), code=1)
        verdict = self.verdict(code=1)
        self.folder, self.run_file = folder, merged
        return essence(verdict)

    def script(self, *words, code=0, env=None):
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, cwd=self.folder, stdin=subprocess.DEVNULL, timeout=200,
                              env={**os.environ, "PATH": self.path, **(env or {})})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr + self.logs())
        return done.stdout + done.stderr

    def logs(self):
        return "".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self.parts.glob("log.*")))

    def played(self, file, cycles=1):
        """Waits until a shard's file has so many."""
        def enough():
            with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as run:
                return run.execute("SELECT count(*) FROM cycle WHERE kind = 0 AND result IS NOT NULL").fetchone()[0] >= cycles
        self.wait_until(enough)
        return True

    def kill(self, file):
        """The driver that writes it, once it has played something: the first of those that were told to."""
        self.played(file)
        os.kill(min(int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit() and self.runs(entry, file)), signal.SIGKILL)

    @staticmethod
    def runs(entry, file):
        try:
            arguments = (entry / "cmdline").read_bytes().decode().split("\0")
            return "run" in arguments and any((entry / "cwd").resolve() / argument == file for argument in arguments if "B." in argument)
        except OSError:
            return False

    def wait_until(self, ready):
        deadline = time.monotonic() + 60
        while not ready():
            self.assertLess(time.monotonic(), deadline, self.logs())
            time.sleep(0.05)


@unittest.skipIf(NO_SLURM, NO_SLURM)
class Slurm(Injectors):
    def setUp(self):
        super().setUp()
        self.slurm = server.Slurm(self.folder)
        self.addCleanup(self.slurm.stop)
        self.addCleanup(self.slurm.ask, "scancel", "--user=root")

    def submit(self, *words, **more):
        return self.script("leaklab-slurm", *words, env=self.slurm.env, **more)

    def jobs(self, what):
        return [line.split()[1] for line in (self.parts / "jobs").read_text().splitlines() if line.startswith(what)]

    def test_shards_that_were_killed_requeued_and_stopped_end_in_the_verdict_of_a_single_run(self):
        self.stage()
        self.submit(*shlex.split(SUBMIT)[1:])
        [array] = self.jobs("shard")
        meanwhile = [threading.Thread(target=act) for act in (
            lambda: self.played(self.parts / "B.1") and self.slurm.ask("scontrol", "requeue", f"{array}_1"),  # as when its node fails
            lambda: self.kill(self.parts / "B.2"),  # as when memory runs out
            lambda: self.played(self.parts / "B.3") and self.slurm.ask("scancel", "--batch", "--signal=TERM", f"{array}_3"))]  # as before its time is over
        for thread in meanwhile:
            thread.start()
        for thread in meanwhile:
            thread.join()
        self.wait_until(lambda: "stopped by hand" in (self.parts / "log.3").read_text())
        told = self.submit("--wait", *shlex.split(RERUN)[1:], code=1)
        for shard in 1, 2, 3:
            self.assertRegex((self.parts / f"log.{shard}").read_text(), r"going on after \d of 10 cycles")
        self.assertIn("verdict: LEAK", told)
        self.assert_as_one(lost=2)


@unittest.skipIf(NO_SSH, NO_SSH)
class Parallel(Injectors):
    MACHINES = [f"injector{number}" for number in range(4)]

    def setUp(self):
        super().setUp()
        self.ssh = server.Ssh(self.folder, self.MACHINES, self.path)
        self.addCleanup(self.ssh.stop)

    def spread(self, *words, **more):
        return self.script("leaklab-parallel", *words, "--ssh-command", f"ssh -F {self.ssh.config}", **more)

    def test_shard_that_was_killed_goes_on_elsewhere_and_the_verdict_is_that_of_a_single_run(self):
        self.stage()
        killer = threading.Thread(target=self.kill, args=[self.folder / "remote/shard2/B.2"])
        killer.start()
        told = self.spread(*shlex.split(SPREAD)[1:], "--remote", self.folder / "remote", code=1)
        killer.join()
        self.assertIn("1 shards failed", told)
        self.assertIn("missing", told)
        told = self.spread(*shlex.split(SPREAD_AGAIN)[1:], code=1)
        self.assertIn("going on after", told)
        self.assert_as_one(lost=1)
        self.assertEqual(list((self.folder / "remote").glob("*")), [])  # no password stays behind


@unittest.skipUnless(FAKETIME, "libfaketime is not installed")
class Clocks(Injectors):
    """The machines' clocks are apart, and each logon with NLA tells the host's."""

    def play(self, *offsets):
        scenario = self.stage()
        self.run_program("driver", "observe", scenario, "--mark", "before", "--injectors", 4, "--preflight", "never", "-o", "A", code=0)
        shards = []
        for shard, offset in enumerate(offsets):
            env = {"LD_PRELOAD": FAKETIME, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if offset else {}
            shards.append(subprocess.Popen([self.bin / "leaklab-shard", "A", str(shard), scenario], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                           text=True, env={**os.environ, "PATH": self.path, **env}))
        for process in shards:
            told = process.communicate(timeout=100)[0]
            self.assertEqual(process.returncode, 0, told)
        self.run_program("driver", "observe", scenario, "--mark", "settled", "--before", "A", "-o", "C", code=0)
        self.run_program("analyzer", "merge", self.run_file, "A", *(f"B.{shard}" for shard in range(4)), "C", code=0)

    def test_clocks_that_are_apart_change_nothing_in_the_verdict(self):
        self.play("+10s", None, "+1h", "-1h")
        (first, last), = self.query("SELECT min(started), max(started) FROM cycle WHERE kind = 0")
        self.assertLess(last - first, 60_000_000)  # by the host's clock
        self.assert_as_one()


class Engines(Injectors):
    """What other engines start."""

    def test_five_commands_of_the_manual_end_in_the_verdict_of_a_single_run(self):
        self.stage()
        told = self.script("sh", "-ec", "\n".join(FIVE), code=1)
        self.assertIn("verdict: LEAK", told)
        self.assert_as_one()

    def test_no_command_of_the_manual_is_left_out(self):
        self.assertEqual([line.split()[0] for line in MANUAL], ["leaklab"] * 2 + ["for"] + ["leaklab"] * 3 + ["leaklab-slurm"] * 2 + ["leaklab-parallel"] * 2)


class Refused(Injectors):
    def test_what_makes_no_sense_submits_nothing(self):
        scenario = self.scenario()
        (self.folder / "there").write_text("")
        for program in "sbatch", "scancel", "squeue", "parallel", "rsync":
            if not shutil.which(program):
                (self.bin / program).symlink_to("/bin/true")
        rows = [("slurm", [], "which scenario"), ("slurm", [scenario], "--injectors N"), ("slurm", [scenario, "--injectors", "0", "-o", "x"], "a number from 1"),
                ("slurm", [scenario, "--injectors", "2", "-o", "there"], "there exists already"), ("slurm", ["--night"], "unknown: --night"),
                ("slurm", ["--rerun", "none", "1"], "none is no folder that leaklab-slurm made"), ("slurm", ["-o"], "-o takes a value"),
                ("slurm", [scenario, "--injectors", "2", "-o", "x", "--env", "a;b"], "--env a;b: no name of a variable"),
                ("parallel", [scenario, "-o", "x"], "which machines"), ("parallel", [scenario, "--ssh", "a,b"], "-o RUN"),
                ("parallel", ["--rerun", "none", "--ssh", "a", "1"], "none is no folder that leaklab-parallel made"),
                ("shard", ["A"], "which plan, shard and scenario"), ("shard", ["A", "x", scenario], "a shard is a number from 0")]
        for script, words, why in rows:
            with self.subTest(script=script, words=words):
                self.assertIn(why, self.script(f"leaklab-{script}", *words, code=2))
                self.assertFalse(self.parts.exists())

    def test_scenario_that_cannot_be_shared_leaves_nothing_behind(self):
        scenario = self.scenario(self.lab(*SPEED), load={"slots": 3, "cycles": 60})
        for program in "sbatch", "scancel", "squeue", "parallel", "rsync":
            if not shutil.which(program):
                (self.bin / program).symlink_to("/bin/true")
        (self.bin / "squeue").unlink(missing_ok=True)
        (self.bin / "squeue").symlink_to("/bin/true")
        told = self.script("leaklab-slurm", scenario, "--injectors", 4, "-o", self.run_file, code=2)
        self.assertIn("3 cannot be shared by 4 injectors", told)
        told = self.script("leaklab-parallel", scenario, "--ssh", "a,b,c,d", "-o", self.run_file, code=2)
        self.assertIn("3 cannot be shared by 4 injectors", told)
        self.assertFalse(self.parts.exists())

    def test_shard_that_was_killed_before_its_first_cycle_begins_anew_and_a_complete_one_stays(self):
        scenario = self.stage(cycles=8)
        self.run_program("driver", "observe", scenario, "--mark", "before", "--injectors", 4, "--preflight", "never", "-o", "A", code=0)
        (self.folder / "B.1").touch()
        (self.folder / "B.1-journal").touch()
        self.assertIn("beginning anew", self.script("leaklab-shard", "A", 1, scenario))
        before = (self.folder / "B.1").read_bytes()
        self.assertIn("B.1 is complete", self.script("leaklab-shard", "A", 1, scenario))
        self.assertEqual((self.folder / "B.1").read_bytes(), before)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_scripts_are_sound(self):
        done = subprocess.run(["shellcheck", *(INJECTORS / name for name in ("slurm", "shard", "parallel"))], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "")


@unittest.skipIf(yaml is None, "python3-yaml is not installed")
class Kubernetes(unittest.TestCase):
    """No cluster is here: what the example relies on is in it, and its commands are leaklab's."""

    def setUp(self):
        self.text = (INJECTORS / "kubernetes.yaml").read_text()
        self.claim, self.job = yaml.safe_load_all(self.text)

    def test_index_is_the_shard_and_a_shard_that_failed_is_played_again(self):
        spec, pod = self.job["spec"], self.job["spec"]["template"]["spec"]
        self.assertEqual((self.job["apiVersion"], self.job["kind"], spec["completionMode"], pod["restartPolicy"]), ("batch/v1", "Job", "Indexed", "Never"))
        self.assertEqual(spec["completions"], spec["parallelism"])
        self.assertIn(f"--injectors {spec['completions']} ", self.text)
        self.assertGreater(spec["backoffLimitPerIndex"], 0)
        [container] = pod["containers"]
        self.assertIn('leaklab-shard /run/A "$JOB_COMPLETION_INDEX" /plan/', container["args"][0])
        self.assertIn("exec ", container["args"][0])  # SIGTERM is leaklab's

    def test_what_it_mounts_is_there_and_passwords_are_files(self):
        pod = self.job["spec"]["template"]["spec"]
        [container] = pod["containers"]
        self.assertEqual({mount["name"] for mount in container["volumeMounts"]}, {volume["name"] for volume in pod["volumes"]})
        self.assertEqual({volume["name"]: volume.get("persistentVolumeClaim") for volume in pod["volumes"]}["run"], {"claimName": self.claim["metadata"]["name"]})
        self.assertNotIn("secretKeyRef", self.text)

    def test_pod_has_no_rights_that_it_does_not_need(self):
        pod = self.job["spec"]["template"]["spec"]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        own = pod["containers"][0]["securityContext"]
        self.assertEqual((own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]), (False, True, {"drop": ["ALL"]}))


if __name__ == "__main__":
    tap.main(at_once=3)
