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


if __name__ == "__main__":
    tap.main()
