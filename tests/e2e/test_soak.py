"""The kit leaks nothing itself, a driver that is killed loses nothing (the short form of tests/bench/soak), and a machine that is too slow says
so: with nothing else beside."""
import os
import subprocess
import sys

import leaklab
import soak
import tap


class Kit(soak.Soak):
    def check(self, cycles, failing=False):
        for who, ((memory, descriptors), (later, more)) in self.grow(cycles, failing).items():
            self.assertLess(later - memory, soak.MEMORY, who)
            self.assertLessEqual(more - descriptors, soak.DESCRIPTORS, who)

    def test_thousand_cycles_leave_memory_and_descriptors_as_they_were(self):
        self.check(1000)

    def test_cycles_that_fail_leave_memory_and_descriptors_as_they_were(self):
        self.check(400, failing=True)

    def test_twenty_kills_lose_no_cycle_damage_no_file_and_leave_nothing(self):
        self.assertEqual(self.kill(20), [])


class Machine(leaklab.Case):
    def test_machine_that_is_too_slow_for_its_load_says_so(self):
        """logons beside others that take the processor: the wait for it is no part of the latencies, and is reported as the bottleneck"""
        mine = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, mine)
        os.sched_setaffinity(0, {max(mine)})
        lab = self.lab()
        os.sched_setaffinity(0, {min(mine)})
        for _ in range(12):
            other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            self.addCleanup(other.wait)
            self.addCleanup(other.kill)
        done = self.drive(self.scenario(lab, load={"slots": 4, "cycles": 60}, connect={"timeout": "30s"}))
        self.assertIn("this machine's processors are the bottleneck", done.stderr)
        [(phases, span)] = self.query("select sum(tcp_ms + tls_ms + nla_ms + activated_ms + logon_ms) / 1000, sum((julianday(logged_on) - julianday(started)) * 86400) "
                                      "from cycles where kind = 'load'")
        self.assertLess(phases, 0.8 * span)


if __name__ == "__main__":
    tap.main()
