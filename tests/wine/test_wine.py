"""The Windows programs under wine: they leak, see and release exactly what they say. wine has no RDS sessions, no LSA
logon sessions and no LUIDs, so of those it proves only that they are said to be out of sight."""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import tap  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LEAKLAB_BUILD", ".")).resolve()
PROGRAMS = {"probe": BUILD / "analyzer/probe/leaklab-probe.exe", "grabber": BUILD / "grabber/win32/leaklab-grabber.exe",
            "stand-in": BUILD / "tests/wine/stand-in.exe", "profile-of": BUILD / "tests/wine/profile-of.exe"}
ANALYZER = BUILD / "leaklab"
LONGEST = 60  # seconds that a single program may take: wine is slow where others use the machine
REPEATS = 20
CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control"
CRASH = CONTROL + "\\CrashControl"
KERNEL = CONTROL + "\\Session Manager\\Kernel"


def find(name):
    """Debian keeps wine64 and wineserver64 out of the path."""
    for place in (f"/usr/lib/wine/{name}64", shutil.which(f"{name}64"), shutil.which(name)):
        if place and os.path.exists(place):
            return place
    return None


class Wine:
    """A prefix of its own, with a server that stays up until stop()."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wine-", dir=BUILD))
        self.wine, self.server = find("wine"), find("wineserver")
        self.environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self.environment.update(WINEPREFIX=str(self.folder / "prefix"), WINEDEBUG="-all", WINEDLLOVERRIDES="mscoree,mshtml=")
        # Copies, as the grabber's log lies beside it.
        self.programs = {name: shutil.copy(path, self.folder) for name, path in PROGRAMS.items()}
        # Under a name of its own, so that no other stand-in counts as a logon.
        self.programs["lab-user"] = shutil.copy(PROGRAMS["stand-in"], self.folder / "lab-user.exe")
        (self.folder / "prefix").mkdir()
        self.boot()
        self.be("win10")  # the prefix' own version may be one without leak tracking

    def be(self, version):
        """From now on programs are told of that version of Windows."""
        self.system("reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", version, "/f")

    def boot(self):
        subprocess.run([self.server, "-p"], env=self.environment, check=True, timeout=LONGEST)
        self.system("wineboot", timeout=300)

    def reboot(self):
        self.shut_down()
        self.boot()

    def shut_down(self):
        subprocess.run([self.server, "-k"], env=self.environment, timeout=LONGEST, stderr=subprocess.DEVNULL)
        subprocess.run([self.server, "-w"], env=self.environment, timeout=LONGEST, stderr=subprocess.DEVNULL)

    def stop(self):
        self.shut_down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def system(self, *arguments, timeout=LONGEST):
        """A program of wine's own, which must succeed."""
        code, output, errors = self.play(*arguments, timeout=timeout)
        assert code == 0, f"{' '.join(arguments)}: {code} {output} {errors}"

    def start(self, name, *arguments):
        return subprocess.Popen([self.wine, self.programs[name], *map(str, arguments)], env=self.environment,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)

    def run(self, name, *arguments):
        """Returns exit code, output and errors, the line ends as on Unix."""
        return self.play(self.programs[name], *map(str, arguments))

    def play(self, *command, timeout=LONGEST):
        result = self.play_once(*command, timeout=timeout)
        # Neither our programs nor wine's end with 1 without a word: so ends wine where it could not start one.
        return result if result != (1, "", "") else self.play_once(*command, timeout=timeout)

    def play_once(self, *command, timeout):
        """No pipes: whatever wine starts beside it has them too, and would keep them open."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            code = subprocess.run([self.wine, *command], env=self.environment, cwd=self.folder, timeout=timeout,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=errors).returncode
            texts = []
            for file in (output, errors):
                file.seek(0)
                texts.append(file.read().decode(errors="replace").replace("\r\n", "\n"))
        return code, *texts


WINE = None
MISSING = None


def setUpModule():
    global WINE, MISSING
    absent = [path.name for path in PROGRAMS.values() if not path.exists()]
    if not find("wine") or not find("wineserver"):
        MISSING = "wine is not installed"
    elif absent:
        MISSING = f"not built, as there is no mingw-w64: {', '.join(absent)}"
    else:
        WINE = Wine()


def tearDownModule():
    if WINE:
        WINE.stop()


def read_line(stream):
    """The next line, or an error after a while."""
    line = b""
    end = time.monotonic() + LONGEST
    while not line.endswith(b"\n"):
        if not select.select([stream], [], [], max(0, end - time.monotonic()))[0]:
            raise AssertionError(f"nothing more came after {line!r}")
        byte = os.read(stream.fileno(), 1)
        if not byte:
            raise AssertionError(f"it ended after {line!r}")
        line += byte
    return line.decode().rstrip("\r\n")


class Case(unittest.TestCase):
    def setUp(self):
        if MISSING:
            self.skipTest(MISSING)
        self.started = []

    def tearDown(self):
        for process in self.started:
            process.kill()
            process.wait(LONGEST)
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()

    def start(self, name, *arguments):
        process = WINE.start(name, *arguments)
        self.started.append(process)
        return process

    def grabber(self, *arguments):
        process = self.start("grabber", "--lab", *arguments)
        first = read_line(process.stdout)
        self.assertRegex(first, r"^pid=\d+$")
        self.assertEqual(read_line(process.stdout), "ready")
        process.pid_there = int(first[4:])
        return process

    def end(self, process, expected=0):
        process.stdin.close()
        code = process.wait(LONGEST)
        # Not up to the end of the pipe: others that wine started may have it open.
        os.set_blocking(process.stderr.fileno(), False)
        errors = (process.stderr.read() or b"").decode().replace("\r\n", "\n")
        # wineserver kills what has ended by its books and is slow to be gone, as on a busy machine.
        self.assertIn(code, (expected, -signal.SIGKILL), errors)
        process.stdout.close()
        process.stderr.close()
        self.started.remove(process)
        return errors

    def log_on(self, grabber):
        """A user comes, the grabber says what it did, the user goes."""
        user = self.start("lab-user", "user")
        there = int(read_line(user.stdout))
        line = read_line(grabber.stderr)
        self.assertIn(f"session {there} ", line)
        self.end(user)
        return line

    def log(self, text, start=0):
        """Waits for a line in the service's log, behind its first so many characters."""
        path = WINE.folder / "leaklab-grabber.exe.log"
        end = time.monotonic() + LONGEST
        while not (path.exists() and text in path.read_text()[start:]):
            self.assertLess(time.monotonic(), end, f"no {text!r} in the log")
            time.sleep(0.02)
        return len(path.read_text())

    def snapshot(self):
        code, output, errors = WINE.run("probe")
        self.assertEqual(code, 0, errors)
        return json.loads(output)

    def tokens_of(self, pid):
        return [handle for handle in self.snapshot()["handles"] if handle["pid"] == pid and handle["type"] == "Token"]

    def kept_by(self, pid):
        return [handle for handle in self.snapshot()["handles"] if handle["pid"] == pid and "target" in handle]


