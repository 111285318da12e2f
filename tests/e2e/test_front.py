"""leaklab is the one command: it finds the program that plays a verb, and helps who mistypes one."""
import pathlib
import re
import subprocess

import leaklab
import tap

VERBS = ["check", "run", "judge", "show", "compare", "dump", "bundle", "refusals"]


class Front(leaklab.Case):
    def front(self, *arguments, code=0):
        done = subprocess.run([leaklab.BUILD / "leaklab", *arguments], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_help_lists_every_verb_on_one_screen(self):
        text = self.front("--help").stdout
        for verb in VERBS:
            self.assertRegex(text, rf"(?m)^  {verb} ")
        self.assertLessEqual(len(text.splitlines()), 25)
        self.assertEqual(self.front("help").stdout, text)
        self.assertEqual(self.front(code=2).stderr, text)

    def test_verb_has_its_help_in_the_words_of_the_one_command(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                text = self.front(verb, "--help").stdout
                self.assertIn(f"Usage: leaklab {verb}", text)
                self.assertNotRegex(text, "leaklab-(driver|analyzer)")
                self.assertEqual(self.front("help", verb).stdout, text)

    def test_mistyped_verb_is_told_the_closest(self):
        self.assertIn("(did you mean judge?)", self.front("jugde", "run.leaklab", code=2).stderr)
        self.assertNotIn("did you mean", self.front("frobnicate", code=2).stderr)

    def test_exit_code_and_output_are_the_verbs_own(self):
        done = self.front("judge", "none.leaklab", code=2)
        self.assertTrue(done.stderr.startswith("leaklab: "), done.stderr)

    def test_version_names_release_and_commit(self):
        self.assertRegex(self.front("--version").stdout, r"^leaklab \d+\.\d+\.\d+ \(.+\)\n$")

    def test_old_spelling_works_and_says_what_replaced_it(self):
        for program, verb in ("driver", "check"), ("driver", "refusals"), ("analyzer", "judge"), ("analyzer", "show"):
            with self.subTest(verb=verb):
                done = subprocess.run([leaklab.BUILD / f"leaklab-{program}", verb, "--help"], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0)
                self.assertIn(f"leaklab-{program} {verb}: write leaklab {verb}", done.stderr)
                self.assertEqual(done.stdout, self.front(verb, "--help").stdout)

    def test_program_that_is_missing_is_named(self):
        alone = self.folder / "leaklab"
        alone.write_bytes(pathlib.Path(leaklab.BUILD / "leaklab").read_bytes())
        alone.chmod(0o755)
        done = subprocess.run([alone, "judge", "x"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 4)
        self.assertTrue(re.search("leaklab-analyzer.*judge.*install", done.stderr), done.stderr)


if __name__ == "__main__":
    tap.main()
