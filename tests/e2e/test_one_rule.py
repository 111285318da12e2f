"""One rule for what a leak is, however the evidence comes: text, JSON, a run, a memory dump."""
import json
import os
import pathlib
import sqlite3
import subprocess
import unittest

import leaklab
import tap
import test_dump
import test_evidence

CLEAN, LEAK, INCONCLUSIVE = 0, 1, 3
SHORT = {"smallest_rate": 0.5}  # what 8 cycles can tell
CUT = "Remote side unexpectedly closed network connection"
NOISE = "some noise at the prompt"
SUSPECT = r"(?i)suspect.{0,200}svchost\.exe|svchost\.exe.{0,200}suspect"
SAMPLES = pathlib.Path(os.environ.get("LEAKLAB_SAMPLES", leaklab.ROOT.parent / "shared" / "samples"))
# How many sessions each of them shows; in four there is no table, or none with a row.
SESSIONS = {
    "002-qwinsta-error-en.txt": 0, "004-qwinsta-en.txt": 3, "006-qwinsta-header-de.txt": 0, "008-qwinsta-es.txt": 14,
    "010-qwinsta-zh-CN.txt": 4, "014-qwinsta-ru.txt": 6, "015-qwinsta-en.txt": 2, "016-qwinsta-en.txt": 4,
    "020-qwinsta-en.txt": 2, "022-qwinsta-en_logoff-script.txt": 4, "024-qwinsta-en.txt": 4, "026-qwinsta+quser-en.txt": 4,
    "028-qwinsta-en_markdown-hardbreaks.txt": 4, "032-qwinsta-en_w2003.txt": 2, "034-qwinsta-en_no-leading-blank.txt": 3,
    "036-qwinsta-en_Get-LoggedOn-help.txt": 6, "038-qwinsta-en_MicrosoftDocs-query-session.txt": 5,
    "039-qwinsta-es_mojibake.txt": 3, "042-qwinsta-row-en_vcl-comment.txt": 1, "043-qwinsta-en_ACTIVE.txt": 3,
    "046-qwinsta-error-en_sql-dump.txt": 0, "048-qwinsta-error-en_shadow-script.txt": 0, "049-quser+qwinsta-de.txt": 4,
    "058-quser+qwinsta-zh-CN.txt": 2, "204-qwinsta-en-ica-cgp-next-id-6.txt": 4}


class Case(test_evidence.Case):
    def lab(self, *options, scale=0.0001):
        return super().lab("--time-scale", str(scale), *options)

    def shown(self, lab, what):
        return f"{leaklab.program('labhost')} show {what} --control {lab.facts['control']}"

    def text(self, lab, *names):
        """Observers that print text, as people have them."""
        return [{"name": name, "command": self.shown(lab, name)} for name in names]

    def facts(self, lab):
        """An observer that knows the times of the host and nothing of its sessions."""
        script = self.write("facts.py", "import json, subprocess\n"
                            f"shown = json.loads(subprocess.check_output({self.shown(lab, 'snapshot').split()!r}))\n"
                            "print(json.dumps({key: shown[key] for key in"
                            " ('schema', 'host', 'time', 'boot_time', 'release_time') if key in shown}))\n")
        return {"name": "facts", "command": f"python3 {script}"}

    def play(self, lab, observers, cycles=8, slots=2, **parts):
        settle = {"at_least": "2s", **parts.pop("settle", {})}  # as long as holders here take, and more
        return self.drive(self.scenario(lab, load={"slots": slots, "cycles": cycles}, judge=SHORT, settle=settle,
                                        observers=observers, **parts))

    def capture(self, lab, name, **commands):
        """The host's text at this moment, in a folder. commands: what to run for one of the outputs instead."""
        outputs = {what: subprocess.check_output(commands.get(what, self.shown(lab, what)), shell=True, text=True)
                   for what in ("qwinsta", "logonsessions", "handle")}
        return self.moment(name, **outputs)

    def log_on_and_off(self, lab, cycles=12):
        self.drive(self.scenario(lab, load={"slots": 2, "cycles": cycles}))

    def compare_json(self, *arguments):
        """Verdict, exit code and all that is said, once parsed and once as text."""
        done = self.run_program("analyzer", "compare", "--format", "json", *arguments)
        text = self.run_program("analyzer", "compare", *arguments)
        self.assertEqual(done.returncode, text.returncode)
        self.assertTrue(done.stdout, done.stderr)
        return json.loads(done.stdout), done.returncode, " ".join(text.stdout.split())

    def snapshot_of(self, *paths):
        return json.loads(self.run_program("analyzer", "show", "--format", "json", *paths, code=CLEAN).stdout)


