"""An xrdp of the suite's own, as root, in namespaces of its own: no file of the machine is changed, nothing stays.

The accounts, the PAM service and xrdp's configuration are files of the suite, laid over the machine's where only
these processes see them. The port is the machine's, on loopback: the driver connects from outside.
"""
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ("xrdp", "xrdp-sesman", "Xorg", "xauth", "unshare", "mount", "umount", "openssl")
XORG_MODULE = "modules/libxorgxrdp.so"
FIRST_UID = 59901  # at the upper end of Debian's range for people
# First display number; at most 63 in xrdp 0.10. Other X servers are out of sight but for their abstract sockets, which
# belong to the network: ours have none, so that two of these suites can run at once.
DISPLAY_OFFSET = 40
NAMESPACES = ("--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation")
READY_SECONDS = 20

XRDP_INI = """\
[Globals]
ini_version=1
fork=true
port=tcp://127.0.0.1:{port}
security_layer=tls
certificate=/run/stage/cert.pem
key_file=/run/stage/key.pem
allow_channels=false
max_bpp=32

[Logging]
LogFile=/run/stage/xrdp.log
LogLevel=INFO
EnableSyslog=false

[Xorg]
name=Xorg
lib=libxup.so
username=ask
password=ask
{where}
code=20
"""

SESMAN_INI = """\
[Globals]
{where}
EnableUserWindowManager=false
DefaultWindowManager=startwm.sh
ReconnectScript=reconnectwm.sh

[Security]
AllowRootLogin=false
AllowAlternateShell=true
MaxLoginRetry=4
AlwaysGroupCheck=false

[Sessions]
X11DisplayOffset={display}
MaxSessions=50
KillDisconnected=false
Policy=Default

[Logging]
LogFile=/run/stage/sesman.log
LogLevel=INFO
EnableSyslog=false

[Xorg]
param={xorg}
param=-config
param=xrdp/xorg.conf
param=-noreset
param=-nolisten
param=tcp
param=-nolisten
param=local
param=-logfile
param=.xorgxrdp.%s.log

[Chansrv]
EnableFuseMount=false
"""

PAM_SERVICE = """\
auth required pam_unix.so nodelay
account required pam_unix.so
session required pam_unix.so
password required pam_deny.so
"""


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def xorg_itself():
    """The Xorg program, not Debian's wrapper, which wants a console."""
    for path in ("/usr/lib/xorg/Xorg", "/usr/libexec/Xorg"):
        if os.access(path, os.X_OK):
            return path
    return find("Xorg")


def probe_namespaces():
    """Returns the words that make the namespaces, and why there are none.

    In a chroot whose root is no mount point the mounts cannot be made private; mostly they are so already.
    """
    why = ""
    for propagation in ("private", "unchanged"):
        words = [find("unshare"), *NAMESPACES, propagation]
        with tempfile.TemporaryDirectory() as folder:
            tried = subprocess.run([*words, find("mount"), "-t", "tmpfs", "tmpfs", folder],
                                   capture_output=True, text=True)
            if os.path.ismount(folder):
                subprocess.run([find("umount"), folder], check=True)
                why += "; a mount in a namespace reaches the machine"
            elif tried.returncode == 0:
                return words, ""
            else:
                why += "; " + tried.stderr.strip()
    return None, "no namespaces here" + why


def why_not():
    """Why the suite cannot run here; empty if it can."""
    if os.geteuid() != 0:
        return "needs root, for accounts of its own in a mount namespace"
    missing = [program for program in PROGRAMS if not find(program)]
    if missing:
        return "not installed: " + ", ".join(missing)
    if not (pathlib.Path(xorg_itself()).parent / XORG_MODULE).exists():
        return "not installed: xorgxrdp"
    return probe_namespaces()[1]


