"""From a memory dump to the culprit: the lab host crashes on request, and dumps made from descriptions are as bad as can be."""
import json
import re
import struct
import subprocess
import sys
import unittest

import leaklab
import tap

sys.path.append(str(leaklab.ROOT / "tests/pdb"))
import pack

MKDUMP = leaklab.BUILD / "tests/dump/mkdump"
MKMANY = leaklab.BUILD / "tests/dump/mkmany"
LAYOUTS = ("9600", "14393", "19041", "26h1")
DESCRIPTIONS = leaklab.ROOT / "tests/dump"

# One user gone, whose token a service holds.
HOST = """
process 4 System 0
process 812 lsass.exe 0
process 2044 faultysvc.exe 0
process 3100 explorer.exe 3
user-module 2044 faultysvc.exe 7ff6a0000000 40000
logon 0:3e7 LABHOST$ LAB
logon 0:fd2f5 user01 LAB
logon 0:ff123 user03 LAB
token system 0:3e7 0 S-1-5-18
token gone1 0:fd2f5 2 S-1-5-21-1-2-3-1001 impersonation level=1 {by}
token here 0:ff123 3 S-1-5-21-1-2-3-1003
handle 812 gone1
handle 2044 gone1 1a4
primary 4 system
primary 812 system
primary 2044 system
primary 3100 here
"""
BY = "by=2044:2100:duplicate:faultysvc.exe stack=SepDuplicateToken+10,NtDuplicateToken+c,7ff6a0001234"


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class DumpCase(leaklab.Case):
    def describe(self, machine, more="", by=BY):
        text = f"machine {machine}\n" + HOST.format(by=by) + more
        path = self.write("description.txt", text)
        self.path = self.folder / "MEMORY.DMP"
        subprocess.run([MKDUMP, path, self.path, self.folder / "ntkrnlmp.pdb"], check=True, capture_output=True)

    def dump(self, *arguments, code=None, symbols=True, path=None, env=None, **more):
        """The users of the description logged off long ago."""
        words = ["--after-logoff", "25m"] + (["--symbols", self.folder] if symbols else [])
        done = self.run_program("analyzer", "dump", path or self.path, *words, *arguments, code=code,
                                env=env or {"_NT_SYMBOL_PATH": ""}, **more)
        self.assertLess(len(done.stderr), 4000)
        return done

    def answer(self, *arguments, code=1):
        return json.loads(self.dump("--format", "json", "--all", *arguments, code=code).stdout)

    def missing(self, answer, what):
        return {entry["why"]: entry["count"] for entry in answer["missing"] if entry["what"] == what}


class Culprit(DumpCase):
    def check_creator(self, answer):
        creator = answer["creators"][0]
        stack, = creator["stacks"]
        self.assertEqual((creator["image"], creator["pid"], stack["method"]), ("faultysvc.exe", 2044, "duplicate"))
        self.assertEqual(stack["frames"],
                         ["nt!SepDuplicateToken+0x10", "nt!NtDuplicateToken+0xc", "faultysvc.exe+0x1234"])
        self.assertEqual({holder["image"]: holder["tokens"] for holder in creator["holders"]},
                         {"faultysvc.exe": 1, "lsass.exe": 1})
        self.assertEqual([holder["image"] for holder in answer["holders"]], ["faultysvc.exe", "lsass.exe"])

    def test_creator_and_holder_are_named_in_each_layout_with_tracking(self):
        for layout in LAYOUTS[1:]:
            for kind in ("full", "bitmap-full", "bitmap-kernel"):
                with self.subTest(layout=layout, kind=kind):
                    self.describe(f"{layout} tracking {kind}")
                    answer = self.answer()
                    self.check_creator(answer)
                    self.assertEqual(answer["leak_tracking"], "on")
                    self.assertEqual(answer["referred_session_ids"], [2])
                    self.assertEqual((answer["logon_sessions"], answer["orphans"]), (3, 1))
                    self.assertEqual(answer["orphaned"][0]["luid"], "00000000:000fd2f5")
                    self.assertEqual(answer["orphaned"][0]["kernel_references"], 0)

    def test_holder_is_named_in_each_layout_without_tracking_and_how_to_turn_it_on(self):
        for layout in LAYOUTS:
            with self.subTest(layout=layout):
                self.describe(layout)
                answer = self.answer()
                self.assertEqual([(holder["kind"], holder["image"], holder["pid"]) for holder in answer["holders"]],
                                 [("process", "faultysvc.exe", 2044), ("process", "lsass.exe", 812)])
                self.assertEqual(answer["creators"], [])
                self.assertEqual(answer["leak_tracking"], "absent" if layout == "9600" else "off")
                text = " ".join(self.dump(code=1).stdout.split())
                self.assertEqual("leaklab-probe arm" in text, layout != "9600")

    def test_pages_that_stand_in_the_file_in_no_order_are_read(self):
        page = "page token gone1 transition\n"
        for machine in ("14393 tracking full large", "19041 tracking spread mask=10000000000", "26h1 levels=5 large spread"):
            with self.subTest(machine=machine):
                self.describe(machine, page)
                ordered, answer = self.path.read_bytes(), self.answer()
                self.describe(machine + " shuffled", page)
                self.assertNotEqual(self.path.read_bytes(), ordered)
                self.assertEqual(self.answer(), answer)
                self.assertEqual(answer["missing"], [])

    def test_five_levels_large_pages_spread_and_swizzled_transition_pages_are_read(self):
        pages = "page logon 0:fd2f5 transition\npage token gone1 transition\npage diagnostics gone1 transition\n" \
                "page node gone1 transition\n"
        for machine in ("19041 tracking levels=5", "19041 tracking large", "19041 tracking spread mask=10000000000",
                        "26h1 tracking spread levels=5 large mask=2000000000"):
            with self.subTest(machine=machine):
                self.describe(machine, pages if "spread" in machine else "")
                answer = self.answer()
                self.check_creator(answer)
                self.assertEqual(answer["missing"], [])

    def test_json_has_tokens_alike_as_one_row_and_each_token_with_all(self):
        twins = "token twin{0} 0:fd2f5 2 S-1-5-21-1-2-3-1001 impersonation level=1 captures={0} " + BY.format() + "\n" \
                "handle 812 twin{0}\nhandle 2044 twin{0}\nhandle 2044 twin{0}\n"
        more = "".join(twins.format(i) for i in range(1, 4)) + "token alone 0:fd2f5 2 S-1-5-21-1-2-3-1001\n"
        for machine in ("19041 tracking", "19041"):
            with self.subTest(machine=machine):
                self.describe(machine, more + "handle 2044 alone\n")
                orphan, = json.loads(self.dump("--json", code=1).stdout)["orphaned"]
                self.assertNotIn("tokens", orphan)
                self.assertEqual(orphan["token_count"], 5)
                self.assertEqual(sorted(group["count"] for group in orphan["token_groups"]), [1, 1, 3])
                twins_found, = [group for group in orphan["token_groups"] if group["count"] == 3]
                self.assertEqual((twins_found["user_sid"], twins_found["session_id"], twins_found["type"], twins_found["level"]),
                                 ("S-1-5-21-1-2-3-1001", 2, "impersonation", 1))
                self.assertEqual({holder["image"]: (holder["kind"], holder["count"]) for holder in twins_found["holders"]},
                                 {"lsass.exe": ("handle", 3), "faultysvc.exe": ("handle", 6)})
                if "tracking" in machine:
                    self.assertEqual(twins_found["created_by"], {"image": "faultysvc.exe", "pid": 2044, "method": "duplicate",
                                                                 "captures": 6})
                every, = self.answer()["orphaned"]
                self.assertEqual(len(every["tokens"]), 5)
                self.assertEqual(every["token_groups"], orphan["token_groups"])

    def test_kernel_reference_is_the_remainder(self):
        for machine in ("14393 tracking", "19041"):
            self.describe(machine, "logon 0:fe001 user02 LAB\nreferences 0:fe001 1\n")
            answer = self.answer()
            orphan = next(one for one in answer["orphaned"] if one["luid"].endswith("fe001"))
            self.assertEqual((orphan["references"], orphan["kernel_references"], orphan["tokens"]), (1, 1, []))
            self.assertNotIn("session_id", orphan)
            kernel = next(one for one in answer["holders"] if one["kind"] == "kernel")
            self.assertEqual((kernel["orphans"], kernel["references"]), (1, 1))

    def test_token_that_holds_no_reference_does_not_explain_one(self):
        self.describe("19041 tracking", "logon 0:fe001 user02 LAB\nreferences 0:fe001 1\n"
                      "token weak 0:fe001 5 S-1-5-21-1-2-3-1002 flags=20\nhandle 2044 weak\n")
        orphan = next(one for one in self.answer()["orphaned"] if one["luid"].endswith("fe001"))
        self.assertEqual((orphan["references"], orphan["kernel_references"]), (1, 1))

    def test_threads_exited_processes_and_own_tokens_are_holders(self):
        self.describe("19041", """
process 5000 zombie.exe 2 exited
thread 2044 2100 gone1
logon 0:fe001 user02 LAB
token own 0:fe001 5 S-1-5-21-1-2-3-1002
session-token 0:fe001 own
logon 0:fe002 user04 LAB
token zombie 0:fe002 6 S-1-5-21-1-2-3-1004
primary 5000 zombie
""")
        answer = self.answer()
        kinds = {orphan["luid"][-5:]: sorted(holder["kind"] for token in orphan["tokens"] for holder in token["holders"])
                 for orphan in answer["orphaned"]}
        self.assertEqual(kinds, {"fd2f5": ["handle", "handle", "thread"], "fe001": ["session_token"],
                                 "fe002": ["primary_token"]})

    KEPT = """
process 2100 edragent.exe 0
process 3200 explorer.exe 5 exited
process 3300 explorer.exe 6 exited
logon 0:fe001 user02 LAB
logon 0:fe002 user04 LAB
token two 0:fe001 5 S-1-5-21-1-2-3-1002 by=812:840:create:lsass.exe
token four 0:fe002 6 S-1-5-21-1-2-3-1004 by=812:840:create:lsass.exe
primary 2100 system
primary 3200 two
primary 3300 four
handle 2100 process:3200 1f4
handle 2100 thread:3300:3304 1f8
handle 2100 process:3100 1fc
"""

    def test_who_keeps_exited_processes_is_named_and_not_they(self):
        for layout in LAYOUTS:
            for tracking in (" tracking", "") if layout != "9600" else ("",):
                with self.subTest(layout=layout, tracking=tracking):
                    self.describe(layout + tracking, self.KEPT)
                    answer = self.answer()
                    agent = next(one for one in answer["holders"] if one["image"] == "edragent.exe")
                    self.assertEqual((agent["kind"], agent["orphans"], agent["pid"]), ("process", 2, 2100))
                    self.assertNotIn("explorer.exe", {one["image"] for one in answer["holders"]})
                    holders = [holder for orphan in answer["orphaned"] for token in orphan["tokens"]
                               for holder in token["holders"] if holder["kind"] == "exited_process"]
                    self.assertEqual([(holder["image"], holder["handle"], holder["exited_process"]) for holder in holders],
                                     [("edragent.exe", "0x1f4", {"image": "explorer.exe", "pid": 3200}),
                                      ("edragent.exe", "0x1f8", {"image": "explorer.exe", "pid": 3300, "tid": 3304})])
                    self.assertEqual(answer["referred_session_ids"], [2, 5, 6])
                    text = " ".join(self.dump(code=1).stdout.split())
                    self.assertIn("edragent.exe (2100) keeps handles to exited processes, and so 2 tokens of 2 orphans", text)
                    self.assertIn("2 handles to exited processes", text)

    def test_snapshot_of_a_dump_names_who_keeps_exited_processes(self):
        self.describe("19041", self.KEPT)
        snapshot = json.loads(self.dump("--format", "snapshot").stdout)
        kept = [(handle["image"], handle["value"], handle["type"], handle["target"]["pid"], handle["luid"], handle["session_id"])
                for handle in snapshot["handles"] if "target" in handle]
        self.assertEqual(kept, [("edragent.exe", 0x1f4, "Process", 3200, "00000000:000fe001", 5),
                                ("edragent.exe", 0x1f8, "Thread", 3300, "00000000:000fe002", 6)])
        self.assertEqual({process["pid"] for process in snapshot["processes"] if process.get("exited")}, {3200, 3300})

    def test_exited_process_that_nobody_has_a_handle_to_is_kept_by_the_kernel(self):
        self.describe("19041", """
process 3200 explorer.exe 5 exited
logon 0:fe001 user02 LAB
token two 0:fe001 5 S-1-5-21-1-2-3-1002
primary 3200 two
""")
        answer = self.answer()
        self.assertEqual({one["kind"] for one in answer["holders"]}, {"process", "kernel"})
        # Everywhere the same.
        self.assertEqual(next(one for one in answer["orphaned"] if one["luid"].endswith("fe001"))["kernel_references"], 1)
        self.assertEqual(answer["orphans_held_by_kernel"], 1)

    def test_token_of_another_user_refers_to_the_session_id(self):
        self.describe("19041 tracking", "token borrowed 0:3e7 7 S-1-5-18 impersonation level=1 "
                      "by=2044:2100:duplicate:faultysvc.exe\nhandle 2044 borrowed 2c0\n")
        answer = self.answer()
        self.assertEqual((answer["referred_session_ids"], answer["tokens_keep_session_ids"]), ([2, 7], "yes"))
        text = " ".join(self.dump(code=1).stdout.split())
        self.assertIn("Session IDs 2 and 7 are in no session list; faultysvc.exe (process 2044) holds", text)

    def test_build_without_the_rule_says_so_and_its_tokens_refer_to_no_id(self):
        self.describe("14393", "token borrowed 0:3e7 7 S-1-5-18\nhandle 2044 borrowed 2c0\n")
        answer = self.answer()
        self.assertEqual(answer["tokens_keep_session_ids"], "absent")
        self.assertNotIn(7, answer["referred_session_ids"])

    def test_method_says_which_calls_to_look_for(self):
        for method, call in (("duplicate", "DuplicateTokenEx"), ("filter", "CreateRestrictedToken"), ("create", "LsaLogonUser")):
            with self.subTest(method=method):
                self.describe("19041 tracking", by=BY.replace("duplicate", method))
                self.assertIn(call, self.dump(code=1).stdout)

    def test_elevated_half_of_a_user_who_is_there_is_no_orphan(self):
        self.describe("19041", "logon 0:ff124 user03 LAB\ntoken elevated 0:ff124 3 S-1-5-21-1-2-3-1003\nhandle 812 elevated\n")
        self.assertEqual(self.answer()["orphans"], 1)

    def test_handle_tables_of_three_levels_are_read(self):
        self.describe("19041", "handle 2044 gone1 %x\nhandle 2044 here %x\n" % (300 * 4, 140000 * 4))
        token = self.answer()["orphaned"][0]["tokens"][0]
        self.assertEqual({holder.get("handle") for holder in token["holders"]}, {"0x4", "0x1a4", hex(300 * 4)})

    def test_host_without_orphans_is_clean(self):
        self.describe("19041", "process 3200 cmd.exe 2\nprimary 3200 gone1\n")
        done = self.dump(code=0)
        self.assertIn("0 of them orphaned", done.stdout)

    def test_process_that_runs_in_an_orphan_hides_it_neither_from_dump_nor_from_its_snapshot(self):
        self.describe("19041", "process 4100 agent.exe 0\nprimary 4100 gone1\n", by="")
        answer = self.answer()
        self.assertEqual([orphan["luid"] for orphan in answer["orphaned"]], ["00000000:000fd2f5"])
        snapshot = self.write("snapshot.json", self.dump("--format", "snapshot").stdout)
        done = self.run_program("analyzer", "compare", "--format", "json", "--after-logoff", "25m", snapshot, snapshot, code=1)
        self.assertEqual([orphan["luid"] for orphan in json.loads(done.stdout)["orphans"]], ["00000000:000fd2f5"])

    def test_text_fits_80_columns_and_log_is_private(self):
        self.describe("19041 tracking", "logon 0:fe001 %s %s\nreferences 0:fe001 1\n" % ("u" * 200, "d" * 200))
        log = self.folder / "log.txt"
        for arguments in ((), ("--verbose",)):
            done = self.dump(*arguments, code=1)
            self.assertEqual([line for line in done.stdout.splitlines() if len(line) > 80], [])
            log.write_text("old " * 5000)
            log.chmod(0o644)
            self.assertIn("--force", self.dump(*arguments, "-o", log, code=2).stderr)
            self.assertEqual(self.dump(*arguments, "--force", "-o", log, code=1).stdout, "")
            self.assertEqual(log.read_text(), done.stdout)
        self.assertEqual(log.stat().st_mode & 0o777, 0o600)


