"""What meson's logs of a build say of its test programs and their cases."""
import dataclasses
import json
import pathlib
import re
import xml.etree.ElementTree as tree

FIRST = "testlog"  # meson's own name
AGAIN = "again"    # of what failed beside others, alone
GOOD = ("OK", "SKIP", "EXPECTEDFAIL")
DETAILS = 40  # lines of what a failure printed


@dataclasses.dataclass
class Case:
    word: str  # passed, failed, skipped
    reason: str = ""


@dataclasses.dataclass
class Program:
    """A test program: what became of it, what it printed, its cases by their names without numbers."""
    result: str
    output: str
    errors: str
    cases: dict

    def failed(self):
        return self.result not in GOOD

    def failed_cases(self):
        return [name for name, case in self.cases.items() if case.word == "failed"]

    def details(self):
        """What it printed of its failures: of TAP each failed case's, else its last lines."""
        lines = self.output.splitlines()
        numbers = [number for number, line in enumerate(lines) if line.startswith("not ok")]
        for number in numbers:
            end = next((i for i in range(number + 1, len(lines)) if not lines[i].startswith("#")), len(lines))
            yield from lines[number:end][-DETAILS:]
        if not numbers:
            yield from (lines + self.errors.splitlines())[-DETAILS:]


def case_of(element):
    if element.find("failure") is not None or element.find("error") is not None:
        return Case("failed")
    skipped = element.find("skipped")
    return Case("passed") if skipped is None else Case("skipped", skipped.get("message", ""))


def read(build, log=FIRST):
    """{name: Program} of meson's logs so named, or None where there are none."""
    logs = pathlib.Path(build) / "meson-logs"
    if not (logs / f"{log}.junit.xml").is_file():
        return None
    programs = {}
    for line in (logs / f"{log}.json").read_text().splitlines():
        test = json.loads(line)
        programs[test["name"]] = Program(test["result"], test.get("stdout", ""), test.get("stderr", ""), {})
    for suite in tree.parse(logs / f"{log}.junit.xml").getroot().iter("testsuite"):
        own = next((program for known, program in programs.items() if suite.get("name").endswith(known)), None)
        for element in suite.iter("testcase"):
            name = re.sub(r"^\d+ - ", "", element.get("name"))
            program = own or programs[name]  # programs that told of no case share a suite, as cases of it
            if not own and program.failed():
                continue
            while name in program.cases:  # two of one name are two
                name += "'"
            program.cases[name] = case_of(element)
    return programs
