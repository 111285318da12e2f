"""Counts the test cases of the builds named in the arguments: those that failed beside others and passed alone, too."""
import sys

import results


def settle(build, name, program, alone):
    """The program's cases, with what became of them alone. Prints what is not simply passed."""
    cases = dict(program.cases)
    failed = program.failed_cases()
    if program.failed() and not failed:  # a crash, or want of time
        failed = [None]
        cases = dict(alone.cases) if alone else {}
        if not alone or (alone.failed() and not alone.failed_cases()):
            cases[f"all of it: {(alone or program).result}"] = results.Case("failed")
    elif alone:
        cases.update({case: alone.cases[case] for case in failed if case in alone.cases})
    for case, found in cases.items():
        if found.word != "passed":
            print(f"{found.word}: {build} {name} {case}" + (f": {found.reason}" if found.reason else ""))
    for case in failed:
        if (cases[case].word == "passed") if case else (alone and not alone.failed()):
            print(f"not beside others: {build} {name} {case or program.result}")
    if program.failed():
        print("".join(f"    {line}\n" for line in program.details()), end="")
    if alone and alone.failed():
        print("alone:\n" + "".join(f"    {line}\n" for line in alone.details()), end="")
    return [case.word for case in cases.values()]


words = []
for build in sys.argv[1:]:
    programs = results.read(build)
    if programs is None:
        print(f"{build}: has no test report")
        words.append("failed")
        continue
    alone = results.read(build, results.AGAIN) or {}
    for name, program in programs.items():
        words += settle(build, name, program, alone.get(name))
passed, failed, skipped = (words.count(word) for word in ("passed", "failed", "skipped"))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
