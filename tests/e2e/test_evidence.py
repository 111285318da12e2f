"""Evidence as people send it: outputs of tools in files and folders, shown and compared."""
import datetime
import itertools
import json
import random
import re

import evtx
import leaklab
import tap

CLEAN, LEAK, USAGE, INCONCLUSIVE = 0, 1, 2, 3
LONG_AGO = "--after-logoff", "25m"

LOGONS = """[9] Logon session 00000000:000fd2f5:
    User name:    LAB\\admin
    Auth package: Negotiate
    Logon type:   RemoteInteractive
    Session:      3
    Logon time:   14.02.2026 08:12:07
\xa0
[10] Logon session 00000000:002f5c1a:
    User name:    LAB\\anna
    Auth package: Kerberos
    Logon type:   RemoteInteractive
    Session:      4
    Logon time:   14.02.2026 08:13:09
"""
QWINSTA = """C:\\temp>qwinsta
 SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE
 services                                    0  Disc
 console                                     1  Conn
>rdp-tcp#1         admin                     3  Active
"""
STATION = " ica-cgp#4         anna                      {}  Active\n"

SYSTEM = """[0] Logon session 00000000:000003e7:
    User name:    LAB\\RDS01$
    Auth package: Negotiate
    Logon type:   (none)
    Session:      0
    Logon time:   14.02.2026 08:00:00
\xa0
"""
BERT = """[1] Logon session 00000000:000f0001:
    User name:    LAB\\bert
    Auth package: Kerberos
    Logon type:   RemoteInteractive
    Session:      2
    Logon time:   14.02.2026 08:11:05

"""
FULL = QWINSTA.replace(">rdp-tcp#1", " rdp-tcp#0         bert                      2  Active\n>rdp-tcp#1")

# Process, image, and the handles that it still has at the four steps: just after logoff, 20 minutes later, after the
# first was closed, and before the last is.
HOLDERS = [(4, "System", ["D88 D8C D90 F08", "", "", ""]),
           (960, "lsass.exe", ["804 1658 165C 1664", "804", "804", "804"]),
           (1064, "svchost.exe", ["48C 4D8", "48C 4D8", "4D8", ""]),
           (1100, "svchost.exe", ["E94 1AC8", "E94 1AC8", "E94 1AC8", ""]),
           (1424, "svchost.exe", ["964", "964", "964", ""]),
           (2148, "VendorSvc.exe", ["15C", "15C", "15C", ""]),
           (3164, "svchost.exe", ["1E8", "1E8", "1E8", "1E8"]),
           (2960, "svchost.exe", ["3DC", "", "", ""])]


def numbered(*parts):
    """A list of logon sessions with the numbers that the tool gives them."""
    numbers = itertools.count()
    return re.sub(r"(?m)^\[\d+\]", lambda _: f"[{next(numbers)}]", "".join(parts))


def handles(step):
    """What `handle -a LUID` prints at a step."""
    lines = ["C:\\>handle.exe -a 2f5c1a", "\xa0",
             "System             pid: 4      type: Directory      D84: \\Sessions\\0\\DosDevices\\00000000-002f5c1a"]
    for pid, image, values in HOLDERS:
        lines += ["%-18s pid: %-6d type: %-14s%5s: LAB\\anna:2f5c1a" % (image, pid, "Token", value)
                  for value in values[step].split()]
    return "\n".join(lines) + "\n"


class Case(leaklab.Case):
    def moment(self, name, **files):
        folder = self.folder / name
        folder.mkdir()
        for file, text in files.items():
            (folder / f"{file}.txt").write_text(text)
        return folder

    def show(self, *paths, code=CLEAN):
        return self.run_program("analyzer", "show", *paths, code=code)

    def compare(self, before, after, code, *words):
        done = self.run_program("analyzer", "compare", before, after, *words, "--format", "json", code=code)
        text = self.run_program("analyzer", "compare", before, after, *words, code=code)
        return json.loads(done.stdout), text.stdout


