"""Every command in the README works as it stands there, and its scenario passes the check."""
import os
import re
import signal
import subprocess

import leaklab
import tap

README = (leaklab.ROOT / "README.md").read_text()
SECTIONS = {part.splitlines()[0]: part for part in README.split("\n## ")[1:]}
COMMAND = r"    ((?:build/|scenarios/|tests/|sqlite3 |for |until |export |read |wait |kill |sleep |apt-get ).*)"
# Their commands are run elsewhere: the demo and the tests by whoever calls them, a real host by test_scenarios.py,
# packages are built by test_packages.py, the course is played by test_course.py.
ELSEWHERE = {"Two commands", "The course", "Packages", "A real host"}


def commands(section):
    return re.findall(COMMAND, SECTIONS[section])


class Readme(leaklab.Case):
    # What is not 0: leaks that are shown, and a run that nobody watches.
    CODES = [(r"leaklab (compare|dump) ", 1), (r"^build/leaklab run visitors [^&]*$", 3)]

    def typed(self, sections):
        """All commands from top to bottom, as somebody types them into one shell in one folder. Yields each with what it printed."""
        (self.folder / "build").symlink_to(leaklab.BUILD)
        (self.folder / "scenarios").symlink_to(leaklab.SCENARIOS)
        lines = [command for section in sections for command in commands(section) if command not in self.INSTALLS]
        script = "".join(f"{{ {line}\n}} 2>&1; echo \"@@$?\"\n" if "& " not in line and not line.endswith("&") else f"{line}\necho @@0\n"
                         for line in lines)
        done = subprocess.run(["sh", "-s"], input=script, cwd=self.folder, capture_output=True, text=True, timeout=500)
        parts = re.split(r"(?m)^@@(\d+)\n", done.stdout)
        self.assertEqual(len(parts) // 2, len(lines), done.stdout[-2000:] + done.stderr)
        return list(zip(lines, parts[0::2], map(int, parts[1::2])))

    def assert_works(self, typed):
        for command, output, code in typed:
            expected = next((code for pattern, code in self.CODES if re.search(pattern, command)), 0)
            self.assertEqual(code, expected, f"{command}\n{output}")

    def output_of(self, typed, words):
        return next(output for command, output, _ in typed if words in command)

    def test_typed_from_top_to_bottom_it_works_and_shows_the_leak_each_time(self):
        sections = ["Scenarios", "The verdict", "Evidence from elsewhere"]
        if (leaklab.BUILD / "scenarios/labkernel").exists():
            sections.append("Memory dumps")
        typed = self.typed(sections)
        self.assert_works(typed)
        self.assertIn("verdict: LEAK", self.output_of(typed, "judge leak.leaklab"))
        self.assertIn('"verdict":"LEAK"', self.output_of(typed, "judge controlled.leaklab --json").replace(" ", ""))
        self.assertRegex(self.output_of(typed, "--against"), "(?i)fixed")
        self.assertRegex(self.output_of(typed, "leaklab compare"), r"LEAK\n[\s\S]*held by: leaklab-grabber.exe")
        if "Memory dumps" in sections:
            self.assertRegex(self.output_of(typed, "leaklab dump"), r"LEAK: [\s\S]*leaklab-grabber.exe \(\d+\) duplicated 5 tokens")
        for name in "run.html", "run.md", "run.xml", "run.tar.gz":
            self.assertGreater((self.folder / name).stat().st_size, 100, name)

    INSTALLS = {"scenarios/demo ms16-111-dump"}  # the tests have that already

    def test_everything_it_types_is_installed_by_the_demo(self):
        """man, sqlite3, jq and the like, in the README, the manuals and the programs' help"""
        setup = (leaklab.SCENARIOS / "setup").read_text()
        installed = re.search(r'(?s)^build="(.*?)"', setup, re.M)[1].split()
        texts = [README, *(path.read_text() for top in ("analyzer", "driver", "scenarios") for path in (leaklab.ROOT / top).rglob("*")
                           if path.suffix in (".scd", ".c", ".in"))]
        for word, package in ("jq", "jq"), ("sqlite3", "sqlite3"), ("man", "man-db"):
            if any(re.search(rf"(\| |^    |`){word} ['.\w-]", text, re.M) for text in texts):
                self.assertIn(package, installed)

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
                                                                    ("labhost", "grabber")} - {"leaklab"}
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
        self.run_program("driver", "check", "smallest.yaml", code=0, env={"LOADTEST_PASSWORD": "x"})

    def test_each_number_has_the_range_of_the_driver(self):
        caps = dict(re.findall(r"#define (\w+) ([\d.]+)\b", (leaklab.ROOT / "driver/scenario/caps.h").read_text()))
        caps["UINT64_MAX"] = str(2**64 - 1)
        rows = re.findall(r'\{"([a-z_.#]+)", (\w[\w.]*), (\w+), ', (leaklab.ROOT / "driver/scenario/numbers.c").read_text())
        self.assertGreater(len(rows), 12)
        text = " ".join(self.PAGE.replace("\\", "").split())
        for key, least, most in rows:
            with self.subTest(key=key):
                stem, _, name = key.partition(".#.")
                names = [stem] if not name else [stem, name]
                about = text[text.index(f"*{names[0]}*"):] if not stem.startswith("controls") else text[text.index("*controls.negative*"):]
                if name or stem.startswith("controls"):
                    about = about[about.index(f"*{(name or stem).split('.')[-1]}*"):]
                self.assertIn(f"from {caps.get(least, least)} to {caps.get(most, most)}", about[:500])

    def test_every_number_of_the_schema_has_a_range(self):
        schema = (leaklab.ROOT / "driver/scenario/schema.c").read_text()
        numbers = set(re.findall(r'(?:NUMBER|CYAML_FIELD_(?:INT|UINT|UINT_PTR|FLOAT))\(\s*"([a-z_]+)"', schema))
        ranges = re.findall(r'\{"([a-z_.#]+)", \w', (leaklab.ROOT / "driver/scenario/numbers.c").read_text())
        self.assertGreater(len(numbers), 8)
        self.assertEqual({key.split(".")[-1] for key in ranges}, numbers)


class RealHostManual(leaklab.Case):
    """What it says for the injector, and what ties it to the sources. Its commands for the host are run under wine."""
    PAGE = (leaklab.ROOT / "scenarios/leaklab-real-host.7.scd").read_text().replace("\\\\", "\\")
    LINES = [line for block in re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S) for line in block.splitlines()]

    def test_every_command_is_looked_at_somewhere(self):
        here = r"ssh |scp |scenarios/build\b|sc\.exe |mkdir C:\\leaklab$|icacls C:\\leaklab |build/|scenarios/build |export |read "
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
            for path in [argument for argument in arguments if argument.startswith("build")]:
                self.assertRegex(path, r"^build-windows/package/leaklab-(probe|grabber)\.exe$")  # what test_build.py finds there

    def test_service_is_named_as_in_the_source(self):
        service = re.search(r'SERVICE_NAME L"(.*)"', (leaklab.ROOT / "grabber/win32/service.c").read_text())[1]
        controls = [line.split() for line in self.LINES if line.startswith("sc")]
        controls = [words for words in controls if words[0] in ("sc", "sc.exe")]
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
