"""Counts the test cases of the builds named in the arguments, from the JUnit files that meson wrote."""
import pathlib
import sys
import xml.etree.ElementTree as tree

counts = {"passed": 0, "failed": 0, "skipped": 0}
for build in sys.argv[1:]:
    report = pathlib.Path(build) / "meson-logs" / "testlog.junit.xml"
    if not report.is_file():
        print(f"{build}: has no test report")
        counts["failed"] += 1
        continue
    for suite in tree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                word = "failed"
            elif case.find("skipped") is not None:
                word = "skipped"
            else:
                word = "passed"
            counts[word] += 1
            if word != "passed":
                reason = case.find("skipped")
                print(f"{word}: {build} {suite.get('name')} {case.get('name')}"
                      + (f": {reason.get('message', '')}" if reason is not None else ""))
print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
sys.exit(1 if counts["failed"] or not counts["passed"] else 0)
