"""What is told of a memory dump in which something is missing: what the kernel itself counts, and what is lost."""
import json
import unittest

import tap
from test_dump import BY, LAYOUTS, MKDUMP, DumpCase

# Two users gone: of one, the kernel has the token; of the other, only references.
KERNELS = """
logon 0:fe001 user02 LAB
token kernels 0:fe001 4 S-1-5-21-1-2-3-1002 by=812:840:create:lsass.exe
logon 0:fe002 user04 LAB
references 0:fe002 2
"""


class GapCase(DumpCase):
    def text(self, *arguments, code=1):
        return " ".join(self.dump(*arguments, code=code).stdout.split())

    def orphan(self, answer, luid):
        return next(one for one in answer["orphaned"] if one["luid"].endswith(luid))

    def holders(self, answer):
        return [(row["kind"], row.get("image"), row["orphans"], row["tokens"]) for row in answer["holders"]]


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Counts(GapCase):
    """The kernel counts the handles to each token: then it does not matter what else could not be read."""
    TRACKED = tuple(layout + " tracking" for layout in LAYOUTS[1:])

    def test_unreadable_key_behind_a_handle_leaves_the_kernel_named(self):
        for machine in (*self.TRACKED, "9600", "19041", "26h1 spread"):
            for place in ("paged-out", "not-dumped"):
                with self.subTest(machine=machine, place=place):
                    self.describe(machine, KERNELS + f"handle 2044 key:{place}\nhandle 4 key:{place}\nhandle 4 key:resident\n")
                    answer = self.answer()
                    self.assertEqual(sum(self.missing(answer, "object behind a handle").values() or
                                         self.missing(answer, "objects behind handles").values()), 2)
                    self.assertTrue(answer["holders_seen"])
                    self.assertEqual([self.orphan(answer, luid)["kernel_references"] for luid in ("fd2f5", "fe001", "fe002")], [0, 1, 2], place)
                    self.assertEqual((answer["orphans_held_by_kernel"], answer["token_handles"], answer["token_handles_found"]), (2, 2, 2))
                    self.assertIn(("kernel", None, 2, int("tracking" in machine)), self.holders(answer))
                    self.assertNotIn("unseen", {row["kind"] for row in answer["holders"]})
                    text = self.text("--verbose")
                    self.assertIn("2 of the orphans are held by the kernel itself.", text)
                    self.assertEqual("held by nobody in sight" in text, "tracking" in machine)

    def test_references_beyond_those_of_tokens_are_the_kernel_s_where_all_handles_to_tokens_were_found(self):
        # Without tracking nothing leads to a token that only the kernel has. One handle more, and somebody may have it.
        more = "token more 0:fe002 6 S-1-5-21-1-2-3-1004\nhandle 2044 key:paged-out\n"
        self.describe("19041", KERNELS + more)
        self.assertEqual(self.orphan(self.answer(), "fe002")["kernel_references"], 3)
        self.describe("19041", KERNELS + more + "total-handles 3\n")
        self.assertNotIn("kernel", {row["kind"] for row in self.answer()["holders"]})
        self.describe("19041 tracking", KERNELS + more.replace("1004\n", "1004 by=812:840:create:lsass.exe\n") + "total-handles 3\n")
        self.assertEqual(self.orphan(self.answer(), "fe002")["kernel_references"], 3)

    def test_count_above_what_was_found_hides_a_holder(self):
        for machine in (*self.TRACKED, "19041"):
            with self.subTest(machine=machine):
                tracked = "tracking" in machine
                self.describe(machine, KERNELS + "handle 812 kernels\n" * (not tracked) + "handle-count kernels 3\ntotal-handles 5\n")
                answer = self.answer()
                self.assertEqual((answer["holders_seen"], answer["orphans_held_by_kernel"]), (False, None if tracked else 1))
                self.assertIn("unseen", {row["kind"] for row in answer["holders"]})
                missing = 3 - (not tracked)
                self.assertIn(f"The kernel counts {missing} handles to tokens more than were found: who has them is not known.", self.text())
                self.assertIn(f"held by {missing} handles that were not found", self.text("--verbose"))
                handles = {one["section"]: one for one in json.loads(self.dump("--format", "snapshot").stdout)["sight"]}["handles"]
                self.assertEqual(handles["extent"], "cut off")

    def test_lost_handle_table_leaves_whoever_was_seen_not_alone(self):
        for layout in self.TRACKED:
            self.describe(layout, "poke process 2044 ObjectTable 0xffffe4010fff0000\n")
            answer = self.answer()
            self.assertEqual(self.holders(answer), [("unseen", None, 1, 1), ("process", "lsass.exe", 1, 1)])
            self.assertEqual([row["alone"] for row in answer["holders"]], [1, 0])
            self.assertTrue(answer["holders"][1]["follower"])
            self.assertIn("The kernel counts 1 handle to tokens more than were found", self.text())

    def test_count_below_what_was_found_voids_both(self):
        for machine in self.TRACKED:
            self.describe(machine, KERNELS + "handle 4 key:paged-out\ntotal-handles 1\n")
            answer = self.answer()
            self.assertEqual(self.orphan(answer, "fe001")["kernel_references"], None)
            self.assertEqual(self.orphan(answer, "fe002")["kernel_references"], 2)  # its list shows that it has no tokens
            self.assertIn("The kernel counts 1 handle to tokens, and 2 were found: neither number proves anything here.", self.text())
            # Where everything was read, that is known without the counts.
            self.describe(machine, KERNELS + "total-handles 1\n")
            self.assertEqual(self.orphan(self.answer(), "fe001")["kernel_references"], 1)

    def test_count_says_nothing_of_processes_and_threads_that_are_missing(self):
        for more in ("poke process 2044 ThreadListHead 0x41\n", "process 5000 agent.exe 0\nprimary 5000 kernels\npage process 5000 paged-out\n"):
            with self.subTest(more=more):
                self.describe("19041 tracking spread", KERNELS + more)
                answer = self.answer(code=None)
                self.assertTrue(all(one["kernel_references"] is None for one in answer["orphaned"] if one["luid"].endswith("fe001")))
                self.assertNotIn(("kernel", 1), {(row["kind"], row["tokens"]) for row in answer["holders"]})

    def test_count_says_nothing_of_handles_to_the_exited_process_that_ran_with_the_token(self):
        exited = KERNELS + "process 3200 explorer.exe 4 exited\nprimary 3200 kernels\n"
        self.describe("19041 tracking", exited + "handle 2044 key:paged-out\n")
        self.assertIsNone(self.orphan(self.answer(), "fe001")["kernel_references"])
        self.describe("19041 tracking", exited)
        self.assertEqual(self.orphan(self.answer(), "fe001")["kernel_references"], 1)

    def test_handle_of_the_kernel_s_own_table_is_counted(self):
        self.describe("19041 tracking", KERNELS + "handle 4 kernels\nhandle 4 key:paged-out\n")
        answer = self.answer()
        self.assertEqual((answer["token_handles"], answer["token_handles_found"]), (3, 3))
        self.assertEqual(self.orphan(answer, "fe001")["kernel_references"], 0)
        self.assertIn(("process", "System", 1, 1), self.holders(answer))

    def test_dump_of_a_running_host_is_sure_of_nothing_that_it_counts(self):
        for more in ("", "handle 4 key:paged-out\n"):
            self.describe("19041 tracking live", KERNELS + more)
            answer = self.answer()
            self.assertTrue(answer["dump"]["moved"])
            kernel, = [row for row in answer["holders"] if row["kind"] == "kernel"]
            self.assertTrue(kernel["probable"])
            text = self.text()
            self.assertIn("2 of the orphans are probably held by the kernel itself", text)
            self.assertIn("probably the kernel holds 1 token", text)
        # What came while it was written is no hidden holder.
        self.describe("19041 tracking live", KERNELS + "total-handles 9\nhandle-count gone1 3\n")
        answer = self.answer()
        self.assertNotIn("unseen", {row["kind"] for row in answer["holders"]})
        self.assertIn("in part perhaps because memory changed", self.text())
        self.describe("19041 tracking", KERNELS)
        self.assertFalse(self.answer()["dump"]["moved"])


if __name__ == "__main__":
    tap.main()
