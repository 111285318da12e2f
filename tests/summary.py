"""Counts the test cases of the builds named in the arguments, from the JUnit files that meson wrote."""
import json
import pathlib
import sys
import xml.etree.ElementTree as tree

DETAILS = 40  # lines of what a failure printed


def failed_programs(build):
    """Programs that failed, by a case of theirs, a crash, or for want of time."""
    for line in (pathlib.Path(build) / "meson-logs" / "testlog.json").read_text().splitlines():
        test = json.loads(line)
        if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL"):
            yield test


def details(test):
    """What a program printed of its failures: of TAP each failed case's, else its last lines."""
    lines = test.get("stdout", "").splitlines()
    cases = [number for number, line in enumerate(lines) if line.startswith("not ok")]
    for number in cases:
        end = next((i for i in range(number + 1, len(lines)) if not lines[i].startswith("#")), len(lines))
        yield from lines[number:end][-DETAILS:]
    if not cases:
        yield from (lines + test.get("stderr", "").splitlines())[-DETAILS:]


counts = {"passed": 0, "failed": 0, "skipped": 0}
for build in sys.argv[1:]:
    report = pathlib.Path(build) / "meson-logs" / "testlog.junit.xml"
    if not report.is_file():
        print(f"{build}: has no test report")
        counts["failed"] += 1
        continue
    failed_names = set()
    for suite in tree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                word = "failed"
            elif case.find("skipped") is not None:
                word = "skipped"
            else:
                word = "passed"
            counts[word] += 1
            if word == "failed":
                failed_names |= {suite.get("name"), case.get("name")}
            if word != "passed":
                reason = case.find("skipped")
                print(f"{word}: {build} {suite.get('name')} {case.get('name')}"
                      + (f": {reason.get('message', '')}" if reason is not None else ""))
    for test in failed_programs(build):
        print("".join(f"    {line}\n" for line in details(test)), end="")
        if not any(name.endswith(test["name"]) for name in failed_names):
            print(f"failed: {build} {test['name']}: {test['result']}")
            counts["failed"] += 1
print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
sys.exit(1 if counts["failed"] or not counts["passed"] else 0)
