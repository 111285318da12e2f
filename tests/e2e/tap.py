"""Runs a unittest module and prints TAP, which meson counts test by test."""
import concurrent.futures
import os
import re
import subprocess
import sys
import traceback
import unittest


def name_of(test):
    return test.shortDescription() or test.id().split(".")[-1]


class TapResult(unittest.TestResult):
    def __init__(self, total):
        super().__init__()
        self.number = 0
        self.broken = None
        print(f"1..{total}", flush=True)

    def report(self, test, word, comment="", details=""):
        self.number += 1
        print(f"{word} {self.number} - {name_of(test)}{comment}", flush=True)
        for line in details.splitlines():
            print(f"# {line}", flush=True)

    def addSuccess(self, test):
        self.report(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(test, "ok", f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report(test, "not ok", details="".join(traceback.format_exception(*err)))

    def addSubTest(self, test, subtest, err):
        """The first part that fails stands for its test; the others are told as comments."""
        super().addSubTest(test, subtest, err)
        if not err:
            return
        details = f"{subtest._subDescription()}\n" + "".join(traceback.format_exception(*err))
        if self.broken is not test:
            self.broken = test
            self.report(test, "not ok", details=details)
        else:
            print("".join(f"# {line}\n" for line in details.splitlines()), end="", flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        if isinstance(test, unittest.TestCase):
            self.report(test, "not ok", details="".join(traceback.format_exception(*err)))
        else:  # setUpClass or setUpModule failed: none of its tests ran
            self.number += 1
            print(f"not ok {self.number} - {test}", flush=True)
            for line in "".join(traceback.format_exception(*err)).splitlines():
                print(f"# {line}", flush=True)


def tests_of(suite):
    return [test for part in suite for test in tests_of(part)] if isinstance(suite, unittest.TestSuite) else [suite]


def chosen(suite):
    """Those of its tests that LEAKLAB_CASES names, a line each; all where it names none of them."""
    names = os.environ.get("LEAKLAB_CASES", "").splitlines()
    return unittest.TestSuite([test for test in tests_of(suite) if name_of(test) in names] or suite)


def run_at_once(tests, at_once):
    """Each test in a process of its own, some at a time: for tests that wait most of their time."""
    def run(test):
        return test, subprocess.run([sys.executable, sys.argv[0], test.id().removeprefix("__main__.")], stdout=subprocess.PIPE, text=True)

    good = True
    print(f"1..{len(tests)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        runs = [pool.submit(run, test) for test in tests]
        for number, done in enumerate(concurrent.futures.as_completed(runs), 1):
            test, process = done.result()
            lines = [line for line in process.stdout.splitlines() if not re.fullmatch(r"1\.\.\d+", line)]
            found = [line for line in lines if re.match(r"(not )?ok 1 - ", line)]
            good = good and process.returncode == 0 and len(found) == 1
            if len(found) != 1:
                lines[:0] = [f"not ok 1 - {name_of(test)}", f"# {test.id()} ended with {process.returncode}"]
            print("\n".join(re.sub(r"^((?:not )?ok) 1 - ", rf"\1 {number} - ", line) for line in lines), flush=True)
    sys.exit(0 if good else 1)


def main(at_once=1):
    """Runs all tests of the calling script, or those named in its arguments or in LEAKLAB_CASES; so many at a time."""
    loader = unittest.defaultTestLoader
    module = sys.modules["__main__"]
    names = sys.argv[1:]
    suite = chosen(loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module))
    if at_once > 1 and suite.countTestCases() > 1:
        run_at_once(tests_of(suite), at_once)
    result = TapResult(suite.countTestCases())
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
