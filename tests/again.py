"""Runs what failed of a build's tests again, alone: some wait for real programs with a time-out, which is too short
where others take the machine. What fails alone, too, has failed; summary.py tells the one from the other.
Usage: tests/again.py BUILD"""
import os
import subprocess
import sys

import results

AT_MOST = 40  # failures that may be the machine's; more are the change's


def main(build):
    programs = results.read(build)
    failed = {name: program for name, program in (programs or {}).items() if program.failed()}
    count = sum(max(1, len(program.failed_cases())) for program in failed.values())
    if not failed or count > AT_MOST:
        return 1
    print(f"== {build}: {count} that failed, again and alone", flush=True)
    cases = [case for program in failed.values() for case in program.failed_cases()]
    return subprocess.run(
        ["meson", "test", "--logbase", results.AGAIN, "--print-errorlogs", "--timeout-multiplier", "6", "--num-processes", "1",
         "-C", build, *[name.split(" / ")[-1] for name in failed]],
        env={**os.environ, "LEAKLAB_CASES": "\n".join(cases)}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
