"""Knows the student's own lab: its folder, who else is in it, the lab host, and that all that was started in it ends with it."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import lesson

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
SOCKET_PATH_MOST = 107  # sun_path of unix(7), less its end
PRINTS_MOST = 1 << 20
libc = ctypes.CDLL(None)


class Refusal(Exception):
    def __init__(self, text, code=2):
        super().__init__(text)
        self.code = code


def default_folder():
    state = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state"
    return pathlib.Path(state) / "leaklab" / "course"


def programs_folder():
    """Where the programs are: beside the source in build/, else where this is installed, else on the PATH."""
    beside = [pathlib.Path(os.environ["LEAKLAB_BUILD"])] if os.environ.get("LEAKLAB_BUILD") else []
    beside += [lesson.FOLDER.parent.parent / "build", lesson.FOLDER.parent.parent.parent / "bin"]
    for folder in beside:
        if (folder / "leaklab-labhost").exists():
            return folder.resolve()
    found = shutil.which("leaklab-labhost")
    if not found:
        raise Refusal("there is no leaklab-labhost: run scenarios/build, or install the package leaklab-lab", 4)
    return pathlib.Path(found).parent


def ci_folder():
    """Where fix-gate is, in the source, with the course, or among the examples of the package leaklab-driver."""
    for folder in (lesson.FOLDER.parent / "ci", lesson.FOLDER, pathlib.Path("/usr/share/doc/leaklab-driver/examples/ci")):
        if (folder / "fix-gate").exists():
            return folder
    return lesson.FOLDER


def children(parent):
    """PIDs. With PR_SET_CHILD_SUBREAPER also of all that their parents left behind."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Lab:
    """One at a time in a folder. A context: what was started in it is ended with it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).absolute()
        self.work = self.folder / "work"  # where commands are typed
        self.process = None
        self.lock = None
        self.environment = dict(os.environ)

    def __enter__(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.lock = open(self.folder / "lock", "a+", encoding="ascii")
        except OSError as error:
            raise Refusal(f"folder {self.folder}: {error.strerror}; choose another one with --dir", 4) from error
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.lock.seek(0)
            raise Refusal(f"a lesson is being played in {self.folder}, by process {self.lock.read().strip() or '?'}: "
                          "end that one first, or give this one a folder of its own with --dir") from error
        self.lock.truncate(0)
        self.lock.write(f"{os.getpid()}\n")
        self.lock.flush()
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
        return self

    def __exit__(self, *_):
        self.end()
        self.lock.close()

    def begin(self, command):
        """A new lab host, if the lesson has one, and an empty folder to type in."""
        self.end()
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.rmtree(self.folder / "lab", ignore_errors=True)
        self.work.mkdir()
        path = os.pathsep.join(map(str, [programs_folder(), lesson.FOLDER, ci_folder(), os.environ.get("PATH", "")]))
        self.environment = {**os.environ, "PATH": path, "XDG_STATE_HOME": str(self.folder / "state"), "COURSE": str(lesson.FOLDER)}
        if command:
            self.start(command)

    def start(self, command):
        control = self.folder / "lab" / "control.sock"
        if len(os.fsencode(control)) > SOCKET_PATH_MOST:
            raise Refusal(f"the name of the folder {self.folder} is too long for a socket in it; choose another one with --dir", 4)
        errors = open(self.folder / "labhost.log", "w", encoding="utf-8")
        with errors:
            self.process = subprocess.Popen([*shlex.split(command), "--dir", str(control.parent)], cwd=self.work, env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                                            start_new_session=True, preexec_fn=end_with_parent)
        for line in self.process.stdout:
            name, _, value = line.strip().partition("=")
            if name == "ready":
                return
            self.environment[f"LAB_{name.upper()}"] = value
        raise Refusal("the lab host did not start: " + (self.folder / "labhost.log").read_text().strip(), 4)

    def end(self):
        """First the host, which logs everybody off, then what was typed into the background."""
        if self.process:
            self.stop([self.process.pid])
            self.process.stdout.close()
            self.process = None
        self.stop(children(os.getpid()))

    def stop(self, pids):
        for signal_number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal_number)
            end = time.monotonic() + seconds
            while pids and time.monotonic() < end:
                pids = [pid for pid in pids if not self.reaped(pid)]
                time.sleep(0.02)

    def reaped(self, pid):
        if self.process and pid == self.process.pid:
            return self.process.poll() is not None
        try:
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            return True

    def gone(self):
        return self.process is not None and self.process.poll() is not None

    def type(self, command):
        """What the shell makes of it: exit code and output, which ends with the shell, not with what that left in the background."""
        with tempfile.TemporaryFile() as printed:  # one each: what stays in the background may go on writing
            shell = subprocess.Popen(["sh", "-c", command], cwd=self.work, env=self.environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
                                     start_new_session=True)  # Ctrl-C is for the command, not for those who are logged on
            try:
                while self.runs(shell) and os.fstat(printed.fileno()).st_size <= PRINTS_MOST:
                    pass
            except KeyboardInterrupt:
                print()
            if shell.returncode is None:
                self.stop_shell(shell)
            printed.seek(0)
            return shell.returncode, printed.read(PRINTS_MOST).decode("utf-8", "replace").replace("\r", "")

    def runs(self, shell):
        with contextlib.suppress(subprocess.TimeoutExpired):
            shell.wait(timeout=0.2)
        return shell.returncode is None

    def stop_shell(self, shell):
        """It, and those that it waits for."""
        for pid in [shell.pid, *children(shell.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        shell.wait()

    def session(self, user):
        """(ID, state) of the user's session; None: there is none."""
        try:
            done = subprocess.run(["leaklab-labhost", "show", "qwinsta"], env=self.environment, capture_output=True, text=True, check=False)
        except OSError as error:  # it is being built or installed just now
            raise Refusal(f"leaklab-labhost cannot be run any more ({error.strerror}): begin the lesson again once it can", 4) from error
        for line in done.stdout.splitlines():
            words = line.split()
            if user in words[:2]:
                place = words.index(user)
                return words[place + 1], words[place + 2]
        return None