class ListThatBreaksOff(Case):
    """Three records, one line of ssh's, exit code 0."""

    def play_cut(self):
        lab = self.lab("--rule", "before")
        self.grab(lab)
        script = self.write("cut.sh", f"{self.shown(lab, 'logonsessions')} | sed '/^\\[3\\]/,$d'\necho '{CUT}'\n")
        return self.play(lab, [*self.text(lab, "qwinsta"), {"name": "far-away", "command": f"sh {script}"}, self.facts(lab)],
                         settle={"at_least": "0s", "timeout": "15s"})

    def test_run_whose_list_broke_off_is_never_clean_and_the_line_is_quoted(self):
        done = self.play_cut()
        verdict = self.verdict()
        said = " ".join(verdict["reasons"])
        self.assertEqual((verdict["verdict"], done.returncode), ("INCONCLUSIVE", INCONCLUSIVE), said)
        self.assertIn("far-away", said)
        self.assertIn(CUT, said)

    def test_settling_goes_on_while_the_list_is_cut(self):
        self.play_cut()
        [(rounds,)] = self.query("SELECT count(DISTINCT round) FROM snapshots WHERE mark IN ('settling', 'settled')")
        self.assertGreater(rounds, 1)


class SameMoment(Case):
    def test_text_and_json_of_the_same_two_moments_get_the_same_verdict(self):
        logons = test_evidence.numbered(test_evidence.SYSTEM, test_evidence.BERT, test_evidence.LOGONS)
        noisy = test_evidence.numbered(test_evidence.SYSTEM, f"{NOISE}\n", test_evidence.BERT,
                                       test_evidence.LOGONS.partition("\xa0")[0])
        before = self.moment("before", logons=logons, qwinsta=test_evidence.FULL + test_evidence.STATION.format(4))
        after = self.moment("after", logons=noisy, qwinsta=test_evidence.FULL)
        text, text_code, _ = self.compare_json(before, after)
        parsed, parsed_code, _ = self.compare_json(*[
            self.write(f"{path.name}.json", json.dumps(self.snapshot_of(path))) for path in (before, after)])
        self.assertEqual((text["verdict"], text_code), ("INCONCLUSIVE", INCONCLUSIVE))
        self.assertEqual((parsed["verdict"], parsed_code), (text["verdict"], text_code))
        self.assertEqual(parsed["orphans"], text["orphans"])


class SessionIdsThatAreReused(Case):
    def test_every_leak_is_counted_although_text_has_but_seconds(self):
        # Each account and session ID has as many orphans as cycles: whichever is whose, all of them leaked.
        lab = self.lab("--rule", "before", "--accounts", "4", "--shell-seconds", "0.2")  # the grabber sees each of them
        self.grab(lab)
        self.play(lab, [*self.text(lab, "qwinsta", "logonsessions"), self.facts(lab)], cycles=60, slots=4)
        verdict = self.verdict()
        orphans = verdict["orphans"]
        self.assertEqual((orphans["k"], orphans["n"]), (60, 60), verdict["reasons"])
        self.assertEqual(verdict["verdict"], "LEAK", verdict["reasons"])


class TextAlone(Case):
    def test_logon_times_as_text_prove_that_the_host_was_not_restarted(self):
        lab = self.lab()
        self.play(lab, self.text(lab, "qwinsta", "logonsessions"))
        verdict = self.verdict()
        said = " ".join(verdict["reasons"])
        self.assertNotRegex(said, "started anew|boot time")
        if verdict["verdict"] != "CLEAN":
            self.assertRegex(said, "(?i)handles|list processes", "what is not seen, and nothing else")


