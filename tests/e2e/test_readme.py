"""Every command in the README works as it stands there, and its scenario passes the check."""
import re
import shutil
import subprocess

import leaklab
import tap

README = (leaklab.ROOT / "README.md").read_text()
SECTIONS = {part.splitlines()[0]: part for part in README.split("\n## ")[1:]}
COMMAND = r"    ((?:build/|scenarios/|tests/|sqlite3 |for |until |export |read ).*)"
# Their commands are run elsewhere: the demo and the tests by whoever calls them, a real host by test_scenarios.py.
ELSEWHERE = {"Two commands", "A real host"}


def commands(section):
    return re.findall(COMMAND, SECTIONS[section])


class Readme(leaklab.Case):
    def setUp(self):
        super().setUp()
        (self.folder / "build").symlink_to(leaklab.BUILD)
        (self.folder / "scenarios").symlink_to(leaklab.SCENARIOS)
        self.background = []
        self.addCleanup(self.end_background)

    def end_background(self):
        for process in reversed(self.background):
            process.terminate()
            process.communicate()

    def start(self, command):
        process = subprocess.Popen(["sh", "-c", "exec " + command], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.background.append(process)
        if "labhost" not in command:  # that one is waited for by the README's own next line
            while process.stdout.readline().strip() != "ready":
                self.assertIsNone(process.poll(), command)

    def run_section(self, section):
        """Its commands in their order, in one folder."""
        for command in commands(section):
            if command.startswith("sqlite3") and not shutil.which("sqlite3"):
                self.skipTest("sqlite3 is not installed")
            if command.endswith(" &"):
                self.start(command[:-2])
                continue
            done = subprocess.run(["sh", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=200)
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")

    def test_scenarios_are_played_and_looked_at_as_it_says(self):
        self.run_section("Scenarios")

    def test_verdicts_reports_and_fixes_are_made_as_it_says(self):
        self.run_section("The verdict")
        for name in "run.html", "run.md", "run.xml", "run.tar.gz":
            self.assertGreater((self.folder / name).stat().st_size, 100, name)

    def test_evidence_is_shown_and_compared_as_it_says(self):
        self.run_section("Evidence from elsewhere")

    def test_dumps_are_read_as_it_says(self):
        self.run_section("Memory dumps")

    def test_no_command_is_left_out(self):
        tested = ELSEWHERE | {"Scenarios", "The verdict", "Evidence from elsewhere", "Memory dumps"}
        self.assertEqual({name for name in SECTIONS if commands(name)} - tested, set())
        for line in README.splitlines():
            if line.startswith("    ") and ("leaklab" in line.split("(")[0] or "sqlite3" in line) and not line.startswith("      "):
                self.assertRegex(line, COMMAND)

    def test_demo_refuses_a_scenario_that_is_none_and_names_those_there_are(self):
        done = subprocess.run([leaklab.ROOT / "scenarios/demo", "nothing"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("ms16-111", done.stderr)

    def test_every_program_and_scenario_it_names_exists(self):
        for name in set(re.findall(r"`leaklab-(\w+)`", README)):
            self.run_program(name, "--help", code=0)
            self.run_program(name, "--version", code=0)
        named = set(re.findall(r"^\| `([\w-]+)` \|", README, re.M)) - {f"leaklab-{n}" for n in
                                                                    ("driver", "labhost", "grabber", "analyzer")}
        there = {path.stem for path in leaklab.SCENARIOS.glob("*.yaml")}
        self.assertEqual(named, there)

    def test_demo_and_run_are_the_two_commands(self):
        self.assertEqual([command.split()[0] for command in commands("Two commands")], ["scenarios/demo", "tests/run"])


class ScenarioManual(leaklab.Case):
    PAGE = (leaklab.ROOT / "driver/leaklab-scenario.5.scd").read_text()

    def test_it_names_every_key_and_no_other(self):
        schema = (leaklab.ROOT / "driver/scenario_schema.c").read_text()
        known = set(re.findall(r'(?:TEXT|SPAN|NUMBER|WORD|PART|CYAML_FIELD_[A-Z_]+)\(\s*"([a-z0-9_]+)"', schema))
        known |= set(re.findall(r'\.key = "([a-z_]+)"', schema))
        told = {part.replace("\\", "") for key in re.findall(r"\*([a-z0-9_.\\]+)\*", self.PAGE) for part in key.split(".")}
        self.assertGreater(len(known), 60)
        self.assertEqual(known - told, set())
        self.assertEqual(told - known - {"qwinsta", "logonsessions", "handle", "quser"}, set())

    def test_its_standards_are_those_of_the_driver(self):
        check = (leaklab.ROOT / "driver/scenario_check.c").read_text()
        text = " ".join(self.PAGE.split())
        for key, standard in re.findall(r'\{"([a-z_.]+)", &s->[a-z_.]+, "([0-9a-z]+)"\}', check):
            about = text[text.index(f"*{key}*"):][:400]
            self.assertRegex(about, rf"(standard |\(){standard}\b", key)

    def test_its_example_passes_the_check(self):
        example = re.search(r"^```\n(.*?)^```", self.PAGE, re.M | re.S)[1].replace("\\\\", "\\")
        (self.folder / "smallest.yaml").write_text(example)
        self.run_program("driver", "check", "smallest.yaml", code=0)


if __name__ == "__main__":
    tap.main()
