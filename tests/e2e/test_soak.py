"""The kit leaks nothing itself, and a driver that is killed loses nothing: the short form of tests/bench/soak."""
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


if __name__ == "__main__":
    tap.main()
