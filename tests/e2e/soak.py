"""Long loads, and drivers that are killed: what they cost the driver and the lab host, and what is lost. Short ones are tests;
tests/bench/soak plays long ones and prints the table."""
import os
import pathlib
import random
import sqlite3
import time

import faults
import leaklab

SLOTS = 4
# What cycles under way may differ by: some ten descriptors and three megabytes each.
DESCRIPTORS, MEMORY = 10 * SLOTS, 3 * SLOTS


def family(process):
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [process.pid, *map(int, children)]


def memory_of(pids):
    """MiB, shared pages counted once."""
    lines = (line.split() for pid in pids for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    return sum(int(words[1]) for words in lines if words[0] == "Pss:") / 1024


def descriptors_of(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def runs(pid):
    """One that has ended and that nobody has asked for yet does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Soak(leaklab.Case):
    """Not a test by itself."""

    def runTest(self):
        pass

    def grow(self, cycles, failing=False):
        """Plays so many cycles. Returns, for driver and lab host, memory and descriptors after a quarter, when each
        slot has had its sessions for long, and at three quarters."""
        lab = self.lab("--accounts", "8", "--time-scale", "0.0001", "--lockout", "0")
        load = {"slots": SLOTS, "cycles": cycles}
        if failing:  # in NLA, before the password was presented
            proxy = faults.Proxy(lab.port, *[None] * SLOTS, faults.Fault("close", 1600))
            self.addCleanup(proxy.close)
            scenario = self.scenario(lab, host={"address": proxy.address}, load=load, limits={"failures": 10 * cycles})
        else:
            scenario = self.scenario(lab, load=load)
        process = self.start_driver(scenario)
        figures = []
        for count in cycles // 4, cycles // 2:
            self.wait_for(process, "cycle", count)
            figures.append([self.least(process, pids) for pids in (family(process), [lab.process.pid])])
        process.communicate()
        early, late = figures
        return {"driver": (early[0], late[0]), "lab host": (early[1], late[1])}

    def least(self, process, pids):
        """Memory and descriptors, the least of some moments: what cycles under way have comes and goes."""
        readings = []
        for _ in range(5):
            readings.append((memory_of(pids), descriptors_of(pids)))
            self.wait_for(process, "cycle", 2)
        return tuple(map(min, zip(*readings)))

    def kill(self, times):
        """Kills a driver so many times in the middle of its load, at any moment. Returns what went wrong; empty: nothing did."""
        wrong = []
        lab = self.lab("--accounts", "8", "--shell-seconds", "0.02")
        chance = random.Random(times)
        for kill in range(times):
            process = self.start_driver(self.scenario(lab, load={"slots": SLOTS, "cycles": 100000}))
            self.wait_for(process, "cycle", chance.randint(1, 20))
            time.sleep(chance.random() / 20)
            pids = family(process)
            process.kill()
            rest, _ = process.communicate()
            finished = rest.count('"event":"cycle"')
            wrong += [f"kill {kill}: {what}" for what in self.after_kill(lab, pids, finished)]
            for path in self.folder.glob("run.leaklab*"):
                path.unlink()
        return wrong

    def after_kill(self, lab, pids, told):
        connection = sqlite3.connect(self.run_file)
        try:
            [(sound,)] = connection.execute("pragma integrity_check").fetchall()
            [(finished,)] = connection.execute("select count(*) from cycles where result = 'logged-off'").fetchall()
        finally:
            connection.close()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and ("lab0" in lab.show("qwinsta") or any(map(runs, pids))):
            time.sleep(0.02)
        if sound != "ok":
            yield f"the run file is damaged: {sound}"
        if finished < told:
            yield f"{told} cycles were reported, {finished} are in the run file"
        if "lab0" in lab.show("qwinsta"):
            yield "a session is left"
        if any(map(runs, pids)):
            yield "a process is left"
