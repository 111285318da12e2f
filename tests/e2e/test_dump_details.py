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


if __name__ == "__main__":
    tap.main()