class Blame(DumpCase):
    """Holders are ranked by process, and who made their tokens stands beside them."""
    KERNEL = "SepDuplicateToken+10,NtDuplicateToken+c,KiSystemServiceCopyEnd+8"

    def orphan(self, number, by=None, stack=None, holders=(), name="g"):
        """A user who is gone, a token of whom these processes have handles to."""
        luid = f"0:{0x100000 + 16 * number:x}"
        text = f"logon {luid} user{number} LAB\n" if name == "g" else ""
        text += f"token {name}{number} {luid} {10 + number} S-1-5-21-1-2-3-{2000 + number}" + (f" by={by}" if by else "") \
            + (f" stack={stack}" if stack else "") + "\n"
        return text + "".join(f"handle {pid} {name}{number}\n" for pid in holders)

    def processes(self, *processes):
        return "".join(f"process {pid} {image} 0\nprimary {pid} system\n" for pid, image in processes)

    def blame(self, machine, more, code=1):
        """Without the one orphan of the description."""
        self.describe(machine, "process 3200 cmd.exe 2\nprocess 3204 csrss.exe 2\nprimary 3200 gone1\nprimary 3204 gone1\n" + more, by="")
        self.text = " ".join(self.dump(code=code).stdout.split())
        return self.answer(code=code)

    def brief(self, rows):
        return [(row.get("image", row.get("kind")), row.get("pid"), row["orphans"], row["tokens"]) for row in rows]

    def test_stale_tails_of_stacks_make_no_culprits_of_their_own(self):
        more = self.processes((4100, "agent.exe"), (900, "svchost.exe"))
        for number in range(150):
            more += self.orphan(number, "4100:4104:duplicate:agent.exe",
                                f"{self.KERNEL},7ff8c0010004,7ff6b0001234,{0x7ff000000000 + 4096 * number:x},{0x10000 + number:x}", [4100])
        for number in (200, 201):
            more += self.orphan(number, "900:904:duplicate:svchost.exe", f"{self.KERNEL},7ff8c0010004", [900])
        answer = self.blame("14393 tracking", more)
        self.assertEqual(self.brief(answer["holders"]), [("agent.exe", 4100, 150, 150), ("svchost.exe", 900, 2, 2)])
        self.assertEqual(self.brief(answer["creators"]), [("agent.exe", 4100, 150, 150), ("svchost.exe", 900, 2, 2)])
        self.assertEqual([row["made_itself"] for row in answer["holders"]], [150, 2])
        stack, = answer["creators"][0]["stacks"]
        self.assertEqual((stack["method"], stack["tokens"], stack["variants"]), ("duplicate", 150, 150))
        self.assertEqual(stack["frames"], ["nt!SepDuplicateToken+0x10", "nt!NtDuplicateToken+0xc", "nt!KiSystemServiceCopyEnd+0x8",
                                           "user 0x7ff8c0010004", "user 0x7ff6b0001234"])
        self.assertIn("1. agent.exe (4100) holds 150 tokens of 150 orphans, all of which it made itself", self.text)

    def test_processes_of_one_image_are_never_one(self):
        for image in ("svchost.exe", "dllhost.exe", "w3wp.exe"):
            with self.subTest(image=image):
                more = self.processes((900, image), (904, image))
                for number in range(15):
                    pid = 904 if number < 10 else 900
                    more += self.orphan(number, f"{pid}:{pid}:duplicate:{image}", self.KERNEL, [pid, 812])
                answer = self.blame("19041 tracking", more)
                both = [(image, 904, 10, 10), (image, 900, 5, 5)]
                self.assertEqual(self.brief(answer["holders"]), both + [("lsass.exe", 812, 15, 15)])
                self.assertEqual(self.brief(answer["creators"]), both)
                self.assertEqual([row["alone"] for row in answer["holders"]], [10, 5, 0])
                self.assertEqual([row["follower"] for row in answer["holders"]], [False, False, True])
                self.assertEqual([row["held_itself"] for row in answer["creators"]], [10, 5])

    def test_creator_that_has_exited_is_named_by_image_beside_who_holds_its_tokens(self):
        more = self.processes((4200, "monitor.exe"))
        for number in range(6):
            more += self.orphan(number, f"{5000 + 4 * (number % 3)}:5100:duplicate:helper.exe", self.KERNEL, [4200])
        answer = self.blame("19041 tracking", more)
        self.assertEqual(self.brief(answer["holders"]), [("monitor.exe", 4200, 6, 6)])
        creator, = answer["creators"]
        self.assertEqual((creator["image"], creator.get("pid"), creator["exited"], creator["pids"]),
                         ("helper.exe", None, True, [5000, 5004, 5008]))
        self.assertEqual((creator["orphans"], creator["tokens"], creator["held_itself"]), (6, 6, 0))
        self.assertEqual([(row["image"], row["pid"], row["tokens"]) for row in creator["holders"]], [("monitor.exe", 4200, 6)])
        self.assertIn("1. monitor.exe (4200) holds 6 tokens of 6 orphans, made by helper.exe", self.text)
        self.assertIn("1. helper.exe (5000, 5004, 5008, exited) duplicated 6 tokens of 6 orphans", self.text)

    def test_process_id_that_another_program_has_now_is_not_the_creator(self):
        more = self.processes((4200, "innocent.exe"), (4204, "monitor.exe"))
        more += "".join(self.orphan(number, "4200:4300:duplicate:helper.exe", self.KERNEL, [4204]) for number in range(3))
        answer = self.blame("19041 tracking", more)
        creator, = answer["creators"]
        self.assertEqual((creator["image"], creator.get("pid"), creator["exited"]), ("helper.exe", None, True))
        self.assertEqual(self.brief(answer["holders"]), [("monitor.exe", 4204, 3, 3)])

    def test_who_hold_as_much_are_tied(self):
        more = self.processes((4100, "agent.exe"), (900, "svchost.exe"), (4200, "third.exe"))
        for number in range(9):
            more += self.orphan(number, holders=[4100 if number < 4 else 900 if number < 8 else 4200])
        answer = self.blame("19041", more)
        self.assertEqual(self.brief(answer["holders"])[:2], [("agent.exe", 4100, 4, 4), ("svchost.exe", 900, 4, 4)])
        self.assertEqual([row["tied"] for row in answer["holders"]], [True, True, False])
        self.assertIn("The first 2 rank equally: each holds orphans that nobody else holds.", self.text)
        answer = self.blame("19041", more + self.orphan(20, holders=[4100]))
        self.assertEqual([row["tied"] for row in answer["holders"]], [False, False, False])
        self.assertNotIn("rank equally", self.text)
        answer = self.blame("19041", self.processes((4100, "agent.exe"), (4200, "third.exe")) + "".join(
            self.orphan(number, holders=[4100, 4200]) for number in range(4)))
        self.assertIn("The first 2 rank equally: nothing shows which of them leaks.", self.text)

    def test_lsass_makes_tokens_for_others(self):
        more = self.processes((4100, "agent.exe"))
        for number in range(5):
            more += self.orphan(number, "812:840:create:lsass.exe", "SepCreateToken+4", [812, 4100])
        answer = self.blame("19041 tracking", more)
        self.assertEqual(self.brief(answer["holders"]), [("agent.exe", 4100, 5, 5), ("lsass.exe", 812, 5, 5)])
        self.assertEqual(self.brief(answer["creators"]), [("lsass.exe", 812, 5, 5)])
        self.assertTrue(answer["creators"][0]["for_others"])
        self.assertIn("1. agent.exe (4100) holds 5 tokens of 5 orphans, made by lsass.exe (812)", self.text)
        self.assertIn("1. lsass.exe (812) created 5 tokens of 5 orphans, as it does for others", self.text)

    def test_who_made_a_token_and_who_has_it_now_are_both_named(self):
        more = self.processes((4100, "agent.exe"), (4200, "monitor.exe"))
        for number in range(5):
            more += self.orphan(number, "4100:4104:duplicate:agent.exe", self.KERNEL, [4200])
        answer = self.blame("19041 tracking", more)
        self.assertEqual(self.brief(answer["holders"]), [("monitor.exe", 4200, 5, 5)])
        self.assertEqual((answer["holders"][0]["made_itself"], [row["image"] for row in answer["holders"][0]["creators"]]), (0, ["agent.exe"]))
        self.assertEqual(self.brief(answer["creators"]), [("agent.exe", 4100, 5, 5)])
        self.assertEqual((answer["creators"][0]["held_itself"], answer["creators"][0]["exited"]), (0, False))

    def test_creator_of_a_token_that_nobody_holds_in_sight_is_named_as_creator_only(self):
        more = self.processes((4100, "agent.exe")) + self.orphan(0, "4100:4104:duplicate:agent.exe", self.KERNEL)
        answer = self.blame("19041 tracking", more)
        self.assertEqual(self.brief(answer["holders"]), [("kernel", None, 1, 1)])
        self.assertEqual(self.brief(answer["creators"]), [("agent.exe", 4100, 1, 1)])
        self.assertEqual((answer["creators"][0]["held_itself"], answer["creators"][0]["tokens_unheld"]), (0, 1))
        self.assertIn("1. the kernel holds 1 token of 1 orphan, made by agent.exe (4100)", self.text)

    def test_followers_never_lead_while_another_holder_is_known(self):
        more = self.processes((4100, "svchost.exe"))
        for number in range(20):
            more += self.orphan(number, holders=[4, 812] + [4100] * (number < 20))
        answer = self.blame("19041", more)
        self.assertEqual([(row["image"], row["alone"], row["follower"]) for row in answer["holders"]],
                         [("svchost.exe", 20, False), ("System", 0, True), ("lsass.exe", 0, True)])

    def test_third_party_stands_before_windows_own_with_as_many_alone(self):
        more = self.processes((900, "svchost.exe"), (4100, "agent.exe"), (4200, "third.exe"))
        for number, holders in enumerate([[900]] * 3 + [[4100]] * 3 + [[900, 4200]] * 2):
            more += self.orphan(number, holders=holders)
        self.assertEqual([(row["image"], row["alone"], row["orphans"]) for row in self.blame("19041", more)["holders"]],
                         [("agent.exe", 3, 3), ("svchost.exe", 3, 5), ("third.exe", 0, 2)])

    def test_methods_and_paths_of_one_creator_stand_beneath_it(self):
        more = self.processes((4100, "agent.exe"))
        paths = ["SepDuplicateToken+10,NtDuplicateToken+c,7ff6b0001234"] * 12 + ["SepDuplicateToken+10,KiSystemServiceCopyEnd+8,7ff6b0009999"] * 6
        for number, stack in enumerate(paths):
            more += self.orphan(number, "4100:4104:duplicate:agent.exe", stack, [4100])
        for number in range(30, 33):
            more += self.orphan(number, "4100:4104:filter:agent.exe", "NtFilterToken+4,7ff6b0005555", [4100])
        creator, = self.blame("19041 tracking", more)["creators"]
        self.assertEqual([(stack["method"], stack["tokens"], stack["variants"], len(stack["frames"])) for stack in creator["stacks"]],
                         [("duplicate", 12, 1, 3), ("duplicate", 6, 1, 3), ("filter", 3, 1, 2)])
        self.assertIn("1. agent.exe (4100) made 21 tokens of 21 orphans", self.text)
        self.assertIn("CreateRestrictedToken", self.text)

    def test_two_ways_through_one_program_are_told_apart_where_they_part(self):
        more = self.processes((4100, "agent.exe")) + "user-module 4100 agent.exe 7ff6b0000000 40000\n"
        for number in range(12):
            more += self.orphan(number, "4100:4104:duplicate:agent.exe",
                                f"{self.KERNEL},7ff6b000{'1234' if number < 8 else '9999'},7ff6b0001111", [4100])
        stack, = self.blame("19041 tracking", more)["creators"][0]["stacks"]
        self.assertEqual((stack["tokens"], stack["variants"], len(stack["frames"])), (12, 2, 3))
        self.assertEqual(stack["next"], [{"frame": "agent.exe+0x1234", "tokens": 8}, {"frame": "agent.exe+0x9999", "tokens": 4}])


    def test_who_holds_the_session_id_of_an_orphan_holds_it(self):
        # As compare and judge say: a copy of winlogon's token, stamped with the session ID, is no token of the user.
        more = self.processes((4100, "agent.exe")) + self.orphan(0, holders=[812]) + self.orphan(1, holders=[812, 2044]) \
            + "token copy 0:3e7 10 S-1-5-18\nhandle 4100 copy\nhandle 4100 copy\n"
        for machine, rule in (("19041", True), ("26h1", True), ("14393", False)):
            with self.subTest(machine=machine):
                answer = self.blame(machine, more)
                self.assertEqual(answer["tokens_keep_session_ids"], "yes" if rule else "absent")
                rows = {row["image"]: (row["orphans"], row["alone"], row["tokens"], row.get("tokens_of_session_ids"), row["follower"])
                        for row in answer["holders"]}
                expected = {"faultysvc.exe": (1, 1, 1, None, False), "lsass.exe": (2, 0 if rule else 1, 2, None, rule)}
                if rule:
                    expected["agent.exe"] = (1, 1, 0, 1, False)
                self.assertEqual(rows, expected)
                self.assertEqual("agent.exe (4100) holds 1 token of the session ID of 1 orphan" in self.text, rule)
                if rule:
                    self.assertEqual(answer["holders"][-1]["image"], "lsass.exe")
                    snapshot = self.write("snapshot.json", self.dump("--format", "snapshot").stdout)
                    done = self.run_program("analyzer", "compare", "--json", "--after-logoff", "25m", snapshot, snapshot, code=1)
                    self.assertEqual({row["image"]: (row["logon_sessions"], row["alone"]) for row in json.loads(done.stdout)["holders"]},
                                     {image: row[:2] for image, row in rows.items()})

    def test_exited_process_that_is_kept_keeps_the_session_id_of_orphans(self):
        more = self.processes((4100, "agent.exe")) + self.orphan(0, holders=[812]) + self.orphan(1, holders=[812]).replace(" 11 S", " 10 S") \
            + "process 3300 winlogon.exe 10 exited\ntoken winlogon 0:3e7 10 S-1-5-18\nprimary 3300 winlogon\nhandle 4100 process:3300\n"
        for machine in ("19041", "14393"):
            with self.subTest(machine=machine):
                row = self.blame(machine, more)["holders"][0]
                self.assertEqual((row["image"], row["orphans"], row["alone"], row["tokens_of_session_ids"]), ("agent.exe", 2, 2, 1))
                self.assertIn("agent.exe (4100) keeps handles to exited processes, and so 1 token of the session IDs of 2 orphans", self.text)

    def test_own_token_of_a_logon_session_is_not_the_kernel(self):
        own = "logon 0:fe001 user02 LAB\ntoken own 0:fe001 5 S-1-5-21-1-2-3-1002\nsession-token 0:fe001 own\n"
        answer = self.blame("19041", own)
        self.assertEqual([(row["kind"], row["orphans"], row["own_tokens"]) for row in answer["holders"]], [("own_token", 1, 1)])
        self.assertEqual((answer["orphans_held_by_kernel"], answer["orphaned"][0]["kernel_references"]), (0, 0))
        self.assertNotRegex(self.text, "the kernel (holds|itself)|by the kernel")
        self.assertIn("1. the logon sessions' own tokens keep 1 orphan: nothing else in sight does", self.text)
        # Whoever has a handle to it keeps it, and lsass is somebody.
        for pid, image in ((812, "lsass.exe"), (2044, "faultysvc.exe")):
            answer = self.blame("19041", own + f"handle {pid} own\n")
            self.assertEqual(self.brief(answer["holders"]), [(image, pid, 1, 1)])
        # What holds no reference explains none.
        answer = self.blame("19041", own.replace("1002", "1002 flags=2020") + "references 0:fe001 1\n")
        self.assertEqual(self.brief(answer["holders"]), [("kernel", None, 1, 0)])
        self.assertIn("the kernel holds 1 reference to 1 orphan, which no token in sight explains", self.text)
        self.assertNotIn("without a token", self.text)

    def test_tokens_and_references_of_the_kernel_are_both_told(self):
        answer = self.blame("19041 tracking", "logon 0:fe001 user02 LAB\ntoken gone 0:fe001 5 S-1-5-21-1-2-3-1002 by=812:840:create:lsass.exe\n"
                            "references 0:fe001 2\n")
        row, = answer["holders"]
        self.assertEqual((row["kind"], row["tokens"], row["references"]), ("kernel", 1, 2))
        self.assertEqual(answer["orphaned"][0]["kernel_references"], 3)
        self.assertIn("the kernel holds 1 token of 1 orphan, made by lsass.exe (812); and 2 references that no token in sight explain", self.text)


