"""Servers of a test's own, on loopback, ended by their process IDs: Slurm as root on one machine, and sshd."""
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

SLURM = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue")
SSH = ("sshd", "ssh", "ssh-keygen", "parallel", "rsync")
READY_SECONDS = 60


def find(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def why_not(programs):
    """Why it cannot run here; empty if it can."""
    missing = [name for name in programs if not find(name)]
    if missing:
        return "not installed: " + ", ".join(missing)
    return "" if os.geteuid() == 0 else "needs root"


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Server:
    """Some processes in a folder, with a log each."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(mode=0o711)
        self.processes = []

    def start(self, program, *arguments, env=None):
        with open(self.folder / f"{program}.log", "wb") as log:
            self.processes.append(subprocess.Popen([find(program), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                   env={**os.environ, **(env or {})}))

    def wait_until(self, ready):
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if time.monotonic() > deadline or any(process.poll() is not None for process in self.processes):
                self.stop()
                raise AssertionError(f"not ready:\n{self.log()}")
            time.sleep(0.05)

    def log(self):
        return "".join(f"{path.name}: {path.read_text(errors='replace')}" for path in sorted(self.folder.glob("*.log")))

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


CONF = """ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CryptoType=crypto/munge
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
KillWait=5
ReturnToService=2
MailProg=/bin/true
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=16 State=UNKNOWN
PartitionName=p Nodes={host} Default=YES State=UP OverSubscribe=NO
"""


class Slurm(Server):
    """Controller and one node of 16 processors. env: what its clients need."""

    def __init__(self, folder):
        super().__init__(folder, "slurm")
        host = socket.gethostname().partition(".")[0]
        controller, node = free_ports(2)
        for name in "state", "spool":
            (self.folder / name).mkdir()
        key = self.folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        conf = self.folder / "slurm.conf"
        conf.write_text(CONF.format(host=host, folder=self.folder, controller=controller, node=node))
        self.env = {"SLURM_CONF": str(conf)}
        # --force: it accepts who owns its folder, and above
        self.start("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket",
                   f"--pid-file={self.folder}/munged.pid", f"--seed-file={self.folder}/seed", f"--log-file={self.folder}/munge.log")
        self.wait_until((self.folder / "munge.socket").exists)
        self.start("slurmctld", "-D", "-c", env=self.env)
        self.start("slurmd", "-D", "-N", host, env=self.env)
        self.wait_until(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"))

    def ask(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **self.env}, timeout=60)
        return done.stdout + done.stderr


class Ssh(Server):
    """sshd with a key of its own, and one for whoever logs on. Its machines are names for it, in config. path: where logons find programs."""

    def __init__(self, folder, machines, path):
        super().__init__(folder, "ssh")
        [port] = free_ports(1)
        for name in "host", "user":
            subprocess.run([find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        known = self.folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {(self.folder / 'host.pub').read_text()}")
        (self.folder / "sshd_config").write_text(f"""ListenAddress 127.0.0.1:{port}
HostKey {self.folder}/host
AuthorizedKeysFile {self.folder}/user.pub
PidFile {self.folder}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
MaxStartups 100
SetEnv PATH={path} HOME={self.folder}
""")
        self.config = self.folder / "config"
        self.config.write_text(f"""Host {' '.join(machines)}
  HostName 127.0.0.1
  Port {port}
  User {getpass.getuser()}
  IdentityFile {self.folder}/user
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {known}
  GlobalKnownHostsFile /dev/null
""")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # where sshd separates privileges; Debian's service makes it
        self.start("sshd", "-D", "-e", "-f", self.folder / "sshd_config")
        self.wait_until(lambda: "listening" in self.log())