def version():
    said = subprocess.run([find("xrdp"), "--version"], capture_output=True, text=True)
    found = re.search(r"xrdp (\d+)\.(\d+)", said.stdout + said.stderr)
    return (int(found[1]), int(found[2])) if found else (0, 10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Asks the kernel, on any address: xrdp would count a connection, and sesman turns 127.0.0.1 into ::1."""
    listening = "0A"  # TCP_LISTEN in /proc/net/tcp
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            for line in pathlib.Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                    return True
    return False


class Server:
    """Started by the constructor, ended by stop(), or by the death of this process."""

    def __init__(self, folder, accounts=5):
        self.folder = pathlib.Path(folder) / "xrdp"
        self.folder.mkdir(mode=0o700)
        self.port = free_port()
        self.accounts = [(f"leaklab{number}", secrets.token_hex(12)) for number in range(1, accounts + 1)]
        self.certificate = self._make_certificate()
        self._write_configuration()
        self._write_accounts()
        self.process = subprocess.Popen(
            [*probe_namespaces()[0], "/bin/sh", str(HERE / "world.sh"), str(self.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"})
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _write(self, name, text, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=mode)
        path.write_text(text)
        return path

    def _make_certificate(self):
        """Returns the pin."""
        key, pem = self._write("key.pem", "", 0o600), self.folder / "cert.pem"
        subprocess.run([find("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", pem], check=True, capture_output=True)
        said = subprocess.run([find("openssl"), "x509", "-in", pem, "-noout", "-fingerprint", "-sha256"],
                              check=True, capture_output=True, text=True).stdout
        return "sha256:" + said.partition("=")[2].strip().replace(":", "").lower()

    def _write_configuration(self):
        # xrdp 0.9 reaches sesman and the X server by TCP ports and "ip" entries, 0.10 by Unix sockets in /run/xrdp.
        old = version() < (0, 10)
        self.sesman_port = free_port() if old else None
        shutil.copytree("/etc/xrdp", self.folder / "etc/xrdp", symlinks=True)  # key maps
        self._write("etc/xrdp/xrdp.ini", XRDP_INI.format(
            port=self.port, where="ip=127.0.0.1\nport=-1" if old else "port=-1"))
        self._write("etc/xrdp/sesman.ini", SESMAN_INI.format(
            where=f"ListenAddress=127.0.0.1\nListenPort={self.sesman_port}" if old else "ListenPort=sesman.socket",
            display=DISPLAY_OFFSET, xorg=xorg_itself()))
        self._write("etc/xrdp/startwm.sh", "#!/bin/sh\nexec sleep 3600\n").chmod(0o755)
        self._write("etc/pam.d/xrdp-sesman", PAM_SERVICE)

    def _write_accounts(self):
        passwd, group, shadow, csv = ["root:x:0:0:root:/root:/bin/sh"], ["root:x:0:"], ["root:*:19000::::::"], []
        for uid, (user, password) in enumerate(self.accounts, FIRST_UID):
            hashed = subprocess.run([find("openssl"), "passwd", "-6", "-stdin"], input=password, check=True,
                                    capture_output=True, text=True).stdout.strip()
            passwd.append(f"{user}:x:{uid}:{uid}::/run/home/{user}:/bin/sh")
            group.append(f"{user}:x:{uid}:")
            shadow.append(f"{user}:{hashed}:19000:0:99999:7:::")
            csv.append(f"{user},,{password}")
            home = self.folder / "home" / user
            home.mkdir(parents=True)
            os.chown(home, uid, uid)
        self._write("etc/passwd", "\n".join(passwd) + "\n")
        self._write("etc/group", "\n".join(group) + "\n")
        self._write("etc/shadow", "\n".join(shadow) + "\n", 0o600)
        self.csv = self._write("accounts.csv", "\n".join(csv) + "\n", 0o600)

    def _wait_until_ready(self):
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError("the namespaces could not be set up: " + self.process.stderr.read())
        deadline = time.monotonic() + READY_SECONDS
        while not (listens(self.port) and self._sesman_listens()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError("xrdp did not start:\n" + self.logs())
            time.sleep(0.05)

    def _sesman_listens(self):
        if self.sesman_port:
            return listens(self.sesman_port)
        return any(pathlib.Path(f"/proc/{self.process.pid}/root/run/xrdp").glob("**/sesman.socket"))

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def log(self, name):
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self):
        return "".join(map(self.log, ("sesman.out", "sesman.log", "xrdp.out", "xrdp.log")))

    def displays(self):
        """The display numbers that sesman gave, in their order."""
        started = re.findall(r"[Ss]tarting X server on display :?(\d+)", self.log("sesman.log"))
        return [int(number) for number in started]

    def observer(self):
        return f"exec {sys.executable} {HERE / 'snapshot.py'} {self.process.pid} {self.folder / 'etc/passwd'}"

    def stop(self):
        """Closing its standard input ends the first process in the namespaces, and the kernel all others."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()  # --kill-child: takes the namespaces along
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
