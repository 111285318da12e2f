"""Runs with a fix against runs without it."""
import json

import leaklab
import tap


class Validation(leaklab.Case):
    def play(self, name, scenario):
        path = self.folder / name
        done = self.run_program("driver", "run", leaklab.SCENARIOS / f"{scenario}.yaml", "-o", path, "--set", "load.cycles=50")
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def test_fix_is_told_from_no_fix(self):
        old = [self.play(f"old-{n}", "ms16-111") for n in range(3)]
        new = [self.play(f"new-{n}", "ms16-111-fixed") for n in range(3)]
        done = self.run_program("analyzer", "judge", *new, "--against", *old, code=0)
        self.assertIn("the fix: fixed", done.stdout)
        told = json.loads(self.run_program("analyzer", "judge", "--format", "json", *new, "--against", *old, code=0).stdout)
        self.assertEqual(told["schema"], "leaklab.validation/1")
        self.assertEqual(told["validation"], "fixed")
        self.assertEqual(told["with_fix"]["k"], 0)
        self.assertAlmostEqual(told["effect"]["p"], 1 / 20)
        done = self.run_program("analyzer", "judge", *old, "--against", *old, code=2)
        self.assertIn("are the same run", done.stderr)
        done = self.run_program("analyzer", "judge", new[0], "--against", old[0], code=0)
        self.assertIn("would overturn this", done.stdout)
        done = self.run_program("analyzer", "judge", old[0], "--against", new[0], code=1)
        self.assertIn("the fix: worse", done.stdout)

    def test_against_wants_runs_on_both_sides(self):
        done = self.run_program("analyzer", "judge", "one", "--against", code=2)
        self.assertIn("--against", done.stderr)
        done = self.run_program("analyzer", "judge", "one", "two", code=2)
        self.assertIn("--against", done.stderr)


if __name__ == "__main__":
    tap.main()