class SightOfHandles(Case):
    """A handle listing of one process only tells nothing about the others."""
    PROMPT = r"C:\>handle64 -a -p lsass.exe"
    OWN = r"lsass.exe          pid: 32     type: Token           FFC: NT AUTHORITY\SYSTEM:3e7"  # it always has some

    def listing(self, lab):
        """What handle prints of lsass alone, as a command."""
        return f"echo '{self.PROMPT}'; {self.shown(lab, 'handle')} | sed -n '1,5p; /^lsass/p'; echo '{self.OWN}'"

    def check(self, said):
        self.assertNotRegex(said, "(?i)memory dump")
        self.assertRegex(said, r"handle(64)?(\.exe)? -a\b(?! -p)")
        self.assertRegex(said, "(?i)elevated|administrator")

    def test_run_that_saw_one_process_asks_for_all_handles_and_for_no_memory_dump(self):
        lab = self.lab("--kernel-reference", "1")
        handle = {"name": "handle", "command": self.listing(lab)}
        done = self.play(lab, [*self.text(lab, "qwinsta", "logonsessions"), handle, self.facts(lab)], cycles=3)
        self.check(" ".join(done.stdout.split()))

    def test_comparison_that_saw_one_process_asks_for_all_handles_and_for_no_memory_dump(self):
        lab = self.lab("--kernel-reference", "1")
        before = self.capture(lab, "before", handle=self.listing(lab))
        self.log_on_and_off(lab, 3)
        self.check(self.compare_json(before, self.capture(lab, "after", handle=self.listing(lab)))[2])


class Noise(Case):
    """What stands under a table's columns and is no row of it."""
    ROWS = " rdp-tcp                                 65536  Listen\n"
    UNDER_USERNAME = ["some noise at the prompt       2222  Active", "some noise                2222 Active"]
    AT_THE_END = ["some noise at the prompt                 2222", "                         noise            2222",
                  "some noise at the prompt of the day and then 2222"]

    def shown_with(self, line):
        return self.write("q.txt", test_evidence.QWINSTA + line + "\n" + self.ROWS)

    def test_noise_with_a_number_is_left_over_and_makes_no_session(self):
        for line in self.UNDER_USERNAME + self.AT_THE_END:
            with self.subTest(line=line):
                path = self.shown_with(line)
                self.assertEqual([session["id"] for session in self.snapshot_of(path)["sessions"]], [0, 1, 3, 65536])
                self.assertIn("not understood: 1", self.show(path).stdout)
                self.assertIn(f"q.txt:6: {line}", self.show(path).stdout)

    def test_noise_frees_no_session_ids(self):
        before = self.write("before.txt", test_evidence.QWINSTA + self.ROWS)
        compared, _, said = self.compare_json(before, self.shown_with(self.UNDER_USERNAME[0]))
        self.assertNotIn("2222", json.dumps(compared.get("session_ids")))
        self.assertNotRegex(said, "2218")

    def test_listeners_are_still_sessions(self):
        for row in (self.ROWS, " rdp-sxs25...                            65537  Listen\n"):
            sessions = self.snapshot_of(self.write("q.txt", test_evidence.QWINSTA + row))["sessions"]
            self.assertEqual(sessions[-1]["state"], "Listen")

    def test_rows_of_real_hosts_are_still_sessions(self):
        for name, sessions in SESSIONS.items():
            with self.subTest(name=name):
                self.assertEqual(len(self.snapshot_of(SAMPLES / name).get("sessions", [])), sessions)