class Investigation(Case):
    def step(self, number):
        return self.moment(f"step{number}", logons=LOGONS, handle=handles(number), qwinsta=QWINSTA)

    def test_every_step_tells_who_holds_the_session_id(self):
        for number, (rows, tokens) in enumerate([(17, 16), (9, 8), (8, 7), (3, 2)]):
            folder = self.step(number)
            shown = self.show(folder).stdout
            self.assertIn("session ID 4, which no session has: orphaned", shown)
            self.assertIn(f": {tokens} token handles and 1 of its directory", shown)
            self.assertIn("not understood: 0", shown)
            snapshot = json.loads(self.run_program("analyzer", "show", "--format", "json", folder, code=CLEAN).stdout)
            self.assertEqual(len(snapshot["handles"]), rows)
            self.assertEqual({handle["luid"] for handle in snapshot["handles"]}, {"00000000:002f5c1a"})
            self.assertEqual("VendorSvc.exe" in shown, number < 3)

    def test_steps_compared_tell_what_was_lost_and_what_still_pins(self):
        compared, text = self.compare(self.step(0), self.step(1), LEAK, *LONG_AGO)
        self.assertEqual(compared["schema"], "leaklab.compare/1")
        [orphan] = compared["orphans"]
        self.assertEqual((orphan["session_id"], orphan["luid"], orphan["kind"]), (4, "00000000:002f5c1a", "before"))
        self.assertEqual(sum(holder["tokens"] for holder in orphan["holders"]), 8)
        self.assertEqual({holder["image"] for holder in orphan["holders"] if holder["follower"]}, {"System", "lsass.exe"})
        self.assertEqual(compared["tokens_by_logon_session"][0]["lost"], 8)
        lost = {change["pid"]: change["lost"] for change in compared["tokens_by_process"]}
        self.assertEqual((lost[4], lost[960], lost[2960], lost[2148]), (4, 3, 1, 0))
        self.assertIn("session ID 4", text)

    def test_last_holder_is_named(self):
        compared, text = self.compare(self.step(2), self.step(3), LEAK, *LONG_AGO)
        self.assertEqual([(holder["pid"], holder["follower"]) for holder in compared["orphans"][0]["holders"]],
                         [(3164, False), (960, True), (4, True)])

    def test_session_that_was_there_before_is_seen_to_be_outlived(self):
        before = self.moment("before", logons=LOGONS, qwinsta=QWINSTA + STATION.format(4))
        after = self.moment("after", handle=handles(3), qwinsta=QWINSTA + STATION.format(6))
        compared, text = self.compare(before, after, LEAK, *LONG_AGO)
        self.assertEqual(compared["orphans"][0]["kind"], "outlived")
        self.assertEqual(compared["session_ids"]["highest_after"], 6)
        self.assertIn({"first": 4, "last": 5}, compared["session_ids"]["gaps"])


    def paste(self, quote=""):
        """All of it in one file, as the investigation was published."""
        return self.write("paste.txt", quote.join(["", LOGONS, handles(0), handles(1),
                          "C:\\>handle.exe -c 48C -y -p 1064\n\n  48C: Token         LAB\\anna:2f5c1a\n\nHandle closed.\n",
                          handles(2), QWINSTA + STATION.format(6), handles(3)]))

    def test_one_paste_of_all_steps_tells_what_the_last_one_does(self):
        path = self.paste()
        shown = self.show(path).stdout
        self.assertIn("moments: 4, in the order of their commands", shown)
        for rows in ("17 rows of handle.exe -a 2f5c1a", " 9 rows of", " 8 rows of", " 3 rows of"):
            self.assertIn(rows, shown)
        self.assertIn("session ID 4, which no session has: orphaned: 2 token handles and 1 of its directory", shown)
        self.assertIn("understood: 55, not understood: 0", shown)
        text = self.run_program("analyzer", "compare", path, code=INCONCLUSIVE).stdout
        self.assertIn("svchost.exe (3164) holds 1 of them, 1 alone", text)
        self.assertIn("session IDs below 6 that no session has, and of which nothing in the\nevidence shows why: 2, 5\n", text)
        done = self.run_program("analyzer", "compare", path, *LONG_AGO, "--format", "json", code=LEAK)
        compared = json.loads(done.stdout)
        [orphan] = compared["orphans"]
        self.assertEqual([(holder["pid"], holder["follower"]) for holder in orphan["holders"]],
                         [(3164, False), (960, True), (4, True)])
        self.assertEqual(compared["unexplained_session_ids"], [{"first": 2, "last": 2}, {"first": 5, "last": 5}])
        self.assertEqual(compared["tokens_by_logon_session"][0]["lost"], 14)

    def test_one_paste_without_order_is_one_moment(self):
        path = self.paste("\nOn Saturday, Anna wrote:\n")
        self.assertNotIn("moments:", self.show(path).stdout)
        self.assertIn("2 token handles and 1 of its directory", self.show(path).stdout)
        self.assertIn("in unknown order: 14 handles that not all of them have", " ".join(self.show(path).stdout.split()))
        self.assertIn("in a known order", self.run_program("analyzer", "compare", path, code=USAGE).stderr)
        self.assertIn("BEFORE and AFTER are needed", self.run_program("analyzer", "compare", self.step(0), code=USAGE).stderr)


