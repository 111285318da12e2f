"""Every command in the README works as it stands there, and its scenario passes the check."""
import re
import shutil
import subprocess

import leaklab
import tap

README = (leaklab.ROOT / "README.md").read_text()
COMMANDS = [line.strip() for line in README.splitlines()
            if re.match(r"    (build/leaklab-|scenarios/|tests/|sqlite3 )", line)]


class Readme(leaklab.Case):
    def setUp(self):
        super().setUp()
        (self.folder / "build").symlink_to(leaklab.BUILD)
        (self.folder / "scenarios").symlink_to(leaklab.SCENARIOS)

    def commands(self, *words):
        found = [command for command in COMMANDS if any(word in command for word in words)]
        self.assertTrue(found)
        return found

    def shell(self, command):
        return subprocess.run(["sh", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=100)

    def test_commands_around_a_run_work_in_their_order(self):
        for command in self.commands("driver", "analyzer", "sqlite3"):
            if command.startswith("sqlite3") and not shutil.which("sqlite3"):
                self.skipTest("sqlite3 is not installed")
            done = self.shell(command)
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
            self.assertTrue(done.stdout.strip(), command)

    def test_commands_by_hand_work_in_their_order(self):
        background = []
        try:
            for command in self.commands("labhost", "grabber"):
                if command.endswith("&"):
                    background.append(subprocess.Popen(["sh", "-c", "exec " + command[:-1]], cwd=self.folder,
                                                       stdout=subprocess.PIPE, text=True))
                    while background[-1].stdout.readline().strip() != "ready":
                        self.assertIsNone(background[-1].poll(), command)
                else:
                    done = self.shell(command)
                    self.assertEqual(done.returncode, 0, command + done.stderr)
                    self.assertTrue(done.stdout.strip(), command)
        finally:
            for process in reversed(background):
                process.terminate()
                process.communicate()

    def test_demo_refuses_a_scenario_that_is_none_and_names_those_there_are(self):
        done = subprocess.run([leaklab.ROOT / "scenarios/demo", "nothing"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("ms16-111", done.stderr)

    def test_scenario_for_a_real_host_passes_the_check(self):
        [text] = re.findall(r"```yaml\n(.*?)```", README, re.S)
        self.run_program("driver", "check", self.write("real.yaml", text), code=0)

    def test_every_program_and_scenario_it_names_exists(self):
        for name in set(re.findall(r"`leaklab-(\w+)`", README)):
            self.run_program(name, "--help", code=0)
            self.run_program(name, "--version", code=0)
        named = set(re.findall(r"^\| `([\w-]+)` \|", README, re.M)) - {f"leaklab-{n}" for n in
                                                                    ("driver", "labhost", "grabber", "analyzer")}
        there = {path.stem for path in leaklab.SCENARIOS.glob("*.yaml")}
        self.assertEqual(named, there)

    def test_demo_and_run_are_the_two_commands(self):
        self.assertEqual([command.split()[0] for command in self.commands("scenarios/demo", "tests/run")][:2],
                         ["scenarios/demo", "tests/run"])


if __name__ == "__main__":
    tap.main()