class Leaks(Case):
    def test_leaky(self):
        """the probe sees exactly what the grabber leaked, 20 times over"""
        for repeat in range(REPEATS):
            copies = repeat % 4 + 1
            grabber = self.grabber("--watch", "lab-user.exe", "--copies", copies)
            self.assertEqual(self.tokens_of(grabber.pid_there), [], "before")
            self.assertIn(f"{copies} duplicated, kept; {copies} held", self.log_on(grabber))
            self.log_on(grabber)
            handles = self.tokens_of(grabber.pid_there)
            self.assertEqual(len(handles), 2 * copies, f"repeat {repeat}")
            self.assertEqual(len({handle["token_id"] for handle in handles}), 2 * copies, "each is an object of its own")
            self.assertEqual({handle["image"] for handle in handles}, {"leaklab-grabber.exe"})
            grabber.send_signal(signal.SIGINT)
            self.assertIn(f"2 logons, 2 grabbed, 0 missed, 0 over the limit; {2 * copies} duplicates, 0 closed",
                          self.end(grabber))
            self.assertEqual(self.tokens_of(grabber.pid_there), [], "what it held went with it")

    def test_fixed(self):
        """with --fixed the probe sees nothing, 20 times over"""
        for _ in range(REPEATS):
            grabber = self.grabber("--watch", "lab-user.exe", "--copies", 3, "--fixed")
            self.assertIn("3 duplicated, closed; 0 held", self.log_on(grabber))
            self.assertEqual(self.tokens_of(grabber.pid_there), [])
            grabber.send_signal(signal.SIGINT)
            self.assertIn("3 duplicates, 3 closed, 0 held", self.end(grabber))

    def test_every_existing_cap(self):
        """--existing, --every, --max-handles and --quiet do what they say"""
        here = self.start("lab-user", "user")
        read_line(here.stdout)
        grabber = self.grabber("--watch", "lab-user.exe", "--existing", "--max-handles", 2)
        self.assertIn("1 duplicated, kept; 1 held", read_line(grabber.stderr))
        self.assertEqual(len(self.tokens_of(grabber.pid_there)), 1)
        grabber.send_signal(signal.SIGINT)
        self.end(grabber)
        grabber = self.grabber("--watch", "lab-user.exe", "--every", 2, "--max-handles", 2)
        self.end(here)
        user = self.start("lab-user", "user")
        read_line(user.stdout)
        self.assertIn("1 held", self.log_on(grabber))  # the second one
        self.end(user)
        self.assertEqual(len(self.tokens_of(grabber.pid_there)), 1)
        grabber.send_signal(signal.SIGINT)
        self.assertIn("2 logons, 1 grabbed", self.end(grabber))

    def test_notices(self):
        """session notices are logons; the token comes from WTSQueryUserToken"""
        grabber = self.grabber("--copies", 2)
        for session in (2, 3, 4):
            self.assertEqual(WINE.run("stand-in", "logon", session)[0], 0)
            self.assertIn(f"session {session} ", read_line(grabber.stderr))
        self.assertEqual(len(self.tokens_of(grabber.pid_there)), 6)
        WINE.run("stand-in", "logon", 4)  # no news
        WINE.run("stand-in", "logoff", 3)
        WINE.run("stand-in", "logon", 3)  # another user in the same session
        self.assertIn("session 3 ", read_line(grabber.stderr))
        self.assertEqual(len(self.tokens_of(grabber.pid_there)), 8)
        WINE.run("stand-in", "close")
        self.assertIn("4 logons, 4 grabbed", self.end(grabber))

    def test_no_shell(self):
        """a person's process gives the token where no explorer.exe runs; a session without processes gives none"""
        if "explorer.exe" in {process.get("image") for process in self.snapshot()["processes"]}:
            WINE.system("taskkill", "/f", "/im", "explorer.exe")
        images = {process.get("image"): process["session_id"] for process in self.snapshot()["processes"]}
        self.assertNotIn("explorer.exe", images)
        self.assertEqual(WINE.run("stand-in", "person", images["leaklab-probe.exe"])[0], 0)
        self.assertEqual(WINE.run("stand-in", "person", 1234)[0], 1)

    def test_release_at_the_end(self):
        """Ctrl-C with --release closes what is held"""
        grabber = self.grabber("--watch", "lab-user.exe", "--copies", 5, "--release")
        self.log_on(grabber)
        grabber.send_signal(signal.SIGINT)
        errors = self.end(grabber)
        self.assertIn("released 5 handles", errors)
        self.assertIn("5 closed, 0 held", errors)