class Hosts(Case):
    """One text with outputs of two hosts."""
    TEXT = "[rds01]: PS C:\\> qwinsta\n" + QWINSTA.partition("\n")[2] + "[rds02]: PS C:\\> qwinsta\n" + FULL.partition("\n")[2]

    def test_each_is_a_sample_and_one_is_chosen(self):
        path = self.write("both.txt", self.TEXT)
        shown = self.show(path).stdout
        self.assertEqual(re.findall("---- outputs of (.*)|^sessions: (.*)", shown, re.M),
                         [("rds01", ""), ("", "3"), ("rds02", ""), ("", "4")])
        self.assertNotIn("contradiction", shown)
        self.assertIn("sessions: 4", self.show("--host", "rds02", path).stdout)
        self.assertIn("no output of host rds03", self.show("--host", "rds03", path, code=USAGE).stderr)

    def test_moments_and_hosts_are_read_again_from_json(self):
        path = self.write("both.txt", self.TEXT)
        text = self.show("--format", "json", path).stdout
        self.assertEqual(json.loads(text)["schema"], "leaklab.snapshots/1")
        self.assertEqual(self.show("--format", "json", self.write("both.json", text)).stdout, text)

    def test_compare_wants_one(self):
        path = self.write("both.txt", self.TEXT)
        refused = self.run_program("analyzer", "compare", path, path, code=USAGE).stderr
        self.assertIn("outputs of 2 hosts (rds01, rds02): choose one with --host", refused)
        self.run_program("analyzer", "compare", "--host", "rds01", path, path, code=INCONCLUSIVE)


class Accounts(Case):
    """Logon sessions by account, where their sessions do not end."""
    HOST = SYSTEM + """[1] Logon session 00000000:0005f001:
    User name:    WS01\\alice
    Auth package: Negotiate
    Logon type:   Interactive
    Session:      1
    Logon time:   14.02.2026 08:05:00
"""

    def sandbox(self, count, processes=""):
        return numbered(self.HOST, *[f"""[2] Logon session 00000000:{0x1a0000 + i:08x}:
    User name:    WS01\\SandboxOffline
    Auth package: Negotiate
    Logon type:   Interactive
    Session:      1
    Logon time:   14.02.2026 09:00:{i:02}
{processes}""" for i in range(count)])

    def test_many_new_ones_in_a_live_session_are_told(self):
        compared, text = self.compare(self.moment("before", logons=self.sandbox(1)), self.moment("after", logons=self.sandbox(41)), INCONCLUSIVE)
        [group] = compared["logon_sessions"]
        self.assertEqual((group["user"], group["before"], group["after"], group["new"]), ("SandboxOffline", 1, 41, 40))
        self.assertNotIn("without_process_after", group)
        self.assertIn("40 new logon sessions of WS01\\SandboxOffline; processes not seen: logonsessions -p or", " ".join(text.split()))

    def test_one_that_lost_its_processes_is_told(self):
        processes = "      4412: explorer.exe\n"
        def logons(of_alice):
            return numbered(SYSTEM.replace("\xa0\n", "      960: lsass.exe\n\xa0\n"), self.HOST[len(SYSTEM):] + of_alice)
        compared, text = self.compare(self.moment("before", logons=logons(processes)), self.moment("after", logons=logons("")), INCONCLUSIVE)
        [group] = compared["logon_sessions"]
        self.assertEqual((group["user"], group["new"], group["without_process_before"], group["without_process_after"]), ("alice", 0, 0, 1))
        self.assertIn("1 logon session of WS01\\alice has no process, and is still there", " ".join(text.split()))