class Stacks(DumpCase):
    """What a frame lies in is told, or that it lies in nothing."""
    def frames(self, stack, more="", machine="19041 tracking"):
        self.describe(machine, more + "user-module 2044 ntdll.dll 7ff8c0000000 1f0000\n",
                      by=f"by=2044:2100:duplicate:faultysvc.exe stack={stack}")
        path, = self.answer()["creators"][0]["stacks"]
        return path["frames"]

    def test_frame_in_no_module_is_marked_and_the_next_ones_are_told(self):
        self.assertEqual(self.frames("SepDuplicateToken+10,fffff80399990010,NtDuplicateToken+c,7ff6a0001234"),
                         ["nt!SepDuplicateToken+0x10", "kernel 0xfffff80399990010 (in no module)", "nt!NtDuplicateToken+0xc",
                          "faultysvc.exe+0x1234"])
        self.assertIn("kernel 0xfffff80399990010 (in no module)", self.dump(code=1).stdout)

    def test_unloaded_driver_is_named(self):
        unloaded = "unloaded gonedrv.sys fffff80399980000 20000\nunloaded other.sys fffff80399a00000 1000\n"
        for machine in ("14393 tracking", "19041 tracking", "26h1 tracking levels=5"):
            self.assertEqual(self.frames("SepDuplicateToken+10,fffff80399990010,7ff6a0001234", unloaded, machine),
                             ["nt!SepDuplicateToken+0x10", "gonedrv.sys+0x10010 (unloaded)", "faultysvc.exe+0x1234"])
        # The last one that lay there; and what is loaded now goes first.
        self.assertEqual(self.frames("fffff80399990010,7ff6a0001234", unloaded + "unloaded later.sys fffff80399990000 20000\n"),
                         ["later.sys+0x10 (unloaded)", "faultysvc.exe+0x1234"])
        self.assertEqual(self.frames("fffff80399990010,7ff6a0001234", unloaded + "module new.sys fffff80399990000 20000\n"),
                         ["new.sys+0x10", "faultysvc.exe+0x1234"])

    def test_of_what_is_left_over_behind_a_stack_in_no_module_one_frame_is_told(self):
        self.assertEqual(self.frames("SepDuplicateToken+10,ffffe40112345678,ffffe40112345688,41,7ff6a0001234"),
                         ["nt!SepDuplicateToken+0x10", "kernel 0xffffe40112345678 (in no module)"])

    def test_user_frames_lie_in_47_bits_with_four_levels_of_page_tables(self):
        for address in ("800000001234", "90000000000000", "ffff7fffffffffff"):
            with self.subTest(address=address):
                self.assertEqual(self.frames(f"SepDuplicateToken+10,7ff6a0001234,{address},7ff6a0004444"),
                                 ["nt!SepDuplicateToken+0x10", "faultysvc.exe+0x1234"])
        self.assertEqual(self.frames("SepDuplicateToken+10,7ff6a0001234,90000000000000,7ff6a0004444", machine="19041 tracking levels=5"),
                         ["nt!SepDuplicateToken+0x10", "faultysvc.exe+0x1234", "user 0x90000000000000", "faultysvc.exe+0x4444"])


