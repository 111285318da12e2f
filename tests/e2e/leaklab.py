"""What the end-to-end tests share: leaklab's programs run for real, in a fresh folder, leaving nothing behind."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LEAKLAB_BUILD", ROOT / "build")).resolve()
SCENARIOS = ROOT / "scenarios"
RUN = ["run", "--preflight", "never"]  # most tests are of the load: a logon before it would be one more everywhere


def program(name):
    """driver and analyzer are behind the one command."""
    return str(BUILD / ("leaklab" if name in ("driver", "analyzer") else f"leaklab-{name}"))


def sanitized():
    """Whether the programs were built with a sanitizer, which bears no other library before its own."""
    options = BUILD / "meson-info" / "intro-buildoptions.json"
    return options.exists() and any(option["name"] == "b_sanitize" and option["value"] != "none"
                                    for option in json.loads(options.read_text()))


class Lab:
    """A lab host of the test's own. Ends with the test."""

    def __init__(self, folder, *options, env=None):
        self.folder = pathlib.Path(folder) / "lab"
        self.folder.mkdir(mode=0o700)
        self.process = subprocess.Popen(
            [program("labhost"), "serve", "--dir", str(self.folder), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        self.facts = {}
        for line in self.process.stdout:
            line = line.strip()
            if line == "ready":
                break
            key, _, value = line.partition("=")
            self.facts[key] = value
        else:
            raise AssertionError("lab host did not start: " + self.process.stderr.read())
        host, _, port = self.facts["address"].rpartition(":")
        self.address = self.facts["address"]
        self.host, self.port = host, int(port)

    def show(self, what):
        return subprocess.run([program("labhost"), "show", what, "--control", self.facts["control"]],
                              check=True, capture_output=True, text=True).stdout

    def verb(self, *words):
        return subprocess.run([program("labhost"), *words, "--control", self.facts["control"]],
                              capture_output=True, text=True)

    def accounts(self):
        lines = pathlib.Path(self.facts["accounts"]).read_text().splitlines()[1:]
        return [line.split(",") for line in lines]

    def snapshot(self):
        return json.loads(self.show("snapshot"))

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, err


class Case(unittest.TestCase):
    """A test with a folder of its own that is gone afterwards, and with it all that the test started."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="leaklab-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        # Accounts of labs have the same names: what one test has refused is not the next one's.
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")

    def lab(self, *options, env=None):
        lab = Lab(self.folder, *options, env=env)

        def stop():
            code, err = lab.stop()
            self.assertEqual(code, 0, f"lab host ended badly: {err}")
            self.assertNotIn("Sanitizer", err)
        self.addCleanup(stop)
        return lab

    def grab(self, lab, *options):
        """The reference grabber, at work."""
        words = ["--lab", "--quiet", "--control", lab.facts["control"], *options]
        grabber = subprocess.Popen([program("grabber"), *words], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(grabber.stdout.close)
        self.addCleanup(grabber.wait)
        self.addCleanup(grabber.terminate)
        for line in grabber.stdout:
            if line.strip() == "ready":
                break
        return grabber

    def run_program(self, name, *arguments, code=None, timeout=300, env=None, **more):
        if name == "driver" and arguments[:1] == ("run",) and "--preflight" not in arguments:
            arguments = (*RUN, *arguments[1:])
        done = subprocess.run([program(name), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                              cwd=self.folder, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, **more)
        self.assertNotIn("Sanitizer", done.stderr)  # also of workers, whose exit codes nobody sees
        if code is not None:
            self.assertEqual(done.returncode, code,
                             f"leaklab-{name} {arguments}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def scenario(self, lab=None, **parts):
        """A scenario file against the lab host. parts: changes to its top-level keys; None removes a key."""
        scenario = {
            "name": "test",
            "host": {"address": lab.address if lab else "127.0.0.1:1",
                     "auth_packages": "ntlm,!kerberos",
                     "certificate": {"pin": lab.facts["certificate"]} if lab else {"ignore": True}},
            "accounts": {"csv": lab.facts["accounts"]} if lab else {"users": "nobody", "password_env": "PW"},
            "load": {"slots": 1, "cycles": 1},
            "logoff": {"method": "shell-exit", "shell": "logoff", "timeout": "10s"},
            "connect": {"timeout": "10s"},
            "logon": {"timeout": "10s"},
            "settle": {"at_least": "0s", "quiet": "200ms", "poll": "100ms", "timeout": "10s"},
        }
        for key, value in parts.items():
            if isinstance(value, dict):
                value = {k: v for k, v in {**scenario.get(key, {}), **value}.items() if v is not None}
            scenario[key] = value
        if "shell" not in scenario["logoff"]:  # which takes its own time
            scenario["load"].setdefault("hold", "0s")
        return self.write("scenario.yaml", json.dumps(scenario))  # JSON is YAML

    def observer(self, lab):
        return {"name": "labhost", "command": f"{program('labhost')} show snapshot --control {lab.facts['control']}"}

    def drive(self, scenario, *arguments, code=None, **more):
        """Plays it and returns what the driver printed; the run file is at self.run."""
        self.run_file = self.folder / "run.leaklab"
        return self.run_program("driver", "run", scenario, "-o", self.run_file, *arguments, code=code, **more)

    def start_driver(self, scenario, *arguments):
        """The same, while it goes on: an event a line."""
        self.run_file = self.folder / "run.leaklab"
        return self.start_run(scenario, "-o", self.run_file, *arguments)

    def start_run(self, *arguments):
        process = subprocess.Popen([program("driver"), *RUN, *arguments, "--events", "-"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def wait_for(self, process, event, count=1):
        for line in process.stdout:
            if f'"event":"{event}"' in line:
                count -= 1
                if count == 0:
                    return
        self.fail(f"no {event}: {process.stderr.read()}")

    def wait_for_rows(self, sql):
        """Until the run file, which may not be there yet, has some."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(sqlite3.OperationalError):
                if self.query(sql):
                    return
            time.sleep(0.05)
        self.fail(f"none after two minutes: {sql}")

    def wait_for_settling(self):
        self.wait_for_rows("SELECT 1 FROM capture WHERE mark >= 2")

    def query(self, sql):
        connection = sqlite3.connect(f"file:{self.run_file}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def verdict(self, code=None):
        done = self.run_program("analyzer", "judge", self.run_file, "--format", "json", code=code)
        return json.loads(done.stdout)