class Tables(Case):
    def test_what_powershell_prints_of_wmi_is_one_moment(self):
        folder = self.moment("wmi", logons="LogonId   : 999\nLogonType : 0\n\nLogonId   : 1032949\nLogonType : 10\n",
                             accounts='"Antecedent","Dependent"\n"Win32_Account (Name = ""anna"", Domain = ""LAB"")","Win32_LogonSession (LogonId = ""1032949"")"\n',
                             processes='[{"Antecedent": "Win32_LogonSession (LogonId = \\"999\\")", "Dependent": "Win32_Process (Handle = \\"4\\")"}]',
                             sessions=QWINSTA)
        shown = json.loads(self.show("--format", "json", folder).stdout)
        self.assertEqual([(logon["luid"], logon.get("user"), logon.get("logon_type")) for logon in shown["logon_sessions"]],
                         [("00000000:000003e7", None, None), ("00000000:000fc2f5", "anna", "RemoteInteractive")])
        self.assertEqual([(process["pid"], process["luid"]) for process in shown["processes"]], [(4, "00000000:000003e7")])
        self.assertEqual(len(shown["sessions"]), 3)

    def test_missing_ids_of_a_list_are_told_with_what_they_mean(self):
        shown = " ".join(self.show(self.write("q.txt", QWINSTA + STATION.format(6))).stdout.split())
        self.assertIn("IDs below 6 that no session has: 2, 4 to 5 Their sessions have ended; whether something keeps the IDs, one list does not show.", shown)


class Show(Case):
    def test_files_and_folders_become_one_snapshot(self):
        shown = self.show(self.write("q.txt", QWINSTA), self.moment("more", logons=LOGONS, handle=handles(1)))
        for words in ("sessions: 3", "logon sessions: 2", "handles: 9", "VendorSvc.exe"):
            self.assertIn(words, shown.stdout)

    def test_contradictions_are_told_and_not_fatal(self):
        shown = self.show(self.write("a.txt", QWINSTA), self.write("b.txt", QWINSTA.replace("admin", "bert ")))
        self.assertIn("contradictions: 1", shown.stdout)
        self.assertIn("admin", shown.stdout)

    def test_unread_lines_are_told_with_file_and_line(self):
        shown = self.show(self.write("q.txt", QWINSTA + "# a comment\nOops 12 ?\n"))
        self.assertIn("not understood: 1", shown.stdout)
        self.assertIn("q.txt:7: Oops 12 ?", shown.stdout)

    def test_utf16_of_a_shell_is_read(self):
        path = self.folder / "q.txt"
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):  # the last two without a mark, as `cmd /u` writes
            path.write_bytes(QWINSTA.replace("\n", "\r\n").encode(encoding))
            self.assertIn("sessions: 3", self.show(path).stdout)

    def test_users_alone_pin_no_session_id(self):
        users = " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n" \
                " admin                 rdp-tcp#1           3  Active          .  14.02.2026 08:12\n"
        shown = self.show(self.moment("m", logons=LOGONS, handle=handles(1), quser=users)).stdout
        self.assertIn("session ID 4, which no listed session has", shown)
        self.assertNotIn("pinned", shown)

    def test_useless_files_are_refused_with_a_reason(self):
        for name, content, words in (("empty", b"", "empty"), ("binary", b"MZ\x90\0\x03", "binary data"),
                                     ("other", b"total 12\ndrwxr-xr-x 2\n", "no known format")):
            path = self.folder / name
            path.write_bytes(content)
            self.assertIn(words, self.show(path, code=USAGE).stderr)
        self.show(self.folder / "gone", code=USAGE)
        empty = self.folder / "nothing"
        empty.mkdir()
        self.assertIn("no files", self.show(empty, code=USAGE).stderr)

    def test_strange_file_in_a_folder_is_told(self):
        shown = self.show(self.moment("m", qwinsta=QWINSTA, readme="Hello there\n"))
        self.assertIn("sessions: 3", shown.stdout)
        self.assertIn("Hello there", shown.stdout)


def counters(columns, rows, zone=""):
    """What typeperf (or, with a zone, perfmon) writes: a row a minute."""
    heading = ",".join(f'"{cell}"' for cell in [f"(PDH-CSV 4.0){zone}"] + [rf"\\RDS01\{column}" for column in columns])
    lines = [",".join([f'"03/04/2026 {9 + row // 60:02}:{row % 60:02}:00.000"'] + [f'"{value}"' for value in values])
             for row, values in enumerate(rows)]
    return "\n".join([heading] + lines) + "\n"