class Kept(Case):
    """Processes that have exited, and that handles keep."""

    def leak(self, *arguments):
        """A grabber that keeps what two users' processes were, and these processes' IDs."""
        grabber = self.grabber("--watch", "lab-user.exe", *arguments)
        return grabber, [int(re.search(r"session (\d+) ", self.log_on(grabber))[1]) for _ in range(2)]

    def test_kept(self):
        """the probe sees the exited processes that process and thread handles keep, and release closes them"""
        for what, kind in (("process", "Process"), ("thread", "Thread")):
            grabber, users = self.leak("--what", what)
            kept = self.kept_by(grabber.pid_there)
            self.assertEqual([(handle["type"], handle["target"]["pid"]) for handle in kept], [(kind, user) for user in users])
            for handle in kept:
                self.assertTrue(handle["target"]["exited"])
                self.assertEqual(handle["target"].get("image"), "lab-user.exe")
                self.assertGreaterEqual(handle["target"]["exit_time"], handle["target"]["start_time"])
            code, output, errors = WINE.run("probe", "release", "--lab", f"{grabber.pid_there}:{kept[0]['value']}")
            self.assertEqual(code, 0, errors)
            self.assertIn(f"process {users[0]}", output)
            self.assertEqual([handle["target"]["pid"] for handle in self.kept_by(grabber.pid_there)], users[1:])
            grabber.send_signal(signal.SIGINT)
            self.end(grabber)
            self.assertEqual(self.kept_by(grabber.pid_there), [])

    def test_process_information(self):
        """CreateProcess' two handles are both kept, as in programs that forget PROCESS_INFORMATION"""
        grabber = self.grabber("--watch", "lab-user.exe", "--how", "process-information")
        self.assertIn("1 started, kept; 2 held", self.log_on(grabber))
        end = time.monotonic() + LONGEST
        while sorted(handle["type"] for handle in self.kept_by(grabber.pid_there)) != ["Process", "Thread"]:
            self.assertLess(time.monotonic(), end, "cmd.exe has not exited")
        grabber.send_signal(signal.SIGINT)
        self.end(grabber)

    def test_restricted(self):
        """a restricted token is a token handle like others"""
        grabber = self.grabber("--watch", "lab-user.exe", "--how", "restricted")
        line = self.log_on(grabber)
        self.assertIn("1 restricted, kept", line)
        self.assertEqual(len(self.tokens_of(grabber.pid_there)), 1)
        grabber.send_signal(signal.SIGINT)
        self.end(grabber)

    def test_refused(self):
        """what wine cannot play is refused, with the reason"""
        for words, reason in ((("--what", "winlogon"), "no winlogon.exe"), (("--how", "s4u"), "no user can be logged on")):
            code, _, errors = WINE.run("grabber", "--lab", "--watch", "lab-user.exe", *words)
            self.assertEqual(code, 2)
            self.assertIn(reason.replace("no winlogon.exe", "winlogon.exe"), errors)

    def test_watch(self):
        """one probe serves 100 samples, a line each, and does not grow"""
        probe = self.start("probe", "watch")
        counts, handles = [], []
        for number in range(100):
            probe.stdin.write(b"now\n")
            snapshot = json.loads(read_line(probe.stdout))
            own = next(process for process in snapshot["processes"] if process.get("image") == "leaklab-probe.exe")
            counts.append(own["handle_count"])
            handles.append(len(snapshot["handles"]))
        self.assertEqual(counts[10:], [counts[10]] * 90)
        self.end(probe)