class TakenTooEarly(Case):
    """Services release minutes after a logoff: evidence from the moments after it accuses nobody."""

    def moments(self, grab=False):
        lab = self.lab("--shell-seconds", "0.2", scale=0.05)
        if grab:
            self.grab(lab)
        before = self.capture(lab, "before")
        self.log_on_and_off(lab)
        return before, self.capture(lab, "after")

    def check(self, verdict, said):
        self.assertEqual(verdict, ("INCONCLUSIVE", INCONCLUSIVE), said)
        self.assertRegex(said, SUSPECT)
        self.assertRegex(said, "(?i)sample again")

    def test_healthy_host_right_after_logoff_is_no_leak_and_its_services_are_suspects(self):
        compared, code, said = self.compare_json(*self.moments())
        self.check((compared["verdict"], code), said)

    def test_what_is_left_25_minutes_after_logoff_is_a_leak(self):
        compared, code, said = self.compare_json("--after-logoff", "25m", *self.moments())
        self.assertEqual((compared["verdict"], code), ("LEAK", LEAK), said)

    def test_leaker_leads_the_services_that_are_late(self):
        compared, code, said = self.compare_json("--after-logoff", "25m", *self.moments(grab=True))
        self.assertEqual((compared["verdict"], code), ("LEAK", LEAK), said)
        for orphan in compared["orphans"]:
            self.assertEqual(orphan["holders"][0]["image"], "leaklab-grabber.exe")

    def test_snapshot_says_within_which_time_the_host_lets_go(self):
        self.assertEqual(self.lab(scale=0.05).snapshot().get("release_time"), 60)

    def test_release_time_is_never_below_a_second(self):
        self.assertEqual(self.lab().snapshot().get("release_time"), 1)