class OverMoments(Case):
    """Growth over many moments: folders, or a long file of counters."""

    def compare_all(self, *paths):
        done = self.run_program("analyzer", "compare", *paths, "--format", "json", code=INCONCLUSIVE)
        text = self.run_program("analyzer", "compare", *paths, code=INCONCLUSIVE).stdout
        return json.loads(done.stdout), text

    def words(self, compared):
        return {(count.get("image"), count.get("pid")): count["word"] for count in compared["over_moments"]["counts"]
                if count["what"] == "handles"}

    def test_of_ten_folders_the_leaker_rises_among_those_that_do_not(self):
        wander = [0, 3, 1, 4, -2, 0, 2, -3, 1, 0]
        folders = [self.moment(f"at{i}", qwinsta=QWINSTA, processes=(
            "Node,HandleCount,Name,ProcessId,SessionId\nRDS01,41207,System,4,0\n"
            f"RDS01,{79396 + wander[i]},lsass.exe,960,0\nRDS01,{800 + 40 * i + i % 2},vendorsvc.exe,3164,0\n"
            f"RDS01,{300 + 50 * (i % 5)},svchost.exe,{1064 if i < 5 else 5000},0\n")) for i in range(10)]
        compared, text = self.compare_all(*folders)
        self.assertEqual(self.words(compared), {("System", 4): "steady", ("lsass.exe", 960): "may wander",
                                                ("vendorsvc.exe", 3164): "rises", ("svchost.exe", 1064): "too few",
                                                ("svchost.exe", 5000): "too few"})
        leaker = compared["over_moments"]["counts"][0]
        self.assertEqual([leaker[key] for key in ("first", "last", "points", "per")], [800, 1161, 10, "moment"])
        self.assertIn("handles of vendorsvc.exe (3164) rise from 800 to 1161", " ".join(compared["reasons"]))
        self.assertIn("over 10 moments", text)
        # Three show differences, and say how many it takes.
        compared, text = self.compare_all(*folders[:3])
        self.assertEqual(set(self.words(compared).values()), {"too few"})
        self.assertIn("8 are needed", " ".join(compared["limits"]))
        self.assertEqual(compared["handle_growth"][0]["after"], 400)

    def test_a_long_file_is_compared_alone(self):
        rows = [(79396 + row % 3, 800 + 2 * row, " " if row % 7 == 3 else 6) for row in range(90)]
        path = self.write("long.csv", counters([r"Process V2(lsass:960)\Handle Count", r"Process V2(agent:3164)\Handle Count",
                                                r"Terminal Services\Total Sessions"], rows, " (UTC)(0)"))
        compared, text = self.compare_all(path)
        self.assertEqual(self.words(compared), {("lsass", 960): "may wander", ("agent", 3164): "rises"})
        self.assertEqual(compared["over_moments"]["span"], 89 * 60)
        self.assertAlmostEqual(compared["over_moments"]["counts"][0]["slope"], 120, delta=0.01)
        self.assertIn("over time, 1h 29m", text)

    def test_numbers_behind_names_are_no_processes(self):
        rows = [(300, 100 if row < 10 else 900, 900 if row < 10 else " ") for row in range(20)]
        path = self.write("named.csv", counters([rf"Process({name})\Handle Count" for name in ("svchost", "svchost#1", "svchost#2")], rows))
        compared, _ = self.compare_all(path)
        [count] = compared["over_moments"]["counts"]
        self.assertEqual([count[key] for key in ("image", "by_name", "first", "last")], ["svchost", True, 1300, 1200])
        shown = self.show(path).stdout
        self.assertIn("svchost#1 (by name)", shown)
        self.assertIn("whose zone is not known", shown)

    def test_show_tells_what_it_does_not_read(self):
        path = self.write("other.csv", counters([r"Memory\Available MBytes", r"Process V2(lsass:960)\Handle Count"], [(1, 2), (3, 4)]))
        self.assertIn("columns that are not read: 1", self.show(path).stdout)

    def test_one_moment_is_not_compared(self):
        path = self.write("one.csv", counters([r"Process V2(lsass:960)\Handle Count"], [(1,)]))
        self.assertIn("nor counters over time", self.run_program("analyzer", "compare", path, code=USAGE).stderr)


