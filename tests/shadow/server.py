"""FreeRDP's shadow server on an Xvfb of its own: a second NLA peer, on loopback. Needs no rights."""
import hashlib
import os
import pathlib
import secrets
import select
import shutil
import signal
import socket
import ssl
import subprocess
import time

from ntlm import nt_hash

SERVERS = ("freerdp-shadow-cli3", "freerdp-shadow-cli")
READY_SECONDS = 20


def find_server():
    return next(filter(None, map(shutil.which, SERVERS)), None)


def why_not():
    """Why the suite cannot run here; empty if it can."""
    missing = [name for name, path in ((SERVERS[0], find_server()), ("Xvfb", shutil.which("Xvfb"))) if not path]
    return "not installed: " + ", ".join(missing) if missing else ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Started by the constructor, ended by stop()."""

    def __init__(self, folder, accounts=4):
        self.folder = pathlib.Path(folder) / "shadow"
        self.folder.mkdir(mode=0o700)
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.accounts = [(f"lab{number}", secrets.token_hex(12)) for number in range(1, accounts + 1)]
        self.csv = self._write("accounts.csv", (f"{user},,{password}" for user, password in self.accounts))
        sam = self._write("sam", (f"{user}:::{nt_hash(password)}:::" for user, password in self.accounts))
        self.processes = []
        try:
            display = self._start_display()
            self.process = self._start([
                find_server(), f"/port:{self.port}", "/bind-address:127.0.0.1", "/sec:nla", f"/sam-file:{sam}"],
                env={**os.environ, "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / ".config"),
                     "DISPLAY": f":{display}"})
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _write(self, name, lines):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def _start(self, words, **more):
        with open(self.folder / f"{pathlib.Path(words[0]).name}.log", "wb") as log:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more)
        self.processes.append(process)
        return process

    def _start_display(self):
        """Xvfb chooses a free display number and tells it. With its resets the shadow server, which looks at the display
        and comes again, would be turned away at times."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as told:
            self._start([shutil.which("Xvfb"), "-displayfd", str(writing), "-screen", "0", "800x600x24", "-noreset",
                         "-nolisten", "tcp", "-nolisten", "unix"], pass_fds=[writing])
            os.close(writing)
            if not select.select([told], [], [], READY_SECONDS)[0]:
                raise AssertionError("Xvfb did not start:\n" + self.log())
            return told.readline().strip()

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise AssertionError("the shadow server did not start:\n" + self.log()) from None
                time.sleep(0.05)

    @property
    def pin(self):
        """Of the certificate that the server made for itself."""
        text = next((self.folder / ".config").rglob("shadow.crt")).read_text()
        end = "-----END CERTIFICATE-----"
        pem = text[text.index("-----BEGIN CERTIFICATE-----"):text.index(end)] + end
        return "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