class Service(Case):
    def pids(self):
        return [process["pid"] for process in self.snapshot()["processes"] if process.get("image") == "leaklab-grabber.exe"]

    def test_service(self):
        """it installs itself as a service, leaks, releases when asked, stops, and takes itself off"""
        code, output, errors = WINE.run("grabber", "--install-service", "--lab", "--watch", "lab-user.exe", "--copies", 2, "--release")
        self.assertEqual(code, 0, errors)
        self.addCleanup(WINE.run, "grabber", "--uninstall-service")
        self.assertIn("installed and started", output)
        pids = self.pids()
        self.assertEqual(len(pids), 1)
        self.assertEqual(WINE.run("grabber", "--install-service", "--lab")[0], 4, "it is there already")
        user = self.start("lab-user", "user")
        read_line(user.stdout)
        self.log("2 duplicated, kept; 2 held")
        self.assertEqual(len(self.tokens_of(pids[0])), 2)
        self.assertEqual(WINE.run("stand-in", "paramchange", "leaklab-grabber")[0], 0)
        self.log("released 2 handles")
        self.assertEqual(self.tokens_of(pids[0]), [])
        self.end(user)
        code, output, errors = WINE.run("grabber", "--uninstall-service")
        self.assertEqual(code, 0, errors)
        self.log("1 logons, 1 grabbed")
        end = time.monotonic() + LONGEST
        while self.pids():  # the process ends a moment after its service
            self.assertLess(time.monotonic(), end, "the process is still there")
        code, _, errors = WINE.run("grabber", "--uninstall-service")
        self.assertEqual(code, 4)
        self.assertIn("opening the service", errors)

    def test_open_folder(self):
        """a service is not installed from a folder where everybody may put DLLs beside it"""
        mode = WINE.folder.stat().st_mode
        self.addCleanup(WINE.folder.chmod, mode)
        self.addCleanup(WINE.run, "grabber", "--uninstall-service")
        for open_mode in (0o777, 0o702):
            WINE.folder.chmod(open_mode)
            code, output, errors = WINE.run("grabber", "--install-service", "--lab")
            self.assertEqual((code, output), (4, ""), errors)
            self.assertIn(f"Z:{WINE.folder}\\: ordinary users may write there".replace("/", "\\"), errors)
            manual = (ROOT / "scenarios" / "leaklab-real-host.7.scd").read_text().replace("\\\\", "\\")
            for remedy in re.findall(r"^  (.*)$", errors, re.M):
                self.assertIn(f"\n{remedy}\n", manual)
                self.assertIn(f"\n  {remedy}\n", WINE.run("grabber", "--help")[1])
        WINE.folder.chmod(0o755)
        code, _, errors = WINE.run("grabber", "--install-service", "--lab")
        self.assertEqual(code, 0, errors)


