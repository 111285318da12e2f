"""Every fault at every step of a connection: what the cycle that meets it comes to, in what time, and what it costs the others of its
worker. One row and one column are a test; tests/bench/faults plays all and prints the table."""
import concurrent.futures
import dataclasses
import pathlib
import tempfile

import faults
import leaklab

ACTIONS = ("black hole", "reset", "close", "half close", "flip", "garbage", "again", "trickle", "rate", "delay")
# Bytes from the host: before its first, in X.224, TLS, CredSSP, MCS, licensing, capabilities, the logon, and the session.
OFFSETS = (0, 10, 19, 60, 800, 1450, 1700, 1900, 2100, 2300, 2500, 2700, 2950, 3150)
SLOTS = (1, 2, 4)
TIMEOUT = 1.5  # seconds, of each of connect, logon and logoff
SLACK = 0.5
PHASES = ("tcp", "tls", "nla", "activated", "logon", "hold", "logoff")


@dataclasses.dataclass
class Cell:
    action: str
    offset: int
    slots: int
    delivered: int = 0
    result: str = "-"  # of the cycle that met it
    phase: str = "-"
    code: str = "-"
    seconds: float = 0.0  # of the phase in which it ended
    hung: bool = False
    lost: int = 0  # cycles, with their worker
    others: int = 0  # cycles that the fault was not meant for, and that did not log off

    def is_good(self):
        return bool(self.delivered) and not self.hung and not self.lost and not self.others and self.result != "-"


class Lane(leaklab.Case):
    """One cell after the other, with a lab host of its own. Not a test by itself."""

    def runTest(self):
        pass

    def open(self):
        self.setUp()
        self.host = self.lab("--accounts", "4", "--shell-seconds", "0.3", "--lockout", "0")
        return self

    def play(self, action, offset, slots):
        cell = Cell(action, offset, slots)
        fault = faults.Fault(action, offset, seconds=8 * TIMEOUT)
        proxy = faults.Proxy(self.host.port, *[None] * slots, fault, None)
        seconds = f"{TIMEOUT}s"
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        scenario = self.scenario(self.host, host={"address": proxy.address}, load={"slots": slots, "cycles": 2 * slots + 1, "workers": 1},
                                 connect={"timeout": seconds}, logon={"timeout": seconds}, logoff={"timeout": seconds},
                                 limits={"failures": 1000})
        self.run_file = folder / "run.leaklab"
        try:
            self.run_program("driver", "run", scenario, "-o", self.run_file, env={"XDG_STATE_HOME": str(folder)})
        finally:
            proxy.close()
        cell.delivered = fault.delivered
        self.tell(cell)
        return cell

    def tell(self, cell):
        """The cycle that met the fault is the one that went wrong; where none did, the one that took longest."""
        columns = ", ".join(f"coalesce({phase}_ms, 0) / 1000" for phase in PHASES)
        cycles = self.query(f"select result, failed_phase, code, (julianday(ended) - julianday(started)) * 86400, {columns} from cycles "
                            "where kind = 'load' order by result = 'logged-off', 4 desc")
        cell.result, phase, code, seconds, *phases = cycles[0]
        cell.phase, cell.code = phase or "-", code or "-"
        group = PHASES.index(phase) if phase else len(PHASES) - 1
        before = sum(phases[:4 if group == 4 else 5]) if group >= 4 else 0  # of connect, logon and logoff one has its time-out; hold is the logoff, too
        cell.seconds = seconds - before
        cell.hung = cell.seconds > TIMEOUT + SLACK
        cell.lost = sum(cycle[0] == "lost" for cycle in cycles)
        cell.others = sum(cycle[0] != "logged-off" for cycle in cycles[1:])

    def close(self):
        self.doCleanups()


def play(cells, at_once, told=lambda cell: None):
    """Plays all (action, offset, slots), so many at once. Returns them as Cell, in their order."""
    lanes = [Lane().open() for _ in range(at_once)]
    free = list(lanes)

    def one(cell):
        lane = free.pop()
        try:
            done = lane.play(*cell)
            told(done)
            return done
        finally:
            free.append(lane)

    try:
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(one, cells))
    finally:
        for lane in lanes:
            lane.close()
