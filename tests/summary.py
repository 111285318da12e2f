"""Counts the test cases of the builds named in the arguments, from the JUnit files that meson wrote."""
import json
import pathlib
import sys
import xml.etree.ElementTree as tree

def broken_off(build):
    """Programs that failed as a whole, though none of their cases is known to have failed: by a crash or for want of time."""
    for line in (pathlib.Path(build) / "meson-logs" / "testlog.json").read_text().splitlines():
        test = json.loads(line)
        if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL"):
            yield test["name"], test["result"]


counts = {"passed": 0, "failed": 0, "skipped": 0}
for build in sys.argv[1:]:
    report = pathlib.Path(build) / "meson-logs" / "testlog.junit.xml"
    if not report.is_file():
        print(f"{build}: has no test report")
        counts["failed"] += 1
        continue
    failed_suites = set()
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
                failed_suites.add(suite.get("name"))
            if word != "passed":
                reason = case.find("skipped")
                print(f"{word}: {build} {suite.get('name')} {case.get('name')}"
                      + (f": {reason.get('message', '')}" if reason is not None else ""))
    for name, result in broken_off(build):
        if not any(suite.endswith(name) for suite in failed_suites):
            print(f"failed: {build} {name}: {result}")
            counts["failed"] += 1
print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
sys.exit(1 if counts["failed"] or not counts["passed"] else 0)