class Compare(Case):
    def test_sessions_alone_support_no_verdict(self):
        before = self.write("before.txt", QWINSTA)
        compared, text = self.compare(before, self.write("after.txt", QWINSTA + STATION.format(152)), INCONCLUSIVE)
        self.assertIn({"first": 4, "last": 151}, compared["session_ids"]["gaps"])
        self.assertTrue(text.startswith("INCONCLUSIVE\n"))

    def test_nothing_between_the_two_supports_no_verdict(self):
        folder = self.moment("m", logons=SYSTEM + LOGONS, qwinsta=QWINSTA + STATION.format(4))
        compared, _ = self.compare(folder, folder, INCONCLUSIVE)
        self.assertIn("nobody is seen to have logged off", " ".join(compared["reasons"]))

    def test_logoff_that_left_nothing_is_clean(self):
        before = self.moment("before", logons=numbered(SYSTEM, BERT, LOGONS), qwinsta=FULL + STATION.format(4))
        after = self.moment("after", logons=numbered(SYSTEM, BERT, LOGONS.partition("\xa0")[0]), qwinsta=FULL)
        compared, _ = self.compare(before, after, INCONCLUSIVE)
        self.assertEqual(compared["orphans"], [])
        self.assertIn("whether session IDs stay taken is not known", " ".join(compared["reasons"]))
        (after / "handles.json").write_text('{"schema": "leaklab.snapshot/2", "elevated": true, "handles": [],'
                                            ' "sight": [{"section": "handles", "extent": "whole"}]}')
        self.compare(before, after, CLEAN)

    def test_logon_sessions_that_were_cut_prove_no_logoff(self):
        before = self.moment("before", logons=numbered(SYSTEM, BERT, LOGONS), qwinsta=FULL + STATION.format(4))
        after = self.moment("after", logons=numbered(SYSTEM, BERT, LOGONS.partition("\xa0")[0]), qwinsta=FULL + STATION.format(4))
        compared, _ = self.compare(before, after, INCONCLUSIVE)
        self.assertIn("session 4 of anna is listed, but no logon session in it", compared["reasons"][0])
        self.assertIn("nobody is seen to have logged off", " ".join(compared["reasons"]))

    def test_list_that_was_cut_proves_nothing(self):
        before = self.moment("before", logons=SYSTEM + LOGONS, qwinsta=FULL + STATION.format(4))
        whole = FULL + STATION.format(4)
        for length in range(len(whole) - len(STATION) - 20, len(whole) - 1):
            after = self.write("after.txt", SYSTEM + LOGONS + whole[:length])
            done = self.run_program("analyzer", "compare", before, after)
            if not whole[:length].rstrip().endswith(("Active", "admin")):
                self.assertEqual(done.returncode, INCONCLUSIVE, repr(whole[:length][-40:]))

    def test_other_host_is_no_pair(self):
        before = self.write("before.txt", "C:\\>qwinsta /server:rds01\n" + QWINSTA)
        compared, _ = self.compare(before, self.write("after.txt", "C:\\>qwinsta /server:rds02\n" + QWINSTA), INCONCLUSIVE)
        self.assertIn("rds02", compared["reasons"][0])

    def of_bert(self, name, minute, here, timed=True):
        """A moment with bert's session, or with what is left of it."""
        taken = {"time": f"2026-11-21T09:{minute:02}:00Z"} if timed else {}
        bert = {"luid": "00000000:00001002", "user": "bert", "session_id": 2, "logon_type": "RemoteInteractive"}
        snapshot = {"schema": "leaklab.snapshot/2", "host": "RDS01", "boot_time": "2026-11-20T06:00:00Z", "elevated": True, **taken,
                    "sessions": [{"id": 0, "state": "Disc"}] + ([{"id": 2, "user": "bert", "state": "Active"}] if here else []),
                    "logon_sessions": [{"luid": "00000000:000003e7", "user": "RDS01$", "session_id": 0}, bert],
                    "handles": [], "processes": [{"pid": 4, "image": "System"}]}
        snapshot["sight"] = [{"section": section, "extent": "whole", "rows": len(snapshot[section])}
                             for section in ("sessions", "logon_sessions", "handles", "processes")]
        return self.write(name, json.dumps(snapshot))

    def moments(self, code, *timed, minutes=(0, 5, 40)):
        last = len(timed) - 1
        files = [self.of_bert(f"{i}.json", minutes[i if i < last else 2], i == 0, timed[i]) for i in range(last + 1)]
        compared = json.loads(self.run_program("analyzer", "compare", "--json", *files, code=code).stdout)
        return " ".join(compared["reasons"]), " ".join(compared["limits"])

    def test_what_is_said_of_times_fits_the_times_that_are_used(self):
        for timed in itertools.product((True, False), repeat=2):
            reasons, limits = self.moments(INCONCLUSIVE, *timed)
            with self.subTest(timed=timed):
                self.assertEqual("sample again at 2026-11-21T10:00" in reasons, timed[1])
                if timed != (False, False):
                    self.assertNotIn("none of the moments", limits)
                for known, name in zip(timed, ("BEFORE", "AFTER")):
                    self.assertEqual(f"{name} does not show when it was taken" in limits, not known and any(timed))
        self.assertIn("none of the moments shows when it was taken", self.moments(INCONCLUSIVE, False, False)[1])

    def test_each_of_three_moments_without_a_time_is_named_once(self):
        for timed in itertools.product((True, False), repeat=3):
            reasons, limits = self.moments(LEAK if timed[1:] == (True, True) else INCONCLUSIVE, *timed)
            with self.subTest(timed=timed):
                self.assertEqual(len(re.findall("when (it was|they were) taken", limits)), 0 if all(timed) else 1)
                if any(timed):
                    for known, name in zip(timed, ("BEFORE", "moment 2", "AFTER")):
                        self.assertEqual(name in limits, not known)
        text = self.write("text.txt", FULL)
        files = self.of_bert("a.json", 0, True), text, self.of_bert("c.json", 40, False)
        compared = json.loads(self.run_program("analyzer", "compare", "--json", *files, code=INCONCLUSIVE).stdout)
        self.assertEqual(" ".join(compared["limits"]).count("moment 2 does not show when it was taken"), 1)

    def test_order_is_told_from_the_times_that_are_known(self):
        for timed in ((True, True, True), (True, False, True), (True, True)):
            reasons, _ = self.moments(INCONCLUSIVE, *timed, minutes=(30, 35, 0))
            self.assertRegex(reasons, "(BEFORE|moment 2) is newer than AFTER: give them in the other order")

    def test_one_orphan_is_one(self):
        reasons, _ = self.moments(LEAK, True, True, True)
        self.assertIn("it has been so for 20 minutes or longer", reasons)
        self.assertIn("nothing proves that it has been so", self.moments(INCONCLUSIVE, False, False)[0])

    def test_usage(self):
        self.run_program("analyzer", "compare", code=USAGE)
        self.run_program("analyzer", "compare", "one", code=USAGE)
        self.run_program("analyzer", "compare", "one", "two", "three", code=USAGE)
        self.run_program("analyzer", "compare", "gone1", "gone2", code=USAGE)
        self.run_program("analyzer", "compare", "--format", "xml", "a", "b", code=USAGE)
        self.assertIn("folder", self.run_program("analyzer", "compare", "--help", code=CLEAN).stdout)


