"""Every command in the README works as it stands there, and its scenario passes the check."""
import os
import re
import shutil
import signal
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
    PAGE = (leaklab.ROOT / "driver/scenario/leaklab-scenario.5.scd").read_text()

    def test_it_names_every_key_and_no_other(self):
        schema = (leaklab.ROOT / "driver/scenario/schema.c").read_text()
        known = set(re.findall(r'(?:TEXT|SPAN|NUMBER|WORD|PART|CYAML_FIELD_[A-Z_]+)\(\s*"([a-z0-9_]+)"', schema))
        known |= set(re.findall(r'\.key = "([a-z_]+)"', schema))
        told = {part.replace("\\", "") for key in re.findall(r"\*([a-z0-9_.\\]+)\*", self.PAGE) for part in key.split(".")}
        self.assertGreater(len(known), 60)
        self.assertEqual(known - told, set())
        self.assertEqual(told - known - {"qwinsta", "logonsessions", "handle", "quser"}, set())

    def test_its_defaults_are_those_of_the_driver(self):
        check = (leaklab.ROOT / "driver/scenario/check.c").read_text()
        text = " ".join(self.PAGE.split())
        for key, default in re.findall(r'\{"([a-z_.]+)", &s->[a-z_.]+, "([0-9a-z]+)"\}', check):
            about = text[text.index(f"*{key}*"):][:400]
            self.assertRegex(about, rf"(default |\(){default}\b", key)

    def test_its_example_passes_the_check(self):
        example = re.search(r"^```\n(.*?)^```", self.PAGE, re.M | re.S)[1].replace("\\\\", "\\")
        (self.folder / "smallest.yaml").write_text(example)
        self.run_program("driver", "check", "smallest.yaml", code=0)


class RealHostManual(leaklab.Case):
    """What it says for the injector, and what ties it to the sources. Its commands for the host are run under wine."""
    PAGE = (leaklab.ROOT / "scenarios/leaklab-real-host.7.scd").read_text().replace("\\\\", "\\")
    LINES = [line for block in re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S) for line in block.splitlines()]

    def test_every_command_is_looked_at_somewhere(self):
        here = r"ssh |scp |sc\.exe |mkdir C:\\leaklab$|icacls C:\\leaklab |build/|export |read "
        windows = r"C:\\leaklab\\leaklab-\w+\.exe\b|\$password = |1\.\.5 \| |Add-|Start-|Get-|Remove-"
        for line in self.LINES:
            self.assertRegex(line, f"^({here}|{windows})")

    def test_shells_pass_on_paths_of_the_host_unharmed(self):
        (self.folder / "build").symlink_to(leaklab.BUILD)
        for name in "ssh", "scp":
            self.write(name, f'#!/bin/sh\nprintf "%s\\n" "$@" > {self.folder}/arguments\n').chmod(0o700)
        scenarios = (leaklab.ROOT / "driver/scenario/leaklab-scenario.5.scd").read_text().replace("\\\\", "\\")
        lines = [line for line in self.LINES if line.startswith(("ssh ", "scp "))]
        lines += re.findall(r"^ *command: (ssh .*)$", scenarios, re.M)
        self.assertGreater(len(lines), 1)
        for line in lines:
            subprocess.run(["sh", "-c", line], cwd=self.folder, check=True, timeout=30,
                           env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})
            arguments = (self.folder / "arguments").read_text().splitlines()
            paths = [argument for argument in arguments if "C:" in argument]
            self.assertEqual(len(paths), line.count("C:"), line)
            for path in paths:
                self.assertRegex(path, r"\bC:[/\\]leaklab\b", line)
            if (leaklab.BUILD / "grabber/win32/leaklab-grabber.exe").exists():
                for path in [argument for argument in arguments if argument.startswith("build/")]:
                    self.assertTrue((self.folder / path).exists(), path)

    def test_service_is_named_as_in_the_source(self):
        service = re.search(r'SERVICE_NAME L"(.*)"', (leaklab.ROOT / "grabber/win32/service.c").read_text())[1]
        controls = [line.split() for line in self.LINES if line.startswith("sc")]
        controls = [words for words in controls if words[0] != "scp"]
        self.assertEqual(controls, [["sc.exe", "control", service, "paramchange"]])  # sc is Set-Content in PowerShell
        self.assertIn(" ".join(controls[0]), (leaklab.ROOT / "grabber/win32/main.c").read_text())

    def test_grabber_lets_go_as_it_was_installed(self):
        options = next(line for line in self.LINES if "--install-service" in line).split(" --install-service ")[1]
        self.assertIn(f"leaklab-grabber --install-service {options}\\n", (leaklab.ROOT / "grabber/win32/main.c").read_text())
        lab = self.lab()
        grabber = subprocess.Popen([leaklab.program("grabber"), *options.split(), "--control", lab.facts["control"]],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(grabber.communicate, timeout=30)
        self.addCleanup(grabber.terminate)
        while grabber.stdout.readline().strip() != "ready":
            self.assertIsNone(grabber.poll())
        grabber.send_signal(signal.SIGUSR1)
        self.assertIn("released", grabber.stderr.readline())


if __name__ == "__main__":
    tap.main(at_once=2)