class Registry(Case):
    def export(self):
        """All that arm may touch."""
        path = WINE.folder / "export.reg"
        WINE.system("reg", "export", CONTROL, f"Z:{path}", "/y")
        keys = re.split(r"\r?\n(?=\[)", path.read_bytes().decode("utf-16"))
        return "\n".join(key for key in keys if key.split("]")[0].endswith((CRASH[4:], KERNEL[4:])))

    def own_key(self, suffix=""):
        code, output, errors = WINE.play("reg", "query", "HKLM\\SOFTWARE\\leaklab" + suffix)
        self.assertTrue(output or errors, "wine did not start reg")
        return code == 0

    def arm(self, *arguments):
        code, output, errors = WINE.run("probe", "arm", *arguments)
        self.assertEqual(code, 0, errors)
        return output

    def disarm(self):
        code, output, errors = WINE.run("probe", "disarm")
        self.assertEqual(code, 0, errors)
        return output

    def test_round_trip(self):
        """arm sets what it says; disarm puts back exactly what was there, values of other types too"""
        settings = [[], [(CRASH, "CrashDumpEnabled", "REG_DWORD", "7"), (CRASH, "NMICrashDump", "REG_DWORD", "0")],
                    [(CRASH, "CrashDumpEnabled", "REG_SZ", "a word"), (CRASH, "AlwaysKeepMemoryDump", "REG_BINARY", "00ff10"),
                     (KERNEL, "SeTokenLeakDiag", "REG_QWORD", "1")]]
        for values in settings:
            for key, name, kind, data in values:
                WINE.system("reg", "add", key, "/v", name, "/t", kind, "/d", data, "/f")
            before = self.export()
            output = self.arm("--dump=complete")
            self.assertRegex(output, r"armed: yes\n(.*\n)*SeTokenLeakDiag: 1\nCrashDumpEnabled: 1\nNMICrashDump: 1\n"
                                     r"AlwaysKeepMemoryDump: 1\nreboot: needed")
            self.assertNotEqual(self.export(), before)
            self.assertTrue(self.own_key())
            self.assertEqual(WINE.run("probe", "arm")[0], 4, "armed twice would save what is not the host's own")
            self.assertIn("put back", self.disarm())
            self.assertEqual(self.export(), before)
            self.assertFalse(self.own_key())
            self.assertIn("nothing to put back", self.disarm())

    def test_arm_cut_off(self):
        """what an arm that was cut off had saved is not put back by a later disarm"""
        saved = "HKLM\\SOFTWARE\\leaklab\\Armed\\0"
        for name, kind, data in (("KeyThere", "REG_DWORD", "1"), ("Type", "REG_DWORD", "4"), ("Data", "REG_BINARY", "05000000")):
            WINE.system("reg", "add", saved, "/v", name, "/t", kind, "/d", data, "/f")
        before = self.export()
        self.arm()
        self.disarm()
        self.assertEqual(self.export(), before)
        self.assertFalse(self.own_key())

    def kernel(self):
        """What status and a snapshot say of the running kernel; both must say the same."""
        code, output, errors = WINE.run("probe", "status")
        self.assertEqual(code, 0, errors)
        words = re.search(r"^leak tracking: (on|off|unknown)(.*)$", output, re.M)
        snapshot = self.snapshot()
        gaps = [gap["why"] for gap in snapshot["sight"] if gap["section"] == "leak_tracking"]
        self.assertEqual(snapshot.get("leak_tracking"), {"on": True, "off": False, "unknown": None}[words[1]])
        self.assertEqual([words[2]] if words[1] == "unknown" else [], [": " + why for why in gaps])
        return words[1] + words[2], re.search(r"^reboot: (not needed|needed, to be sure|needed)", output, re.M)[1]

    def test_reboot(self):
        """leak tracking is what the kernel read when it started, whatever arm and disarm have set since"""
        WINE.reboot()
        self.assertEqual(self.kernel(), ("off", "not needed"))
        self.assertIn("CrashDumpEnabled: 2\n", self.arm())
        self.addCleanup(WINE.run, "probe", "disarm")
        self.assertEqual(self.kernel(), ("off, until the next boot", "needed"))
        self.disarm()
        self.assertEqual(self.kernel(), ("off", "not needed"))
        self.arm()
        WINE.reboot()
        self.assertEqual(self.kernel(), ("on", "not needed"))
        self.assertEqual(self.snapshot()["crash_dump"], {"kind": 2, "on_nmi": 1, "kept": 1})
        self.assertIn("leak tracking: on, until the next boot", self.disarm())
        self.assertEqual(self.kernel(), ("on, until the next boot", "needed"))
        self.assertFalse(self.own_key())
        self.assertTrue(self.own_key("-boot"))
        WINE.reboot()
        self.assertEqual(self.kernel(), ("off", "not needed"))
        self.assertFalse(self.own_key("-boot"), "it goes by itself")

    def test_other_hands(self):
        """what other hands wrote since the kernel started is not taken for what it does"""
        self.addCleanup(WINE.reboot)
        self.addCleanup(WINE.run, "probe", "disarm")
        WINE.reboot()
        WINE.system("reg", "add", KERNEL, "/v", "SeTokenLeakDiag", "/t", "REG_DWORD", "/d", "1", "/f")
        tracking, reboot = self.kernel()
        self.assertIn("unknown: the kernel reads SeTokenLeakDiag when it starts", tracking)
        self.assertEqual(reboot, "needed, to be sure")
        WINE.reboot()
        self.assertEqual(self.kernel(), ("on", "not needed"))
        WINE.system("reg", "delete", KERNEL, "/v", "SeTokenLeakDiag", "/f")
        self.assertIn("unknown", self.kernel()[0])
        self.arm()
        self.assertIn("unknown", self.kernel()[0], "it is not known better by what leaklab writes")
        self.assertEqual(self.kernel()[1], "needed")
        WINE.reboot()
        WINE.system("reg", "add", KERNEL, "/v", "another", "/t", "REG_DWORD", "/d", "1", "/f")
        self.addCleanup(WINE.system, "reg", "delete", KERNEL, "/v", "another", "/f")
        self.assertEqual(self.kernel(), ("on", "not needed"), "arm set it before")

    def test_old_build(self):
        """a build without leak tracking is told so at arm, and its kernel is never said to track"""
        WINE.be("win2008r2")
        self.addCleanup(WINE.be, "win10")
        code, output, errors = WINE.run("probe", "arm")
        self.addCleanup(WINE.run, "probe", "disarm")
        self.assertEqual(code, 0, errors)
        self.assertIn("build 7601 has no leak tracking", errors)
        self.assertIn("SeTokenLeakDiag is set and does nothing here", errors)
        self.assertEqual(self.kernel(), ("off", "needed"), output)
        WINE.reboot()
        self.assertEqual(self.kernel(), ("off", "not needed"))