class Kept(DumpCase):
    """Logon sessions outside RDS sessions that a service keeps."""
    CLEAN = "process 3200 cmd.exe 2\nprocess 3204 csrss.exe 2\nprimary 3200 gone1\nprimary 3204 gone1\n"

    def keep(self, machine, count, groups="S-1-1-0,S-1-5-2,S-1-5-11", more=""):
        text = self.CLEAN + "process 4100 websvc.exe 0\nprimary 4100 system\n"
        for number in range(count):
            luid = f"0:{0x200000 + 16 * number:x}"
            text += f"logon {luid} caller{number % 2} LAB\n" \
                    f"token n{number} {luid} 0 S-1-5-21-1-2-3-{3000 + number % 2} groups={groups} impersonation level=2 {BY}\n" \
                    f"handle 4100 n{number}\nhandle 812 n{number}\nhandle 4 n{number}\n"
        self.describe(machine, text + more)

    def test_network_logons_that_a_service_keeps_are_told_by_holder_and_account(self):
        for machine in ("9600", "14393 tracking", "19041", "26h1"):
            with self.subTest(machine=machine):
                self.keep(machine, 2000)
                answer = self.answer(code=3)
                self.assertEqual((answer["orphans"], answer["orphaned"], answer["holders"]), (0, [], []))
                self.assertEqual(answer["kept_in_session_0"],
                                 [{"logon_sessions": 1000, "logon_type": "network", "user": f"caller{number}", "domain": "LAB",
                                   "image": "websvc.exe", "pid": 4100} for number in (0, 1)])
                text = self.dump(code=3).stdout
                self.assertIn("2000 logon sessions of session 0 are kept by handles of one process only", " ".join(text.split()))
                self.assertRegex(text, r"   1000  network +LAB.caller1 +websvc.exe \(4100\)\n")
                self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_logon_type_is_that_of_the_token_s_group(self):
        for groups, name in (("S-1-5-3", "batch"), ("S-1-5-4", "interactive"), ("S-1-5-6", "service"), ("S-1-5-11", None),
                             ("S-1-5-4,S-1-5-14", "remote interactive"), ("S-1-5-14,S-1-5-4", "remote interactive"),
                             ("S-1-5-2-7,S-1-1-2", None)):
            with self.subTest(groups=groups):
                self.keep("19041", 1, groups)
                self.assertEqual(self.answer(code=3)["kept_in_session_0"][0]["logon_type"], name)

    def test_what_is_in_use_or_held_by_others_too_is_not_told(self):
        self.keep("19041", 0)
        self.dump(code=0)
        for more in ("process 4200 job.exe 0\nprimary 4200 n0\n", "thread 2044 2100 n0\n", "handle 2044 n0\n"):
            with self.subTest(more=more):
                self.keep("19041", 1, more=more)
                self.assertEqual(self.answer(code=0)["kept_in_session_0"], [])

    def test_tokens_that_only_lsass_and_system_have_are_not_told(self):
        self.describe("19041", self.CLEAN + "logon 0:200000 caller LAB\ntoken n 0:200000 0 S-1-5-21-1-2-3-3000\n"
                      "handle 812 n\nhandle 4 n\n")
        self.assertEqual(self.answer(code=0)["kept_in_session_0"], [])


class Names(DumpCase):
    """Processes are called by their files' whole names, where the dump has them."""
    LONG = "averylongservice.exe"

    def answer_of(self, machine, more="", by=BY):
        self.describe(machine, "module leakdrv.sys fffff80313000000 20000\n" + more, by=by)
        path = self.folder / "description.txt"
        path.write_text(path.read_text().replace("faultysvc.exe", self.LONG))
        subprocess.run([MKDUMP, path, self.path, self.folder / "ntkrnlmp.pdb"], check=True, capture_output=True)
        return self.answer()

    def names(self, answer):
        named = [next(one for one in answer[list_] if one.get("pid") == 2044) for list_ in ("holders", "creators") if answer[list_]]
        return [(one["image"], one.get("image_cut", False)) for one in named]

    def test_whole_name_is_that_of_the_security_audit_in_each_layout(self):
        for layout in LAYOUTS:
            for tracking in ("", " tracking") if layout != "9600" else ("",):
                with self.subTest(layout=layout, tracking=tracking):
                    answer = self.answer_of(layout + tracking)
                    self.assertEqual(set(self.names(answer)), {(self.LONG, False)})
                    for list_ in ("holders", "creators"):
                        self.assertNotIn("\\", json.dumps(answer[list_]))
                        self.assertNotIn("cut", json.dumps(answer[list_]))

    def test_whole_name_is_that_of_the_loader_where_the_audit_has_none(self):
        for value in ("0", "0xffffe4010fff0000", "0x8000000000000000", "0x41", "@logon:0:fd2f5"):
            with self.subTest(value=value):
                answer = self.answer_of("19041 tracking", f"poke process 2044 SeAuditProcessCreationInfo {value}\n")
                self.assertEqual(self.names(answer), [(self.LONG, False)] * 2)

    def test_name_that_is_cut_is_marked(self):
        for tracking in ("", " tracking"):
            with self.subTest(tracking=tracking):
                answer = self.answer_of("19041" + tracking, "poke process 2044 SeAuditProcessCreationInfo 0\n"
                                        "poke process 2044 Peb 0\n")
                self.assertEqual(set(self.names(answer)), {("averylongservi", True)})
                text = self.dump("--verbose", code=1).stdout
                self.assertIn("averylongservi\u2026 (2044)", text)
                self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_creator_that_has_gone_is_cut_and_marked(self):
        answer = self.answer_of("19041 tracking", by=BY.replace("2044", "2048"))
        creator, = answer["creators"]
        self.assertEqual((creator["image"], creator["image_cut"], creator["pids"]), ("averylongservi", True, [2048]))

    def test_name_of_14_characters_is_whole(self):
        self.LONG = "faultysvc4.exe"
        self.assertEqual(self.names(self.answer_of("19041 tracking")), [("faultysvc4.exe", False)] * 2)

    def test_name_that_the_kernel_contradicts_is_not_believed(self):
        answer = self.answer_of("19041 tracking", "process 3204 innocentprogram.exe 3\nprimary 3204 here\n"
                                "poke process 2044 SeAuditProcessCreationInfo @logon:0:fd2f5\npoke process 2044 Peb 0\n"
                                "poke logon 0:fd2f5 Next 0x00280028\n")
        self.assertEqual(self.names(answer), [("averylongservi", True)] * 2)

    def test_dump_and_live_snapshot_name_the_holder_alike(self):
        self.answer_of("19041 tracking")
        handles = json.loads(self.dump("--format", "snapshot", code=1).stdout)["handles"]
        self.assertEqual({handle["image"] for handle in handles if handle["pid"] == 2044}, {self.LONG})