@unittest.skipUnless(test_dump.MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class DumpTakenTooEarly(Case):
    def dump(self, *arguments, grab=False):
        lab = self.lab(scale=0.05)
        if grab:
            self.grab(lab)
        self.log_on_and_off(lab)
        path = self.folder / "MEMORY.DMP"
        self.assertEqual(lab.verb("crash", "--output", str(path)).returncode, 0)
        return self.run_program("analyzer", "dump", path, "--symbols", self.folder, *arguments, env={"_NT_SYMBOL_PATH": ""})

    def test_dump_right_after_logoff_is_no_leak_and_its_services_are_suspects(self):
        done = self.dump()
        said = " ".join(done.stdout.split())
        self.assertEqual(done.returncode, INCONCLUSIVE, said)
        self.assertRegex(said, "INCONCLUSIVE")
        self.assertRegex(said, SUSPECT)
        self.assertRegex(said, "(?i)sample again")

    def test_what_a_dump_shows_25_minutes_after_logoff_is_a_leak(self):
        done = self.dump("--after-logoff", "25m")
        self.assertEqual(done.returncode, LEAK, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "LEAK")

    def test_leaker_leads_the_services_that_are_late_in_a_dump(self):
        done = self.dump("--after-logoff", "25m", "--format", "json", grab=True)
        self.assertEqual(done.returncode, LEAK, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["holders"][0]["image"], "leaklab-grabber.exe")


class OneMeaning(Case):
    """What compare and dump call by one name is one thing."""
    SYSTEM = {"luid": "00000000:000003e7", "user": "SYSTEM", "domain": "NT-AUTORITÄT", "session_id": 0}
    IUSR = {"luid": "00000000:000003e3", "user": "IUSR", "domain": "NT-AUTORITÄT", "session_id": 5}
    ANNA = {"luid": "00000000:002f5c1a", "user": "anna", "domain": "LAB", "session_id": 4, "logon_type": "RemoteInteractive"}

    def compare_twice(self, logon, handles=()):
        """One snapshot, an hour apart: the logon session is in no session, then and now."""
        paths = [self.write(f"{hour}.json", json.dumps({
            "schema": "leaklab.snapshot/1", "host": "RDS01", "elevated": True, "boot_time": "2026-02-14T08:00:00Z",
            "time": f"2026-02-14T{hour}:00:00Z", "sessions": [{"id": 0, "name": "services", "state": "Disc"},
                                                              {"id": 1, "name": "console", "state": "Conn"}],
            "logon_sessions": [self.SYSTEM, logon], "handles": list(handles), "unavailable": []})) for hour in (10, 11)]
        return self.compare_json(*paths)[0]

    def test_iusr_is_no_orphan_whatever_the_language(self):
        self.assertEqual(self.compare_twice(self.IUSR)["orphans"], [])

    def test_lsass_without_exe_follows_in_a_comparison(self):
        [orphan] = self.compare_twice(self.ANNA, [
            {"pid": pid, "image": image, "handle": "0x4", "type": "Token", "luid": self.ANNA["luid"], "session_id": 4}
            for pid, image in ((812, "lsass"), (2044, "leaky"))])["orphans"]
        self.assertEqual([(holder["image"], holder["follower"]) for holder in orphan["holders"]],
                         [("leaky", False), ("lsass", True)])


class OneMeaningInADump(test_dump.DumpCase):
    def test_lsass_without_exe_follows_in_a_dump(self):
        self.describe("19041")
        path = self.folder / "description.txt"
        path.write_text(path.read_text().replace("lsass.exe", "lsass").replace("faultysvc.exe", "leaky"))
        subprocess.run([test_dump.MKDUMP, path, self.path, self.folder / "ntkrnlmp.pdb"], check=True, capture_output=True)
        self.assertEqual([holder["image"] for holder in self.answer(code=None)["holders"] if not holder["follower"]], ["leaky"])


class Ways(Case):
    """The same evidence means the same as text, as JSON and as a memory dump. (Modelled hosts: tests/unit/conformance.)"""

    def meaning(self, path):
        """What a moment shows of sessions that are over, long after."""
        done = self.run_program("analyzer", "compare", path, path, "--after-logoff", "25m", "--format", "json")
        compared = json.loads(done.stdout)
        orphans = {orphan["luid"]: {holder["image"] for holder in orphan["holders"]} for orphan in compared.get("orphans") or []}
        return compared["verdict"], orphans, compared.get("referred_session_ids")

    def test_listings_of_real_hosts_mean_the_same_as_json(self):
        told = 0
        for path in sorted(SAMPLES.glob("*.txt")):
            done = self.run_program("analyzer", "show", "--format", "json", path)
            if done.returncode:
                continue  # no tool's output
            with self.subTest(sample=path.name):
                again = self.write("again.json", done.stdout)
                self.assertEqual(json.loads(self.run_program("analyzer", "show", "--format", "json", again, code=CLEAN).stdout),
                                 json.loads(done.stdout))
                self.assertEqual(self.meaning(again), self.meaning(path))
                told += 1
        self.assertGreater(told, 50)

    @unittest.skipUnless(test_dump.MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
    def test_memory_dump_means_the_same_as_a_snapshot_and_may_show_more_holders(self):
        for options in ([], ["--rule", "before"], ["--kernel-reference", "2"]):
            with self.subTest(options=options):
                folder = self.folder / ("lab" + "".join(options))
                folder.mkdir()
                lab = leaklab.Lab(folder, "--time-scale", "0.0001", *options)
                try:
                    self.grab(lab)
                    self.drive(self.scenario(lab, load={"slots": 2, "cycles": 6}, settle={"at_least": "1s"},
                                             observers=[self.observer(lab)], verify_ids=0))  # nothing is released after it
                    live = self.write(f"live{len(options)}.json", self.run_program(
                        "labhost", "show", "snapshot", "--control", lab.facts["control"], code=CLEAN).stdout)
                    crash = lab.verb("crash", "--output", str(folder / "MEMORY.DMP"))
                    self.assertEqual(crash.returncode, 0, crash.stderr)
                finally:
                    lab.stop()
                done = self.run_program("analyzer", "dump", folder / "MEMORY.DMP", "--symbols", folder, "--format", "snapshot")
                _, orphans, ids = self.meaning(live)
                _, dumped, dumped_ids = self.meaning(self.write(f"dump{len(options)}.json", done.stdout))
                self.assertEqual((set(dumped), dumped_ids), (set(orphans), ids))
                self.assertGreaterEqual(len(orphans), 3)
                for luid, holders in orphans.items():
                    self.assertLessEqual(holders - {"System"}, dumped[luid])
                self.run_file.unlink()


class Restart(Case):
    """What goes as its holder ends was not released, and may have been a leak."""

    def test_leaker_that_ends_while_the_host_settles_is_not_clean(self):
        lab = self.lab("--late-holders", "0", scale=0.002)
        grabber = self.grab(lab)
        observer = self.observer(lab)
        # The grabber ends at the fifth look after the load.
        observer["command"] += (f"; [ $LEAKLAB_MARK != settling ] || [ $(echo x >> {self.folder}/looks; wc -l < {self.folder}/looks) -lt 5 ]"
                                f" || kill {grabber.pid} 2> /dev/null; true")
        self.drive(self.scenario(lab, load={"slots": 2, "cycles": 8}, observers=[observer], judge=SHORT,
                                 settle={"at_least": "1s", "quiet": "1s", "poll": "100ms", "timeout": "20s"}))
        verdict = self.verdict(code=INCONCLUSIVE)
        self.assertRegex(" ".join(verdict["reasons"]), r"went when leaklab-grabber.exe \(process \d+\), which held them, ended")


class Removal(Case):
    """Rows, sections and samples of a run are taken away, each alone: no verdict becomes better by it, nor any culprit another."""
    TABLES = ("session", "logon_session", "handle", "process", "sight")

    def played(self, scenario):
        self.drive(leaklab.SCENARIOS / f"{scenario}.yaml", "--set", "load.cycles=10", "--set", "judge.smallest_rate=0.5",
                   "--set", "observe_every=2")
        return self.run_file.read_bytes()

    def removals(self):
        captures = self.query("SELECT id, mark, round FROM capture ORDER BY id")
        for capture, mark, number in captures:
            yield f"DELETE FROM snapshot WHERE capture = {capture}; UPDATE capture SET problem = 'gone' WHERE id = {capture}"
            yield f"DELETE FROM snapshot WHERE capture = {capture}; DELETE FROM capture WHERE id = {capture}"
            for table in self.TABLES:
                yield f"DELETE FROM {table} WHERE capture = {capture}"
                yield f"DELETE FROM {table} WHERE capture = {capture} AND rowid % 2"
            for row, in self.query(f"SELECT rowid FROM logon_session WHERE capture = {capture} AND session_id > 0"):
                yield f"DELETE FROM logon_session WHERE rowid = {row}"
        yield "DELETE FROM cycle WHERE number % 2"
        yield "DELETE FROM cycle"
        yield "UPDATE cycle SET session_id = NULL"
        yield "UPDATE snapshot SET time = NULL"
        yield "UPDATE snapshot SET boot_time = NULL, release_time = NULL"

    def check(self, scenario, allowed):
        kept, seen = self.played(scenario), {}
        for removal in list(self.removals()):
            self.run_file.write_bytes(kept)
            connection = sqlite3.connect(self.run_file)
            connection.executescript(removal)
            connection.close()
            verdict = self.verdict()
            self.assertIn(verdict["verdict"], allowed, f"{removal}: {verdict['reasons']}")
            if verdict["verdict"] == "LEAK" and verdict["culprits"]:
                self.assertIn(verdict["culprits"][0]["image"], ("leaklab-grabber.exe", "System", "lsass.exe"), removal)
            seen[verdict["verdict"]] = seen.get(verdict["verdict"], 0) + 1
        print(f"# {scenario}, something removed: {seen}", flush=True)

    def test_leak_is_never_clean_for_want_of_evidence(self):
        self.check("ms16-111", ("LEAK", "INCONCLUSIVE"))

    def test_clean_host_never_leaks_for_want_of_evidence(self):
        self.check("baseline", ("CLEAN", "INCONCLUSIVE"))


if not SAMPLES.is_dir():  # no test that is skipped: there is nothing that one could install
    print(f"# {SAMPLES} is not there (LEAKLAB_SAMPLES names another folder): no listings of real hosts are looked at", flush=True)
    del Noise.test_rows_of_real_hosts_are_still_sessions, Ways.test_listings_of_real_hosts_mean_the_same_as_json

if __name__ == "__main__":
    tap.main()