class Probe(Case):
    def test_release_handle(self):
        """release closes another process' token handle, and no handle that is none"""
        grabber = self.grabber("--watch", "lab-user.exe", "--copies", 3)
        self.log_on(grabber)
        first, second, third = self.tokens_of(grabber.pid_there)
        target = f"{grabber.pid_there}:{second['value']:#x}"
        self.assertEqual(WINE.run("probe", "release", target)[0], 2, "--lab is needed")
        code, output, errors = WINE.run("probe", "release", "--lab", target)
        self.assertEqual(code, 0, errors)
        self.assertIn(f"closed: process {grabber.pid_there} leaklab-grabber.exe handle {second['value']:#x}; logon session ", output)
        self.assertEqual(self.tokens_of(grabber.pid_there), [first, third])
        code, _, errors = WINE.run("probe", "release", "--lab", target)
        self.assertEqual(code, 4)
        self.assertIn("to a token, process or thread; nothing is closed", errors)
        self.assertEqual(WINE.run("probe", "release", "--lab", f"{grabber.pid_there}:4")[0], 4, "not a token's")
        self.assertEqual(WINE.run("probe", "release", "--lab", "fd2f5")[0], 2)

    def test_release_logon_session(self):
        """release of a LUID closes its holders one by one, and those of no other"""
        grabber = self.grabber("--watch", "lab-user.exe", "--copies", 4)
        self.log_on(grabber)
        code, output, errors = WINE.run("probe", "release", "--lab", "00000000:12345678")
        self.assertIn("0 handles closed", output, errors)
        self.assertIn("is still there", output)  # wine has data for any LUID but 0:0
        self.assertIn("own leads to it", errors)
        self.assertEqual(code, 1)
        self.assertEqual(len(self.tokens_of(grabber.pid_there)), 4)
        luid = self.tokens_of(grabber.pid_there)[0].get("luid", "00000000:00000000")
        code, output, errors = WINE.run("probe", "release", "--lab", luid)
        self.assertEqual(code, 4, "LSA does not say what became of it")
        self.assertIn("does not prove who holds it", errors)
        self.assertEqual(len(re.findall(rf"closed: process {grabber.pid_there} .*; logon session {luid}", output)), 4, output)
        self.assertEqual(self.tokens_of(grabber.pid_there), [])

    def test_own_handles(self):
        """100 snapshots in one process leave its own handle count as it was, and the host's token handles too"""
        before = self.snapshot()
        code, output, errors = WINE.run("probe", "--repeat=100")
        self.assertEqual(code, 0, errors)
        decoder, at, counts, totals = json.JSONDecoder(), 0, [], []
        while at < len(output):
            snapshot, at = decoder.raw_decode(output, at)
            at += 1  # the line's end
            counts += [process["handle_count"] for process in snapshot["processes"]
                       if process.get("image") == "leaklab-probe.exe"]
            totals.append(len(snapshot["handles"]))
        self.assertEqual(len(counts), 100)
        self.assertEqual(counts[0], counts[-1], counts)
        self.assertEqual(set(totals), {len(before["handles"])})

    def test_many_handles(self):
        """300,000 handles and a pipe with a waiting read do not stop it"""
        hoard = self.start("stand-in", "hoard", 300000)
        there = int(read_line(hoard.stdout))
        start = time.monotonic()
        processes = self.snapshot()["processes"]
        took = time.monotonic() - start
        print(f"# a snapshot of 300,000 handles: {took:.2f} s", flush=True)
        count = next(process["handle_count"] for process in processes if process["pid"] == there)
        self.assertGreaterEqual(count, 300000)
        self.end(hoard)

    def test_out_of_sight(self):
        """what wine does not tell is said to be unavailable, and no section of it is there"""
        grabber = self.grabber("--watch", "lab-user.exe")
        self.log_on(grabber)
        snapshot = self.snapshot()
        gaps = {gap["section"]: gap["why"] for gap in snapshot["sight"] if gap["extent"] == "absent"}
        for section in ("sessions", "logon_sessions"):
            self.assertIn("cannot be", gaps[section])
            self.assertNotIn(section, snapshot)
        self.assertIn("handles.luid", gaps)
        self.assertEqual(snapshot["schema"], "leaklab.snapshot/2")
        self.assertGreaterEqual(snapshot["token_objects"]["total"], snapshot["token_objects"]["accounted"])
        self.assertGreaterEqual(snapshot["time"], snapshot["boot_time"])
        self.assertIn((snapshot["observer"]["pid"], "leaklab-probe.exe"),
                      [(process["pid"], process.get("image")) for process in snapshot["processes"]])

    def test_profiles(self):
        """a temporary profile is known by its State in ProfileList; without a State, or a hive that is loaded, it is unknown"""
        users = {"own": "S-1-5-21-1-2-3-1001", "temporary": "S-1-5-21-1-2-3-1002", "not loaded": "S-1-5-21-1-2-3-1003", "no State": "S-1-5-21-1-2-3-1004",
                 "no key": "S-1-5-21-1-2-3-1005"}
        profiles = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
        for name, state in ("own", "0x100"), ("temporary", "0x8a04"), ("not loaded", "0x800"):
            WINE.system("reg", "add", profiles + users[name], "/v", "State", "/t", "REG_DWORD", "/d", state, "/f")
        WINE.system("reg", "add", profiles + users["own"] + ".bak", "/v", "State", "/t", "REG_DWORD", "/d", "0x800", "/f")
        WINE.system("reg", "add", profiles + users["no State"], "/f")
        for name in set(users) - {"not loaded"}:
            WINE.system("reg", "add", "HKU\\" + users[name] + "\\Environment", "/f")
        code, output, errors = WINE.run("profile-of", *users.values(), "S-" + 300 * "1", "")
        self.assertEqual((code, output.split()), (0, ["own", "temporary", "unknown", "unknown", "unknown", "unknown", "unknown"]), errors)

    def test_keys(self):
        """all that the probe writes is a field of snapshots, by the manual that is made of their tables"""
        lists, record = {}, None
        for line in (BUILD / "leaklab-snapshot.5.scd").read_text().replace("\\", "").splitlines():
            if line.startswith("## "):
                record = lists.setdefault(line[3:], set())
            elif record is not None and re.fullmatch(r"\*[a-z_.]+\*", line):
                record.add(line.strip("*"))
        grabber = self.grabber("--watch", "lab-user.exe")
        self.log_on(grabber)
        process = self.grabber("--watch", "lab-user.exe", "--what", "process")
        self.log_on(process)
        snapshot = self.snapshot()
        self.assertIn("target", {key for row in snapshot["handles"] for key in row})
        top = {f"{key}.{inner}" for key, value in snapshot.items() if isinstance(value, dict) for inner in value}
        top |= {key for key, value in snapshot.items() if not isinstance(value, dict)}
        self.assertEqual(top - lists["the snapshot"] - {"schema"}, set())
        for name in ("handles", "processes"):
            keys = {f"{key}.{inner}" for row in snapshot[name] for key, value in row.items() if isinstance(value, dict)
                    for inner in value}
            keys |= {key for row in snapshot[name] for key, value in row.items() if not isinstance(value, dict)}
            self.assertTrue(keys)
            self.assertEqual(keys - lists[name], set(), name)

    def test_analyzer(self):
        """the analyzer reads the snapshot, and understands all handles"""
        grabber = self.grabber("--watch", "lab-user.exe", "--copies", 7)
        self.log_on(grabber)
        path = WINE.folder / "probe snapshot.json"
        code, output, errors = WINE.run("probe", f"--output=Z:{path}")
        self.assertEqual((code, output), (0, ""), errors)
        shown = subprocess.run([ANALYZER, "show", "--format", "json", path], capture_output=True, timeout=LONGEST)
        self.assertEqual(shown.returncode, 0, shown.stderr.decode())
        understood, written = json.loads(shown.stdout), json.loads(path.read_bytes())
        for key in ("handles", "processes", "token_objects", "host", "build", "boot_time", "time", "leak_tracking"):
            self.assertEqual(understood.get(key), written.get(key))
        self.assertEqual(len([handle for handle in understood["handles"] if handle["pid"] == grabber.pid_there]), 7)

    def test_logoff_of_no_session(self):
        """logoff ends nothing where no session is the one that is meant, and says so"""
        logon = "--logon=2026-11-30T09:30:00Z"
        code, output, errors = WINE.run("probe", "logoff", "--user=nobody-here", "--domain=LAB", logon, "--session=7")
        self.assertEqual((code, output), (4, ""))
        self.assertIn("nothing was logged off", errors)
        for wrong in (["--user=x"], [logon], ["--user=x", "--logon=2026-11-30T09:30"], ["--user=x", logon, "--session=7x"]):
            code, output, errors = WINE.run("probe", "logoff", *wrong)
            self.assertEqual((code, output), (2, ""), errors)