class Events(Case):
    """Three weeks of a host, of whose sessions every third keeps its ID."""

    def log(self, leaks=True, start=datetime.datetime(2026, 3, 2, 8)):
        free, highest, events = set(), 1, []
        for number in range(210):
            at = start + datetime.timedelta(days=number // 10, hours=number % 10)
            session = min(free, default=highest + 1)
            free.discard(session)
            highest = max(highest, session)
            events += [(21, at, session, number), (23, at + datetime.timedelta(minutes=20), session, number)]
            if not leaks or number % 3:
                free.add(session)
        return events

    def xml(self, events):
        provider = "Microsoft-Windows-TerminalServices-LocalSessionManager"
        return "".join(
            f"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/><EventID>{event}"
            f"</EventID><TimeCreated SystemTime='{at.isoformat()}.1234567Z'/><EventRecordID>{record}</EventRecordID>"
            f"<Channel>{provider}/Operational</Channel><Computer>RDS01.corp.example</Computer></System><UserData><EventXML "
            f"xmlns='Event_NS'><User>CORP\\user{user % 10}</User><SessionID>{session}</SessionID></EventXML></UserData></Event>"
            for record, (event, at, session, user) in enumerate(events, 100))

    def csv(self, events, zone=" +00:00"):
        return "".join(['"TimeCreated","EventID","User","SessionID"\n'] + [
            f'"{at}{zone}","{event}","CORP\\user{user % 10}","{session}"\n' for event, at, session, user in events])

    def test_ids_that_logons_passed_over_are_named_with_since_when(self):
        for name, text in (("a.xml", self.xml(self.log())), ("a.csv", self.csv(self.log())), ("b.csv", self.csv(self.log(), ""))):
            shown = self.show(self.write(name, text)).stdout
            with self.subTest(name):
                self.assertIn("events: 420", shown)
                self.assertIn("from 2026-03-02 08:00:00 to 2026-03-22 17:20:00", shown)
                self.assertIn("session logons: 210, logoffs: 210", shown)
                self.assertRegex(shown, r"passed over: (69|70); not given again before the log's end or a break: (69|70)")
                self.assertRegex(shown, r"(?m)^ +2  2026-03-02 08:20:00  2026-03-02 (09|10):00:00 +3  - +CORP.user0$")
                self.assertIn("a hint, no verdict", " ".join(shown.split()))

    def test_a_healthy_log_proves_none(self):
        shown = self.show(self.write("a.xml", self.xml(self.log(leaks=False)))).stdout
        self.assertIn("passed over: none that the log proves", shown)
        self.assertIn("session IDs: 1, 2 to 2", shown)

    def test_the_release_time_is_the_users(self):
        path = self.write("a.xml", self.xml(self.log()[:8]))
        self.assertIn("passed over: 1;", self.show(path).stdout)
        self.assertIn("passed over: none", self.show("--release-time", "3h", path).stdout)

    def test_several_logs_of_one_host_are_one_history(self):
        events = self.log()
        files = [self.write(name, self.xml(events)) for name in ("all.xml", "again.xml")]
        boot = "<Event><System><Provider Name='EventLog'/><EventID>6005</EventID><TimeCreated SystemTime='2026-03-02T08:30:00Z'/>" \
            "<EventRecordID>1</EventRecordID><Computer>RDS01.corp.example</Computer></System></Event>"
        shown = self.show(*files, self.write("system.xml", boot)).stdout
        self.assertIn("events: 420", shown)
        self.assertIn("2026-03-02 08:30:00  the host was rebooted", shown)
        self.assertNotRegex(shown, r"2  2026-03-02 08:20:00  2026-03-02 09:00:00")

    def test_json_has_the_events(self):
        shown = self.run_program("analyzer", "show", "--json", self.write("a.xml", self.xml(self.log()[:2])), code=CLEAN).stdout
        events = json.loads(shown)["events"]
        self.assertEqual([(event["event_id"], event["session_id"], event["record"], event["user"]) for event in events],
                         [(21, 2, 100, "user0"), (23, 2, 101, "user0")])
        self.assertEqual(events[0]["time"], "2026-03-02T08:00:00.123456Z")
        again = self.show(self.write("again.json", shown)).stdout
        self.assertIn("session logons: 1, logoffs: 1", again)

    def test_a_log_says_nothing_of_leaks_to_compare(self):
        path = self.write("a.xml", self.xml(self.log()))
        self.run_program("analyzer", "compare", path, path, code=INCONCLUSIVE)

    def logged(self, events):
        return [text.replace(" xmlns='Event_NS'", "").replace(" xmlns='http://schemas.microsoft.com/win/2004/08/events/event'", "")
                + "</Event>" for text in self.xml(events).split("</Event>")[:-1]]

    def test_a_log_itself_is_read(self):
        path = self.folder / "a.evtx"
        path.write_bytes(evtx.log(self.logged(self.log()[:40])))
        shown = self.show(path).stdout
        self.assertIn("session logons: 20, logoffs: 20", shown)
        self.assertIn("from 2026-03-02 08:00:00 to 2026-03-03 17:20:00 (UTC)", shown)
        self.assertIn("not understood: 0", shown)

    def test_records_that_a_log_lacks_are_left_over(self):
        path = self.folder / "a.evtx"
        path.write_bytes(evtx.log(self.logged(self.log()[:4]), missing=2))
        shown = self.show(path).stdout
        self.assertIn("records 3 to 3 of the log are missing", shown)
        self.assertIn("nothing is concluded over them", shown)

    def test_a_damaged_log_never_ends_in_a_crash(self):
        whole = evtx.log(self.logged(self.log()[:6]))
        chance = random.Random(1)
        for number in range(60):
            path = self.folder / f"{number}.evtx"
            damaged = bytearray(whole[:chance.choice([len(whole), chance.randrange(len(whole))])])
            for _ in range(8):
                if len(damaged) > 8:
                    damaged[chance.randrange(8, min(len(damaged), 8000))] = chance.randrange(256)
            path.write_bytes(damaged)
            self.assertIn(self.run_program("analyzer", "show", path).returncode, (CLEAN, USAGE))

    def test_another_language_is_refused_with_advice(self):
        path = self.write("a.txt", "Event[0]:\n  Protokollname: Security\n  Ereignis-ID: 4624\n")
        self.assertIn("/f:xml", self.run_program("analyzer", "show", path, code=USAGE).stderr)


if __name__ == "__main__":
    tap.main()
