"""What an escalation engineer asks of a memory dump beside the verdict: which host, why it crashed, everything that is logged on, since when."""
import json
import subprocess
import unittest

import tap
from test_dump import BY, LAYOUTS, MKDUMP, DumpCase


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Host(DumpCase):
    """Which host it is, and why it crashed."""

    def test_host_is_named_by_its_own_account(self):
        for layout in LAYOUTS:
            with self.subTest(layout=layout):
                self.describe(layout)
                head = self.answer()["dump"]
                self.assertEqual((head["host"], head["domain"]), ("LABHOST", "LAB"))
                self.assertRegex(self.dump(code=1).stdout, r"\nHost +LABHOST \(LAB\)\n")
                self.assertEqual(json.loads(self.dump("--format", "snapshot").stdout)["host"], "LABHOST")

    def test_account_that_is_no_computer_s_names_no_host(self):
        for account in ("SYSTEM", "$", "LABHOST"):
            with self.subTest(account=account):
                self.describe("19041")
                path = self.folder / "description.txt"
                path.write_text(path.read_text().replace("LABHOST$", account))
                subprocess.run([MKDUMP, path, self.path, self.folder / "ntkrnlmp.pdb"], check=True, capture_output=True)
                self.assertNotIn("host", self.answer()["dump"])
                self.assertNotIn("\nHost ", self.dump(code=1).stdout)

    def test_bugcheck_has_its_name(self):
        self.describe("19041 full")
        whole = bytearray(self.path.read_bytes())
        for code, name in ((0x80, "NMI_HARDWARE_FAILURE"), (0xe2, "MANUALLY_INITIATED_CRASH"), (0xef, "CRITICAL_PROCESS_DIED"),
                           (1, "APC_INDEX_MISMATCH"), (0x161, "LIVE_SYSTEM_DUMP"), (0xdeaddead, "MANUALLY_INITIATED_CRASH1"),
                           (0x1000007e, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED_M"), (0x12345, None)):
            with self.subTest(code=code):
                whole[0x38:0x3c] = code.to_bytes(4, "little")
                self.path.write_bytes(whole)
                head = self.answer()["dump"]
                self.assertEqual((head["bugcheck"], head.get("bugcheck_name")), (hex(code), name))
                self.assertIn(f"0x{code:x} {name + ' ' if name else ''}(0x4f4454", " ".join(self.dump(code=1).stdout.split()))


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class All(DumpCase):
    """--all: every logon session with what it has."""
    STACK = ["nt!SepDuplicateToken+0x10", "nt!NtDuplicateToken+0xc", "faultysvc.exe+0x1234"]

    def test_text_has_every_logon_session_with_its_tokens_and_their_stacks(self):
        for layout in LAYOUTS:
            with self.subTest(layout=layout):
                tracked = layout != "9600"
                self.describe(layout + " tracking" * tracked)
                self.assertNotIn("All logon sessions", self.dump("--verbose", code=1).stdout)
                text = self.dump("--all", code=1).stdout
                table = text[text.index("All logon sessions:"):]
                self.assertEqual([line.split() for line in table.splitlines() if line.startswith("0000")],
                                 [["00000000:000003e7", "0", "LAB\\LABHOST$", "1", "1"], ["00000000:000fd2f5", "2", "LAB\\user01", "1", "1"],
                                  ["00000000:000ff123", "3", "LAB\\user03", "1", "1"]])
                for sid in ("S-1-5-18", "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1003"):
                    self.assertIn(f"    user {sid}\n", table)
                self.assertEqual([line.strip() for line in table.splitlines() if line.startswith("        ")], self.STACK * tracked)
                self.assertIn("explorer.exe (3100), primary token", table)
                self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_json_has_those_that_are_not_orphaned_too_and_each_token_s_stack(self):
        self.describe("19041 tracking")
        answer = self.answer()
        self.assertNotIn("not_orphaned", json.loads(self.dump("--json", code=1).stdout))
        self.assertEqual({(one["user"], one["session_id"], one["user_sid"], one["references"], len(one["tokens"]))
                          for one in answer["not_orphaned"]},
                         {("LABHOST$", 0, "S-1-5-18", 1, 1), ("user03", 3, "S-1-5-21-1-2-3-1003", 1, 1)})
        self.assertEqual(answer["orphaned"][0]["tokens"][0]["stack"], self.STACK)
        self.assertNotIn("stack", answer["not_orphaned"][0]["tokens"][0])

    def test_all_tokens_of_a_logon_session_are_shown(self):
        more = "".join(f"token more{i} 0:fd2f5 2 S-1-5-21-1-2-3-1001 {BY}\nhandle 2044 more{i}\n" for i in range(60))
        self.describe("19041 tracking", more)
        self.assertIn("... and 11 tokens more (--all shows them)", self.dump("--verbose", code=1).stdout)
        text = self.dump("--all", code=1).stdout
        self.assertEqual((text.count("    token 0x"), text.count("tokens more")), (63, 0))


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Made(DumpCase):
    """Since when a logon session has been there, as far as the order of LUIDs bounds it."""
    # The clock of the dump: 2026-10-26T07:33:20Z. Times of the day before.
    NINE, ELEVEN = 1792919520000000, 1792928400000000  # 09:12, 11:40
    AGENT = f"process 4100 agent.exe 0 created={NINE}\nprocess 4200 later.exe 0 created={ELEVEN}\nprocess 4300 latest.exe 0 created={ELEVEN + 10**9}\n"

    def make(self, machine, more="", luid="0:200000", by="4100"):
        """agent.exe made a token just before the orphan, and later.exe was started just after it."""
        self.describe(machine, self.AGENT + f"""
token agent 0:3e7 0 S-1-5-18 token-id=100000 by=4:8:create:System
token later 0:3e7 0 S-1-5-18 token-id=300000 by=4:8:create:System
token latest 0:3e7 0 S-1-5-18 token-id=400000 by=4:8:create:System
primary 4100 agent
primary 4200 later
primary 4300 latest
token mark 0:ff123 3 S-1-5-21-1-2-3-1003 token-id=1f0000 by={by}:4104:duplicate:agent.exe
handle 4100 mark
logon {luid} user09 LAB
token nine {luid} 9 S-1-5-21-1-2-3-1009 token-id=500000 by=812:840:create:lsass.exe
handle 4100 nine
""" + more)
        answer = self.answer()
        return next((one for one in answer["orphaned"] if one["user"] == "user09"), None), answer

    def bounds(self, orphan):
        return orphan["made"].get("after", "")[:16], orphan["made"].get("before", "")[:16]

    def test_bounds_are_the_nearest_start_before_and_after(self):
        for layout in LAYOUTS[1:]:
            with self.subTest(layout=layout):
                orphan, answer = self.make(layout + " tracking")
                self.assertEqual(self.bounds(orphan), ("2026-10-25T09:12", "2026-10-25T11:40"))
                self.assertTrue(orphan["made"]["inferred"])
                text = " ".join(self.dump("--verbose", code=1).stdout.split())
                self.assertIn("made between 2026-10-25T09:12Z and 2026-10-25T11:40Z, inferred from the order of LUIDs", text)
                self.assertIn("that does not show when their sessions ended", text)

    def test_without_tracking_only_the_later_start_is_known(self):
        for layout in LAYOUTS:
            orphan, _ = self.make(layout)
            self.assertEqual(self.bounds(orphan), ("", "2026-10-25T11:40"))
            self.assertIn("made since boot, before 2026-10-25T11:40Z, inferred", " ".join(self.dump("--verbose", code=1).stdout.split()))

    def test_luid_above_all_others_has_no_later_bound(self):
        orphan, _ = self.make("19041", luid="0:600000")
        self.assertEqual(self.bounds(orphan), ("", ""))
        self.assertIn("    made since boot\n", self.dump("--verbose", code=1).stdout)
        orphan, _ = self.make("19041 tracking", luid="0:600000")
        self.assertEqual(self.bounds(orphan), ("2026-10-25T09:12", ""))

    def test_creator_that_is_another_process_by_now_bounds_nothing(self):
        orphan, _ = self.make("19041 tracking", by="4200")
        self.assertEqual(self.bounds(orphan)[0], "2026-10-25T03:46")  # what System made

    def test_order_that_is_contradicted_gives_no_ages(self):
        orphan, answer = self.make("19041 tracking", "token wrong 0:ff123 3 S-1-5-21-1-2-3-1003 token-id=2f0000 by=4300:4304:duplicate:latest.exe\n")
        self.assertTrue(answer["luid_order_contradicted"])
        self.assertNotIn("made", orphan)
        for words in ((), ("--verbose",), ("--all",)):
            self.assertNotRegex(self.dump(*words, code=1).stdout, "inferred|since boot")

    def test_system_s_own_luids_are_of_no_counter(self):
        _, answer = self.make("19041 tracking")
        system, = [one for one in answer["not_orphaned"] if one["luid"].endswith("3e7")]
        self.assertNotIn("made", system)

    def test_when_it_was_made_is_no_age_since_the_logoff(self):
        self.make("19041 tracking")
        done = self.run_program("analyzer", "dump", self.path, "--symbols", self.folder, "--json", code=3, env={"_NT_SYMBOL_PATH": ""})
        answer = json.loads(done.stdout)
        self.assertEqual((answer["verdict"], answer["old_orphans"]), ("INCONCLUSIVE", 0))
        self.assertEqual({one["age"] for one in answer["orphaned"]}, {0})


if __name__ == "__main__":
    tap.main()