class Files(Case):
    def test_usage(self):
        """--help teaches; wrong words are refused with exit code 2, and nothing leaks without --lab"""
        for name in ("grabber", "probe"):
            code, output, _ = WINE.run(name, "--help")
            self.assertEqual(code, 0)
            self.assertIn("Example", output)
            self.assertRegex(WINE.run(name, "--version")[1], r"^leaklab-\w+ \d+\.\d+\.\d+ \([^)]+\)\n$")
            self.assertEqual(WINE.run(name, "--nonsense")[0], 2)
        self.assertIn("--lab", WINE.run("grabber", "--watch", "lab-user.exe")[2])
        for wrong in ("a\"b", "a\\"):
            self.assertEqual(WINE.run("grabber", "--install-service", "--lab", "--watch", wrong)[0], 2, wrong)
        for wrong in (["arm", "--repeat=2"], ["status", "--dump=kernel"], ["--repeat=0"], ["--repeat=2", "--output=two.json"],
                      ["nonsense"], ["release"], ["status", "1"]):
            self.assertEqual(WINE.run("probe", *wrong)[0], 2, wrong)

    def test_manual(self):
        """the commands of the manual for real hosts work in their order"""
        text = (ROOT / "scenarios" / "leaklab-real-host.7.scd").read_text().replace("\\\\", "\\")
        self.addCleanup(WINE.run, "probe", "disarm")
        self.addCleanup(WINE.run, "grabber", "--uninstall-service")
        named, logged = set(), 0
        for program, arguments in re.findall(r"^(C:\\leaklab\\\S+|sc\.exe)(.*)$", text, re.M):
            named.add(program)
            if program == "sc.exe":
                control, service, what = arguments.split()
                self.assertEqual(control, "control")
                self.assertEqual(WINE.run("stand-in", what, service)[0], 0, arguments)
                logged = self.log("released", logged)
                continue
            name = re.fullmatch(r"C:\\leaklab\\leaklab-(probe|grabber)\.exe", program)[1]
            code, _, errors = WINE.run(name, *arguments.split())
            self.assertEqual(code, 0, f"{name} {arguments}: {errors}")
        self.assertEqual(len(named), 3, named)

    def test_files(self):
        """single files for Server 2008 R2: its own DLLs only, no time stamp, a version"""
        system = {"advapi32", "kernel32", "msvcrt", "ntdll", "secur32", "user32", "version", "wtsapi32"}
        for name in ("grabber", "probe"):
            data = PROGRAMS[name].read_bytes()
            pe = struct.unpack_from("<I", data, 0x3C)[0]
            self.assertEqual(data[pe:pe + 4], b"PE\0\0")
            self.assertEqual(struct.unpack_from("<I", data, pe + 8)[0], 0, "time stamp")
            major, minor = struct.unpack_from("<HH", data, pe + 24 + 48)  # MajorSubsystemVersion
            self.assertLessEqual((major, minor), (6, 1))
            imports = {name.decode().lower() for name in re.findall(rb"([A-Za-z0-9_-]+)\.dll\0", data)}
            self.assertLessEqual(imports, system)
            self.assertIn("ProductVersion".encode("utf-16-le"), data)


if __name__ == "__main__":
    tap.main()