@unittest.skipUnless(MKMANY.exists(), "lab kernels were not built (needs clang and lld)")
class Many(DumpCase):
    """What is long is counted in full, and where it is shown in part, that is said."""
    TOKENS = 200_000

    def test_logon_session_with_very_many_tokens_is_counted_in_full(self):
        self.path = self.folder / "MEMORY.DMP"
        subprocess.run([MKMANY, "1", str(self.TOKENS), "3", self.path, self.folder / "ntkrnlmp.pdb"], check=True)
        done = self.dump("--verbose", code=1, timeout=60)
        self.assertIn(f"duplicated {self.TOKENS - 1} tokens of 1 orphan", " ".join(done.stdout.split()))
        shown = done.stdout.count("\n    token 0x")
        self.assertLess(shown, 100)
        self.assertIn(f"... and {self.TOKENS - shown} tokens more", done.stdout)
        found = self.folder / "answer.json"
        with open(found, "w") as out:  # a hundred MB: not through a pipe
            self.run_to(out, "--format", "json", "--all")
        orphan, = (answer := json.loads(found.read_text()))["orphaned"]
        self.assertEqual((answer["tokens_found"], len(orphan["tokens"])), (self.TOKENS + 1, self.TOKENS))
        self.assertEqual((orphan["references"], orphan["kernel_references"]), (self.TOKENS, 0))
        self.assertEqual(len({token["address"] for token in orphan["tokens"]}), self.TOKENS)
        self.assertEqual(sum(len(token["holders"]) for token in orphan["tokens"]), self.TOKENS)
        self.assertEqual(answer["missing"], [])

    def run_to(self, out, *arguments):
        done = subprocess.run([leaklab.program("analyzer"), "dump", self.path, "--symbols", self.folder,
                               "--after-logoff", "25m", *arguments], stdout=out,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_token_list_that_does_not_end_is_not_told_as_whole(self):
        self.describe("19041 tracking", "poke node gone1 Flink @node:here\npoke logon 0:fd2f5 TokenList @node:gone1\n"
                      "token more 0:fd2f5 2 S-1-5-21-1-2-3-1001 by=812:840:create:lsass.exe\npoke node more Blink 0\n")
        answer = self.answer()
        self.assertTrue(self.missing(answer, "logon session's token list"))
        self.assertIn("logon session's token list", " ".join(self.dump(code=1).stdout.split()))

    def test_handle_table_larger_than_can_be_is_not_told_as_whole(self):
        self.describe("19041 tracking", "poke process 2044 ObjectTable @token:gone1\n")
        self.assertFalse(self.answer()["holders_seen"])


class WithoutLabKernels(leaklab.Case):
    """Where clang and lld were missing when leaklab was built."""
    CRASH = leaklab.BUILD / "tests/dump/no-lab-kernels"

    def check(self, text):
        self.assertIn("built without clang and lld", text)
        self.assertIn("scenarios/setup labkernel", text)

    def test_crash_says_what_to_install(self):
        done = subprocess.run([self.CRASH, "crash", "--output", self.folder / "MEMORY.DMP"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.check(done.stderr)
        self.assertFalse((self.folder / "MEMORY.DMP").exists())

    def test_scenario_fails_and_says_what_to_install(self):
        text = (leaklab.SCENARIOS / "ms16-111-dump.yaml").read_text()
        scenario = self.write("ms16-111-dump.yaml", text.replace("leaklab-labhost crash", f"{self.CRASH} crash"))
        self.assertNotEqual(scenario.read_text(), text)
        done = self.drive(scenario, "--set", "load.cycles=4")
        self.assertIn(done.returncode, (3, 4), done.stdout + done.stderr)
        self.check(done.stdout + done.stderr)


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Symbols(DumpCase):
    def test_without_symbols_head_and_modules_are_shown_and_the_file_is_named(self):
        self.describe("19041 tracking", "module leakdrv.sys fffff80313000000 20000\n")
        done = self.dump(code=3, symbols=False)
        text = " ".join(done.stdout.split())
        for part in ("build 19041", "leakdrv.sys", "ntkrnlmp.pdb/", "not found", "--symbols"):
            self.assertIn(part, text)

    def test_symbols_of_another_build_are_refused(self):
        self.describe("14393 tracking")
        other = (self.folder / "ntkrnlmp.pdb").read_bytes()
        self.describe("19041 tracking")
        (self.folder / "ntkrnlmp.pdb").write_bytes(other)
        self.assertIn("not found", " ".join(self.dump(code=3).stdout.split()))

    def test_dump_is_evidence_for_show_and_compare(self):
        self.describe("19041 tracking", "clock 1792996400000000 176400000000\n")  # an hour before the other dump
        before = self.folder / "before.json"
        before.write_text(self.dump("--format", "snapshot", code=1).stdout)
        self.describe("19041 tracking")
        shown = self.run_program("analyzer", "show", self.path, code=0)
        self.assertIn("faultysvc.exe", shown.stdout)
        compared = self.run_program("analyzer", "compare", before, self.path)
        self.assertIn(compared.returncode, (0, 1), compared.stderr)

    def test_token_that_nothing_in_sight_holds_is_the_kernels(self):
        kernels = "logon 0:ffe01 user02 LAB\ntoken gone2 0:ffe01 4 S-1-5-21-1-2-3-1002 by=812:840:create:lsass.exe\nreferences 0:ffe01 1\n"
        self.describe("19041 tracking", "clock 1792996400000000 176400000000\n")
        before = self.folder / "before.json"
        before.write_text(self.dump("--format", "snapshot", code=1).stdout)
        self.describe("19041 tracking", kernels)
        shown = self.run_program("analyzer", "show", self.path, code=0).stdout
        total, seen = re.search(r"token objects +(\d+), (\d+) of them with a holder in sight", shown).groups()
        self.assertEqual(int(total), int(seen) + 1)
        told = " ".join(self.run_program("analyzer", "compare", "--after-logoff", "25m", before, self.path, code=1).stdout.split())
        self.assertIn("1 of them without a holder: only a kernel reference is left", told)
        self.assertNotIn("take a memory dump", told)

    def test_result_takes_the_form_of_its_file(self):
        self.describe("19041 tracking")
        self.dump("-o", self.folder / "answer.json", code=1)
        self.assertEqual(json.loads((self.folder / "answer.json").read_text())["schema"], "leaklab.dump/3")
        self.dump("-o", self.folder / "host.json", "--format", "snapshot", code=1)
        self.assertEqual(json.loads((self.folder / "host.json").read_text())["schema"], "leaklab.snapshot/2")
        self.assertEqual(self.dump("--json", code=1).stdout, (self.folder / "answer.json").read_text())
        self.assertIn(".txt or .json", self.dump("-o", "answer.html", code=2).stderr)

    def test_result_that_does_not_arrive_is_exit_code_4(self):
        self.describe("19041 tracking")
        for words in ([], ["--json"], ["--format", "snapshot"]):
            self.assertIn("/dev/full: No space left on device", self.dump(*words, "-o", "/dev/full", code=4).stderr)

    def test_result_is_not_written_over_evidence(self):
        self.describe("19041 tracking")
        for kept in (self.path, self.folder / "ntkrnlmp.pdb"):
            bytes_ = kept.read_bytes()
            done = self.dump("--format", "text", "--force", "-o", kept, code=2)
            self.assertRegex(done.stderr, "will not be overwritten; name another file")
            self.assertEqual(kept.read_bytes(), bytes_)

    def test_a_pdb_may_be_named_itself(self):
        self.describe("19041 tracking")
        self.dump("--symbols", self.folder / "ntkrnlmp.pdb", code=1, symbols=False)
        self.path.rename(self.folder / "other.dmp")
        other = self.folder / "other.pdb"
        (self.folder / "ntkrnlmp.pdb").rename(other)
        self.describe("14393 tracking")
        refused = self.dump("--symbols", other, code=3, symbols=False)
        self.assertIn("other.pdb is of another build", " ".join(refused.stdout.split()))

    def test_a_packed_pdb_gives_the_same_answer(self):
        self.describe("19041 tracking")
        pdb = self.folder / "ntkrnlmp.pdb"
        plain, wanted = pdb.read_bytes(), self.dump(code=1).stdout
        compressed = pack.msfz(pack.streams_of(plain))
        for name, data in (("ntkrnlmp.pdb", compressed), ("ntkrnlmp.pd_", pack.cabinet(pdb.name, plain)), ("ntkrnlmp.pd_", pack.cabinet(pdb.name, compressed))):
            with self.subTest(name):
                pdb.unlink(missing_ok=True)
                (self.folder / name).write_bytes(data)
                self.assertEqual(self.dump(code=1).stdout, wanted)
                (self.folder / name).write_bytes(data[:-5000])
                self.assertIn("cannot be unpacked" if name.endswith("_") else "lies beyond its end", " ".join(self.dump(code=3).stdout.split()))
                (self.folder / name).unlink()

    def test_a_path_of_windows_makes_no_folder_here(self):
        self.describe("19041 tracking")
        for path in ("srv*C:\\symbols*https://127.0.0.1:9/symbols", "cache*c:\\symbols"):
            refused = self.dump("--symbols", path, code=2, symbols=False).stderr
            self.assertIn("is a path of Windows: name a folder of this machine", refused)
        told = " ".join(self.dump("--symbols", "\\\\server\\symbols", code=3, symbols=False).stdout.split())
        self.assertIn("a Windows path; mount it here and name the mount point", told)
        self.assertFalse([entry.name for entry in self.folder.iterdir() if "\\" in entry.name])

    def test_tokens_of_a_kernel_that_keeps_no_ids_explain_none(self):
        self.describe("14393 tracking")
        told = " ".join(self.dump(code=1).stdout.split())
        self.assertIn("; but tokens keep no session IDs in this kernel.", told)
        self.assertNotIn("very probably what keeps", told)
        self.assertNotIn("SeTokenDoesNotTrackSessionObject)", told)

    def test_a_token_in_no_session_has_none(self):
        self.describe("19041 tracking", "token nowhere 0:ff123 4294967295 S-1-5-21-1-2-3-1003 impersonation\nhandle 3100 nowhere\n")
        shown = self.dump("--verbose", code=1).stdout
        self.assertNotIn("4294967295", shown)
        for form in ("json", "snapshot"):
            self.assertNotIn("4294967295", self.dump("--format", form, code=1).stdout)

    def test_names_do_not_turn_the_direction_of_what_follows(self):
        self.describe("19041 tracking", by=BY.replace("faultysvc.exe", "fau\u202elty.exe"))
        for words in ([], ["--verbose"], ["--format", "json"], ["--format", "snapshot"]):
            self.assertNotIn("\u202e", self.dump(*words, code=1).stdout)

    def test_symbols_come_from_the_environment_too(self):
        self.describe("19041 tracking")
        store = self.folder / "store"
        store.mkdir()
        (self.folder / "ntkrnlmp.pdb").rename(store / "ntkrnlmp.pdb")
        self.dump(code=1, symbols=False, env={"_NT_SYMBOL_PATH": str(store)})


class Unread(DumpCase):
    """What was not read is never told as if it were not there."""

    def leak(self, *pages, machine="14393 tracking spread", code=None):
        text = (DESCRIPTIONS / "leak-14393.txt").read_text()
        self.assertIn("machine 14393 tracking\n", text)
        text = text.replace("machine 14393 tracking\n", f"machine {machine}\n") + "".join(f"page {page}\n" for page in pages)
        path = self.write("description.txt", text)
        self.path = self.folder / "MEMORY.DMP"
        subprocess.run([MKDUMP, path, self.path, self.folder / "ntkrnlmp.pdb"], check=True, capture_output=True)
        return self.answer(code=code)

    def snapshot(self, code):
        return json.loads(self.dump("--format", "snapshot", code=code).stdout)

    def test_user_whose_processes_are_paged_out_is_perhaps_gone(self):
        for place in ("paged-out", "not-dumped"):
            with self.subTest(place=place):
                answer = self.leak(f"process 3100 {place}", code=3)
                self.assertEqual((answer["orphans"], answer["orphaned"], answer["holders"]), (0, [], []))
                self.assertEqual(answer["unjudged"], 3)
                text = " ".join(self.dump(code=3).stdout.split())
                self.assertIn("3 logon sessions are perhaps orphaned", text)
                self.assertIn("0 of them orphaned", text)

    def test_holder_whose_process_is_paged_out_is_not_the_kernel(self):
        answer = self.leak("process 2044 paged-out", code=3)
        self.assertFalse(answer["holders_seen"])
        self.assertNotIn("by the kernel", self.dump("--verbose", code=3).stdout)

    def test_unread_handle_table_is_no_kernel_reference(self):
        self.describe("14393 tracking spread", "poke process 812 ObjectTable 0xffffe4010fff0000\n"
                      "poke process 2044 ObjectTable 0xffffe4010fff0000\n"
                      "logon 0:fe001 user02 LAB\ntoken gone2 0:fe001 4 S-1-5-21-1-2-3-1002 by=812:840:create:lsass.exe\nhandle 2044 gone2\n")
        answer = self.answer()
        self.assertEqual(sum(self.missing(answer, "page of a handle table").values()), 2)
        self.assertEqual((answer["orphans"], answer["holders_seen"], answer["orphans_held_by_kernel"]), (2, False, None))
        self.assertEqual([orphan["kernel_references"] for orphan in answer["orphaned"]], [None, None])
        self.assertEqual([(one["kind"], one["image"], one["orphans"]) for one in answer["holders"]], [("unseen", None, 2)])
        self.assertEqual([(one["image"], one["tokens_unheld"]) for one in answer["creators"]], [("faultysvc.exe", None), ("lsass.exe", None)])
        text = self.dump("--verbose", code=1).stdout
        self.assertIn("held by 2 handles that were not found", text)
        self.assertNotIn("the kernel itself", text)
        self.assertNotIn("by the kernel", text)
        self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_thread_list_that_breaks_off_hides_holders(self):
        self.describe("14393 tracking", "logon 0:fe001 user02 LAB\ntoken gone2 0:fe001 4 S-1-5-21-1-2-3-1002 by=812:840:create:lsass.exe\n"
                      "poke process 2044 ThreadListHead 0x41\n")
        answer = self.answer()
        self.assertTrue(self.missing(answer, "thread"))
        orphan = next(one for one in answer["orphaned"] if one["luid"].endswith("fe001"))
        self.assertIsNone(orphan["kernel_references"])

    def test_snapshot_says_which_sections_are_not_whole(self):
        def sections(snapshot):
            return sorted(sight["section"] for sight in snapshot["sight"] if sight["extent"] != "whole")
        self.leak("process 3100 paged-out")
        self.assertEqual(sections(self.snapshot(3)), ["handles", "processes", "sessions"])
        self.leak("token gone1 paged-out")
        self.assertEqual(sections(self.snapshot(1)), ["handles"])
        for poke in ("process 2044 ThreadListHead 0x41", "process 2044 ObjectTable 0xffffe4010fff0000"):
            with self.subTest(poke=poke):
                self.describe("14393 tracking", f"poke {poke}\n")
                self.assertEqual(sections(self.snapshot(1)), ["handles"])

    def test_file_that_is_cut_short_says_so_and_is_never_sure(self):
        self.describe("19041 tracking full")
        whole = self.path.read_bytes()
        for pages in (1, 2, 3):
            with self.subTest(pages=pages):
                self.path.write_bytes(whole[:-4096 * pages])
                done = self.dump(code=3)
                self.assertIn(f"The file is cut short by {pages} page", " ".join(done.stdout.split()))
                self.assertIn("Suspects, worst first", done.stdout)
                self.assertNotIn("Culprits", done.stdout)
        self.path.write_bytes(whole[:-1])
        answer = self.answer(code=3)
        self.assertEqual((answer["dump"]["pages_cut_off"], answer["orphans"]), (1, 1))
        self.assertEqual(answer["holders"][0]["image"], "faultysvc.exe")

    # Orphans that a service holds, and smss.exe, whose token is on a page of its own.
    def crowd(self, machine, more, code):
        text = f"machine {machine} spread\n" + HOST.format(by=BY) + "process 300 smss.exe 0\n" \
               "token smss 0:3e7 0 S-1-5-18 by=4:8:create:System\nprimary 300 smss\n"
        for number in range(150):
            luid = f"0:{0x100000 + 16 * number:x}"
            text += f"logon {luid} user{number} LAB\ntoken g{number} {luid} {10 + number} S-1-5-21-1-2-3-{2000 + number} {BY}\n" \
                    f"handle 2044 g{number}\n"
        self.path = self.folder / "MEMORY.DMP"
        subprocess.run([MKDUMP, self.write("description.txt", text + more), self.path, self.folder / "ntkrnlmp.pdb"],
                       check=True, capture_output=True)
        return self.answer(code=code)

    def test_one_token_that_is_paged_out_does_not_void_the_verdict(self):
        for machine in ("9600", "14393 tracking", "19041", "26h1 tracking", "26h1"):
            for session in ("", "poke process 300 Session 0\n"):
                for place in ("paged-out", "not-dumped"):
                    with self.subTest(machine=machine, session=session, place=place):
                        answer = self.crowd(machine, session + f"page token smss {place}\n", code=1)
                        self.assertEqual(answer["orphans"], 151)
                        # Without the ID in the session's space, nothing tells what no space means.
                        doubt = 1 if session and machine.startswith("26h1") else None
                        self.assertEqual(answer.get("sessions_in_doubt"), doubt)
                        text = " ".join(self.dump(code=1).stdout.split())
                        self.assertEqual("At most 1 of these sessions may still be in use" in text, bool(doubt))

    def test_process_is_in_the_session_of_another_one_with_the_same_space(self):
        user = "process 3104 rdpclip.exe 3\ntoken clip 0:ff123 3 S-1-5-21-1-2-3-1003 by=812:840:create:lsass.exe\nprimary 3104 clip\n"
        for machine in ("14393", "26h1"):
            with self.subTest(machine=machine):
                self.describe(machine + " spread", user + "page token here paged-out\n")
                answer = self.answer(code=1)
                self.assertEqual([one["luid"][-5:] for one in answer["orphaned"]], ["fd2f5"])
                self.assertEqual(self.missing(answer, "process's session"), {})
                sessions = {one["pid"]: one["session_id"] for one in self.snapshot(1)["processes"]}
                self.assertEqual(sessions[3100], 3)

    def test_process_whose_session_nothing_tells_may_be_in_any(self):
        for more, why in (("page token here paged-out\n", "paged out"),
                          ("process 3104 a.exe 3\nprimary 3104 here\nprocess 3108 b.exe 3\n"
                           "token b 0:ff123 7 S-1-5-21-1-2-3-1003\nprimary 3108 b\nprocess 3112 c.exe 3\n"
                           "token c 0:ff123 3 S-1-5-21-1-2-3-1003\nprimary 3112 c\npage token c paged-out\n", "paged out"),
                          ("process 3104 a.exe 9 exited\ntoken a 0:ff123 3 S-1-5-21-1-2-3-1003\nprimary 3104 a\n"
                           "process 3108 b.exe 9\ntoken b 0:ff123 9 S-1-5-21-1-2-3-1003\nprimary 3108 b\npage token b paged-out\n",
                           "paged out")):
            with self.subTest(more=more):
                self.describe("26h1 spread", more)
                answer = self.answer(code=3)
                self.assertEqual((answer["orphans"], self.missing(answer, "process's session")), (0, {why: 1}))
                self.assertIn("Which sessions are over is not known for sure: 1 process's session could not be read.",
                              " ".join(self.dump(code=3).stdout.split()))

    def lost(self, machine, more):
        """Orphans of one list, in the order in which they are found."""
        text = "".join(f"logon 0:{luid} {user} LAB{more}\ntoken {user} 0:{luid} {session} S-1-5-21-1-2-3-{session} {BY}\nhandle 2044 {user}\n"
                       for luid, user, session in (("100030", "third", 13), ("100020", "second", 12), ("100010", "first", 11)))
        text += "page logon 0:100020 paged-out\n" if not more else ""
        self.describe(machine + " spread", text)
        return self.answer(code=1)

    def test_logon_session_that_is_paged_out_is_known_by_its_tokens(self):
        for machine in ("9600", "14393 tracking", "19041", "26h1 tracking"):
            with self.subTest(machine=machine):
                answer = self.lost(machine, "")
                self.assertEqual({(one["luid"][-6:], one["session_id"], one.get("user"), one.get("references"))
                                  for one in answer["orphaned"]},
                                 {("0fd2f5", 2, "user01", 1), ("100010", 11, "first", 1), ("100020", 12, None, None),
                                  ("100030", 13, "third", 1)})
                self.assertIn("paged out", self.missing(answer, "list of logon sessions"))
                text = " ".join(self.dump(code=1).stdout.split())
                self.assertRegex(text, "There may be more logon sessions: . lists? of them (was|were) not read in full.")
                self.assertIn("2 of these were found by their tokens alone.", text)

    def test_list_that_is_not_known_is_not_lost(self):
        for machine in ("9600", "14393 tracking", "19041", "26h1 tracking"):
            with self.subTest(machine=machine):
                answer = self.lost(machine, " unlisted")
                self.assertEqual({(one["luid"][-6:], one["user"], one["references"], one["kernel_references"])
                                  for one in answer["orphaned"]},
                                 {("0fd2f5", "user01", 1, 0), ("100010", "first", 1, 0), ("100020", "second", 1, 0),
                                  ("100030", "third", 1, 0)})
                self.assertEqual(self.missing(answer, "list of logon sessions"), {"damaged": 1})
                self.assertIn("3 of these were found by their tokens alone.", " ".join(self.dump(code=1).stdout.split()))

    def test_rest_of_a_list_is_found_by_one_token(self):
        self.describe("19041", "logon 0:100010 third LAB unlisted\nreferences 0:100010 1\nlogon 0:100020 second LAB unlisted\n"
                      f"token second 0:100020 12 S-1-5-21-1-2-3-12\nhandle 2044 second\n")
        answer = self.answer(code=1)
        self.assertEqual({one["luid"][-6:]: one["kernel_references"] for one in answer["orphaned"]},
                         {"0fd2f5": 0, "100010": 1, "100020": 0})

    def test_pipe_is_refused_at_once(self):
        pipe = self.folder / "pipe"
        leaklab.os.mkfifo(pipe)
        done = self.run_program("analyzer", "dump", pipe, code=2, timeout=20)
        self.assertIn("cannot come from a pipe", done.stderr)


class Pages:
    """The pages of a bitmap dump, each to be taken out alone. Which of them are page tables is found as the processor finds it."""
    BITMAP, FIRST_BIT, PRESENT = 0x2000, 0x2038, 0x2028

    def __init__(self, path):
        self.whole = path.read_bytes()
        first, _, bits = struct.unpack_from("<3Q", self.whole, self.BITMAP + 0x20)
        bitmap = self.whole[self.FIRST_BIT:self.FIRST_BIT + bits // 8]
        numbers = [8 * byte + bit for byte, value in enumerate(bitmap) for bit in range(8) if value >> bit & 1]
        self.at = {number: first + 4096 * index for index, number in enumerate(numbers)}
        self.tables, self.addresses = set(), {}
        self.walk(struct.unpack_from("<Q", self.whole, 0x10)[0] >> 12, 4, 0)

    def walk(self, number, level, address):
        """Notes the addresses of pages; the kernel's half is the same for all processes."""
        if level == 0:
            self.addresses[number] = address if address < 1 << 47 else address | 0xffff << 48
            return
        self.tables.add(number)
        for index, entry in enumerate(struct.unpack_from("<512Q", self.whole, self.at[number])):
            if entry & 1 and entry >> 12 in self.at:
                self.walk(entry >> 12, level - 1, address | index << 3 + 9 * level)

    def without(self, number, path):
        dump = bytearray(self.whole)
        dump[self.FIRST_BIT + number // 8] &= ~(1 << number % 8)
        struct.pack_into("<Q", dump, self.PRESENT, len(self.at) - 1)
        del dump[self.at[number]:self.at[number] + 4096]
        path.write_bytes(dump)

    def swept(self):
        """The kernel's pages that are no page tables."""
        return [number for number in self.addresses if self.addresses[number] >> 63 and number not in self.tables]


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Sweep(DumpCase):
    """Each page of a dump taken out alone: what else is there is still told, and what is lost is said."""
    # A user with four processes; smss.exe, which is in no session, with a token of its own; orphans of which a service and lsass hold tokens.
    MORE = """
process 300 smss.exe 0
process 3000 csrss.exe 3
process 3004 winlogon.exe 3
process 3008 rdpclip.exe 3
token smss 0:3e7 0 S-1-5-18 by=4:8:create:System
token csrss 0:3e7 3 S-1-5-18 by=300:304:create:smss.exe
token clip 0:ff123 3 S-1-5-21-1-2-3-1003 by=812:840:create:lsass.exe
primary 300 smss
primary 3000 csrss
primary 3004 csrss
primary 3008 clip
poke process 300 Session 0
"""

    def make(self, machine, orphans):
        text = f"machine {machine}\n" + HOST.format(by=BY).replace("S-1-5-21-1-2-3-1003\n", "S-1-5-21-1-2-3-1003 by=812:840:create:lsass.exe\n") \
               .replace("token system 0:3e7 0 S-1-5-18\n", "token system 0:3e7 0 S-1-5-18 by=4:8:create:System\n") + self.MORE
        for number in range(orphans):
            luid = f"0:{0x100000 + 16 * number:x}"
            text += f"logon {luid} user{number} LAB\ntoken g{number} {luid} {10 + number} S-1-5-21-1-2-3-{2000 + number} {BY}\n" \
                    f"handle {812 if number % 2 else 2044} g{number}\n"
        if not orphans:
            text += "process 3200 cmd.exe 2\nprocess 3204 csrss.exe 2\nprimary 3200 gone1\nprimary 3204 gone1\n"
        self.path = self.folder / "MEMORY.DMP"
        subprocess.run([MKDUMP, self.write("description.txt", text), self.path, self.folder / "ntkrnlmp.pdb"], check=True)
        return Pages(self.path)

    def sweep(self, machine, orphans, code):
        """For each page: its address, and the exit code and answer without it."""
        pages = self.make(machine, orphans)
        whole = self.answer(code=code)
        self.assertEqual(whole["missing"], [])
        self.assertLess(len(pages.swept()), 600)
        cut = self.folder / "cut.dmp"
        for number in pages.swept():
            pages.without(number, cut)
            done = self.dump("--format", "json", "--all", path=cut)
            yield pages.addresses[number], done.returncode, json.loads(done.stdout or "{}"), whole

    def is_identity(self, address, answer, whole):
        """Of the module list or the kernel's image: without them, the symbols that fit are not known."""
        kernel = whole["modules"][0]
        return not answer.get("symbols", {}).get("found") and (
            int(kernel["base"], 16) <= address < int(kernel["base"], 16) + kernel["size"] or not answer.get("modules"))

    def own_pages(self, orphan):
        """Those without which the orphan's tokens are not seen."""
        return {int(token["address"], 16) + at & ~0xfff for token in orphan["tokens"] for at in (-0x30, 0, 0x300)}

    def check_lost(self, address, code, answer, whole):
        page = address & ~0xfff
        named = {orphan["luid"] for orphan in answer.get("orphaned", ())}
        missing = {entry["what"] for entry in answer["missing"]}
        text = " ".join(self.dump(path=self.folder / "cut.dmp").stdout.split())
        for orphan in whole["orphaned"]:
            if orphan["luid"] not in named and code == 1:
                # Or only handles of a process, or of a page of them, led to them.
                self.assertTrue(page in self.own_pages(orphan) or missing & {"page of a handle table", "process"},
                                (hex(page), orphan["luid"]))
                self.assertRegex(text, "perhaps orphaned|There may be more logon sessions")
        if "process" in missing:
            self.assertRegex(text, "may still be in use|Which sessions are over is not known")
        if "list of logon sessions" in missing:
            self.assertIn("There may be more logon sessions", text)

    def test_no_page_hides_a_leak(self):
        machines = ("9600 spread", "14393 tracking spread", "19041", "26h1 spread", "26h1 tracking")
        for machine in machines[4:] if leaklab.sanitized() else machines:  # hundreds of dumps, and sanitizers take ten times as long
            with self.subTest(machine=machine):
                identity = unsure = 0
                for address, code, answer, whole in self.sweep(machine, 20, 1):
                    if self.is_identity(address, answer, whole):
                        identity += 1
                        continue
                    self.assertIn(code, (1, 3), hex(address))
                    unsure += code == 3
                    if code == 3:
                        # Without those processes nothing tells which sessions are over: more than one may be missing.
                        self.assertNotIn("spread", machine, (hex(address), answer["missing"], answer["limits"]))
                        self.assertIn("process", {entry["what"] for entry in answer["missing"]})
                    if answer["missing"]:
                        self.check_lost(address, code, answer, whole)
                self.assertLess(identity, 12)
                self.assertLess(unsure, 6)

    def test_no_page_makes_a_clean_host_leak(self):
        for machine in ("26h1",) if leaklab.sanitized() else ("14393 tracking spread", "26h1 spread", "26h1"):
            with self.subTest(machine=machine):
                for address, code, answer, whole in self.sweep(machine, 0, 0):
                    self.assertIn(code, (0, 3), (hex(address), answer.get("orphaned")))


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class BadDumps(DumpCase):
    """Whatever is in a dump: an answer that says what is missing, and no sanitizer's report."""

    def damage(self, *pokes, machine="19041 tracking", more="", code=None):
        self.describe(machine, more + "".join(f"{poke}\n" for poke in pokes))
        done = self.dump("--format", "json", "--all", code=code)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        return json.loads(done.stdout)

    def test_list_of_logon_sessions_that_loops_or_leads_outside_ends(self):
        for value in ("@logon:0:fd2f5", "0x1234", "0x8000000000000008", "0xffffe40100000003", "0xffffffffffffff00",
                      "0xffffe4010fff0000"):
            with self.subTest(value=value):
                answer = self.damage(f"poke logon 0:fd2f5 Next {value}")
                self.assertEqual(sum(self.missing(answer, "list of logon sessions").values()), 1)
                self.assertEqual(answer["orphans"], 1)

    def test_token_list_that_loops_or_leads_outside_ends(self):
        for value in ("@node:gone1", "0x41", "0xffffe40100000009", "@token:here"):
            with self.subTest(value=value):
                answer = self.damage(f"poke node gone1 Flink {value}")
                self.assertRegex(answer["damages"][0], "the token list of logon session .*, it was read from its other end")
                self.assertEqual(self.missing(answer, "logon session's token list"), {})
                self.assertEqual(answer["holders"][0]["image"], "faultysvc.exe")

    def test_one_bad_link_of_the_process_list_loses_nothing(self):
        for pid in (4, 812, 2044, 3100):
            for value in ("@process:812", "@process:3100", "0", "0xdeadbeefdeadbeef", "0xffffc0804fff0000"):
                with self.subTest(pid=pid, value=value):
                    answer = self.damage(f"poke process {pid} ActiveProcessLinks {value}", code=1)
                    self.assertEqual((self.missing(answer, "process"), answer["processes"], answer["orphans"]), ({}, 4, 1))
                    self.assertTrue(answer["holders_seen"])
                    self.assertRegex(answer["damages"][0], "the list of processes: the entry at .*, it was read from its other end")

    def test_two_bad_links_of_the_process_list_lose_what_lies_between(self):
        answer = self.damage("poke process 4 ActiveProcessLinks 0", "poke process 2044 ActiveProcessLinks 0", code=3)
        self.assertTrue(self.missing(answer, "process"))
        self.assertFalse(answer["holders_seen"])
        self.assertEqual(answer["orphans"], 0)

    def test_bad_handle_table_loses_the_handles_of_its_process_only(self):
        for value in ("0", "0x41", "0xffffe4010fff0000", "0x8000000000000000"):
            for pid, left in ((2044, "lsass.exe"), (812, "faultysvc.exe")):
                with self.subTest(value=value, pid=pid):
                    answer = self.damage(f"poke process {pid} ObjectTable {value}", code=1)
                    # The kernel counts one handle more than those that are left.
                    self.assertEqual([holder["image"] for holder in answer["holders"]],
                                     [None, left] if left == "lsass.exe" else [left, None])
                    self.assertEqual((answer["holders_seen"], answer["orphans"]), (False, 1))
                    self.assertEqual(sum(self.missing(answer, "page of a handle table").values()), 1)

    def test_reference_count_of_2_63_is_damage(self):
        answer = self.damage("poke logon 0:fd2f5 ReferenceCount 0x8000000000000000")
        self.assertEqual(self.missing(answer, "logon session"), {"damaged": 1})
        self.assertEqual(answer["orphaned"][0]["kernel_references"], 0)

    def test_logon_session_or_process_with_the_name_of_another_is_damage_and_one_record_of_the_snapshot(self):
        for poke, what, section in (("logon 0:fd2f5 LogonId 0xff123", "logon session", "logon_sessions"),
                                    ("logon 0:fd2f5 LogonId 0", "logon session", "logon_sessions"),
                                    ("logon 0:fd2f5 LogonId 0xffffffffffffffff", "logon session", "logon_sessions"),
                                    ("process 2044 UniqueProcessId 812", "process", "processes")):
            with self.subTest(poke=poke):
                answer = self.damage(f"poke {poke}")
                self.assertEqual(self.missing(answer, what), {"damaged": 1})
                snapshot = json.loads(self.dump("--format", "snapshot").stdout)
                self.assertEqual({one["section"]: one["extent"] for one in snapshot["sight"]}[section], "cut off")
                path = self.write("snapshot.json", json.dumps(snapshot))
                self.assertEqual(json.loads(self.run_program("analyzer", "show", "--format", "json", path).stdout), snapshot)

    def test_handles_to_a_hundred_thousand_exited_processes_and_wild_ones_end(self):
        more = "process 2100 edragent.exe 0\nprocess 3200 explorer.exe 5 exited\nlogon 0:fe001 user02 LAB\n" \
               "token two 0:fe001 5 S-1-5-21-1-2-3-1002\nprimary 3200 two\nprimary 2100 system\n" \
               + "handle 2100 process:3200\n" * 100000
        answer = self.damage("poke process 3200 UniqueProcessId 0x3", machine="19041 memory=256", more=more)
        self.assertTrue(self.missing(answer, "process"))
        self.describe("19041 memory=256", more)
        answer = self.answer()
        agent = next(one for one in answer["holders"] if one["image"] == "edragent.exe")
        self.assertEqual(agent["orphans"], 1)

    def test_wild_pointers_in_tokens_processes_and_tables_are_counted(self):
        wild = ("0x8000000000000000", "0xffffe40100000001", "0x7ffffffff000", "0xffffffffffffffff")
        members = ("process 2044 ObjectTable", "process 2044 Token", "process 2044 ThreadListHead", "process 2044 Peb",
                   "process 2044 Session", "logon 0:fd2f5 Token", "logon 0:fd2f5 AccountName", "token gone1 LogonSession",
                   "token gone1 UserAndGroups", "token gone1 DiagnosticInfo", "token gone1 UserAndGroupCount",
                   "diagnostics gone1 CreateTrace", "diagnostics gone1 CreateMethod")
        for member in members:
            for value in wild:
                with self.subTest(member=member, value=value):
                    self.damage(f"poke {member} {value}")

    def test_token_freed_while_listed_is_told_from_a_token(self):
        answer = self.damage("poke token gone1 LogonSession 0x4141414141414141", "poke token gone1 AuthenticationId 0x41")
        self.assertTrue(self.missing(answer, "token"))
        self.assertEqual(answer["orphaned"][0]["tokens"] if answer["orphaned"] else [], [])

    def test_numbers_that_cannot_be_are_left_out_of_the_snapshot(self):
        for poke in ("token gone1 TokenId 0xffffe40100000a60", "token gone1 SessionId 0xfffffff8",
                     "token system SessionId 0xffffffff", "token here SessionId 0xfffffff0",
                     "process 2044 CreateTime 0x7fffffffffffffff"):
            with self.subTest(poke=poke):
                self.describe("19041 tracking", f"poke {poke}\n")
                path = self.write("snapshot.json", self.dump("--format", "snapshot").stdout)
                again = self.run_program("analyzer", "show", "--format", "json", path, code=0).stdout
                self.assertEqual(json.loads(again), json.loads(path.read_text()))

    def test_account_name_of_64_kib_is_cut(self):
        answer = self.damage(more="logon 0:fe001 %s LAB\nreferences 0:fe001 1\n" % ("x" * 65000))
        self.assertLessEqual(max(len(orphan["user"]) for orphan in answer["orphaned"]), 1024)

    def test_pages_out_of_sight_are_counted_by_reason(self):
        for place, why in (("paged-out", "paged out"), ("not-dumped", "not in this dump")):
            for kind, what in (("logon 0:fd2f5", "list of logon sessions"), ("token gone1", "token"),
                               ("diagnostics gone1", "creation record"), ("process 2044", "process"),
                               ("node gone1", "logon session's token list")):
                with self.subTest(place=place, kind=kind):
                    answer = self.damage(f"page {kind} {place}", machine="19041 tracking spread")
                    self.assertIn(why, self.missing(answer, what))

    def test_dump_cut_at_any_page_is_answered_or_refused(self):
        self.describe("19041 tracking full")
        whole = self.path.read_bytes()
        cut = self.folder / "cut.dmp"
        for length in [*range(0, len(whole), 4096), 100, 5000, len(whole) - 1]:
            cut.write_bytes(whole[:length])
            done = self.dump(path=cut)
            self.assertIn(done.returncode, (0, 1, 2, 3), length)
            if length >= 8192:
                self.assertRegex(done.stdout + done.stderr, r"cut\s+short", length)

    def test_what_steers_a_terminal_is_not_printed(self):
        self.describe("19041 tracking", "logon 0:fe001 a%1b[31mb%0a L%07\nreferences 0:fe001 1\n")
        done = self.dump("--verbose", code=1)
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("a?[31mb?", done.stdout)


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class LabHost(DumpCase):
    """Leak, crash, dump, culprit: the whole chain."""

    def crash(self, lab, *arguments):
        self.path = self.folder / "MEMORY.DMP"
        done = lab.verb("crash", "--output", str(self.path), *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)

    def leak(self, *options):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.2", *options)
        self.grab(lab)
        scenario = self.scenario(lab, load={"slots": 2, "cycles": 8}, verify_ids=0, settle={"at_least": "1s"},
                                 observers=[self.observer(lab)])
        self.drive(scenario)
        return lab

    def test_grabber_is_named_in_each_layout_with_tracking_and_without(self):
        lab = self.leak()
        for layout in LAYOUTS:
            for untracked in (False, True) if layout != "9600" else (True,):
                with self.subTest(layout=layout, untracked=untracked):
                    self.crash(lab, "--layout", layout, *["--untracked"] * untracked)
                    answer = self.answer()
                    holder = answer["holders"][0]
                    self.assertEqual(holder["image"], "leaklab-grabber.exe")
                    self.assertEqual(holder["orphans"], 8)
                    self.assertEqual(answer["orphans"], 8)
                    self.assertEqual(len(answer["referred_session_ids"]), 8)
                    if untracked:
                        self.assertEqual(answer["creators"], [])
                    else:
                        creator = answer["creators"][0]
                        self.assertEqual((creator["image"], creator["held_itself"]), ("leaklab-grabber.exe", holder["tokens"]))
                        self.assertEqual(creator["stacks"][0]["method"], "duplicate")
                        self.assertRegex("\n".join(creator["stacks"][0]["frames"]),
                                         r"nt!SepDuplicateToken\+0x.*\n(.*\n)*ntdll\.dll\+0x.*\nleaklab-grabber\.exe\+0x")

    def test_kernel_references_are_the_remainder(self):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.2", "--kernel-reference", "2")
        self.drive(self.scenario(lab, load={"slots": 2, "cycles": 8}, verify_ids=0, settle={"at_least": "1s"},
                                 observers=[self.observer(lab)]))
        for arguments in ((), ("--untracked",)):
            with self.subTest(arguments=arguments):
                self.crash(lab, *arguments)
                answer = self.answer()
                self.assertEqual(answer["orphans"], 4)
                self.assertEqual(answer["orphans_held_by_kernel"], 4)
                self.assertEqual(answer["holders"][0]["kind"], "kernel")

    def test_run_is_judged_from_dumps_alone(self):
        done = self.drive(leaklab.SCENARIOS / "ms16-111-dump.yaml", "--set", "load.cycles=24")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.verdict(code=0)["verdict"], "LEAK")


if __name__ == "__main__":
    tap.main()
