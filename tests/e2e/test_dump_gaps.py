"""What is told of a memory dump in which something is missing: what the kernel itself counts, and what is lost."""
import json
import subprocess
import unittest

import tap
from test_dump import BY, LAYOUTS, MKDUMP, MKMANY, DumpCase

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


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Kinds(GapCase):
    """Everything of one kind out of sight at once: no wrong verdict, nobody blamed who is not to blame, and the loss in the head."""
    # What is lost, as its words in a description, and what the head says of it.
    KINDS = {
        "logons": (("logon",), "There may be more logon sessions"),
        "tokens": (("token",), "tokens? could not be read: there may be more tokens and holders|Which sessions are over is not known"),
        "diagnostics": (("diagnostics",), "creation records? could not be read: who made those tokens is not known"),
        "list entries": (("node",), "token lists? could not be read|tokens? could not be read"),
        "processes": (("process",), "Which sessions are over is not known"),
        "handle tables": ((), "pages? of (a )?handle tables? could not be read: there may be more holders"),
        "names": ((), "names could not be read: a [?] stands for each"),
    }
    CLEAN = "process 3200 cmd.exe 2\nprocess 3204 csrss.exe 2\nprimary 3200 gone1\nprimary 3204 gone1\n"

    def crowd(self, orphans=20):
        return "".join(f"logon 0:{0x100000 + 16 * number:x} user{number} LAB\n"
                       f"token g{number} 0:{0x100000 + 16 * number:x} {10 + number} S-1-5-21-1-2-3-{2000 + number} {BY}\n"
                       f"handle {812 if number % 2 else 2044} g{number}\n" for number in range(orphans))

    def lose(self, machine, kind, place, more):
        """The description without that kind."""
        words, _ = self.KINDS[kind]
        option = {"handle tables": f" tables={place}", "names": f" names={place}"}.get(kind, "")
        tracked = "tracking" in machine
        self.describe(machine + " spread" + option, more)
        path = self.folder / "description.txt"
        text = path.read_text().replace("1-2-3-1003\n", "1-2-3-1003 by=812:840:create:lsass.exe\n") \
            .replace("S-1-5-18\n", "S-1-5-18 by=4:8:create:System\n")
        named = {"logon": "logon", "token": "token", "process": "process", "diagnostics": "token", "node": "token"}
        pages = [f"page {word} {line.split()[1]} {place}\n" for word in words for line in text.splitlines()
                 if line.split()[:1] == [named[word]] and (tracked or word not in ("diagnostics", "node"))]
        path.write_text(text + "".join(pages))
        subprocess.run([MKDUMP, path, self.path, self.folder / "ntkrnlmp.pdb"], check=True, capture_output=True)

    def sweep(self, more, check):
        for machine in ("9600", "14393 tracking", "19041", "26h1 tracking", "26h1"):
            for kind in self.KINDS:
                if kind in ("diagnostics", "list entries") and "tracking" not in machine:
                    continue
                for place in ("paged-out", "not-dumped"):
                    with self.subTest(machine=machine, kind=kind, place=place):
                        self.lose(machine, kind, place, more)
                        done = self.dump("--json", "--all")
                        check(kind, done.returncode, json.loads(done.stdout or "{}"))

    def test_no_kind_hides_a_leak_or_blames_another(self):
        def check(kind, code, answer):
            self.assertIn(code, (1, 3))
            self.assertLessEqual({row.get("image") for row in answer["holders"]}, {"faultysvc.exe", "lsass.exe", None})
            self.assertNotIn("kernel", {row["kind"] for row in answer["holders"]})
            self.assertIn(answer["orphans_held_by_kernel"], (0, None))
            self.assertRegex(self.text(code=code), self.KINDS[kind][1])
            self.assertLessEqual(answer["orphans"], 21)
            # Tokens and processes tell which sessions are over, and who is whose; the others cost no orphan.
            if kind in ("diagnostics", "list entries", "names", "logons"):
                self.assertEqual((code, answer["orphans"]), (1, 21))
        self.sweep(self.crowd(), check)

    def test_no_kind_makes_a_clean_host_leak(self):
        def check(kind, code, answer):
            self.assertIn(code, (0, 3))
            self.assertEqual(answer["orphaned"], [])
            self.assertRegex(self.text(code=code), self.KINDS[kind][1])
            if kind in ("logons", "processes"):
                self.assertEqual(code, 3)
        self.sweep(self.CLEAN, check)

    def test_damages_of_one_kind_are_one_line(self):
        wild = "".join(f"poke token g{number} LogonSession 0x4141414141414141\n" for number in range(20))
        self.describe("19041 tracking", self.crowd() + wild)
        for words in ((), ("--verbose",)):
            text = self.dump(*words, code=1).stdout
            self.assertEqual(text.count("tokens: damaged"), 1)
            self.assertEqual(text.count("belongs to another logon session"), 1)
            self.assertRegex(" ".join(text.split()), "[0-9]+ tokens: damaged; the first: what should be a token at 0x[0-9a-f]+ ")
            self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])
        entry, = [one for one in self.answer()["missing"] if one["what"] == "token" and one["why"] == "damaged"]
        self.assertRegex(entry["first"], "what should be a token at 0x")

    def test_lists_that_are_mended_are_one_line(self):
        self.describe("19041 tracking", self.crowd() + "".join(f"poke node g{number} Flink 0x41\n" for number in range(20)))
        self.assertNotIn("damaged list", self.text())
        text = self.dump("--verbose", code=1).stdout
        self.assertEqual(text.count("damaged lists"), 1)
        self.assertIn("20 damaged lists, of which nothing is missing; the first: the token list of logon session 0x100000", " ".join(text.split()))


@unittest.skipUnless(MKDUMP.exists(), "lab kernels were not built (needs clang and lld)")
class Bad(GapCase):
    """Lists that lead in circles, names that are there twice, files that end too soon."""

    def test_lists_that_loop_in_both_directions_end(self):
        more = "token m1 0:fd2f5 2 S-1-5-21-1-2-3-1001 by=812:840:create:lsass.exe\ntoken m2 0:fd2f5 2 S-1-5-21-1-2-3-1001 by=812:840:create:lsass.exe\n" \
               "handle 2044 m1\nhandle 2044 m2\n"
        for pokes in (("node gone1 Flink @node:m1", "node m1 Flink @node:gone1", "node m2 Blink @node:m1"),
                      ("node m1 Flink @node:m1", "node m1 Blink @node:m1"),
                      ("process 4 ActiveProcessLinks @process:4", "process 3100 ActiveProcessLinks @process:3100"),
                      ("logon 0:fd2f5 Next @logon:0:ff123", "logon 0:ff123 Next @logon:0:fd2f5", "logon 0:3e7 Next @logon:0:3e7")):
            with self.subTest(pokes=pokes):
                self.describe("19041 tracking", more + "".join(f"poke {poke}\n" for poke in pokes))
                done = self.dump("--json")
                self.assertIn(done.returncode, (1, 3))
                self.assertLessEqual({row.get("image") for row in json.loads(done.stdout)["holders"]}, {"faultysvc.exe", "lsass.exe", None})

    def test_luid_that_is_there_twice_decides_nothing(self):
        # The orphan's is that of somebody who is there, and the other way round.
        for poke in ("logon 0:fd2f5 LogonId 0xff123", "logon 0:ff123 LogonId 0xfd2f5"):
            for machine in ("9600", "19041 tracking", "26h1"):
                with self.subTest(poke=poke, machine=machine):
                    self.describe(machine, f"poke {poke}\n")
                    done = self.dump("--json")
                    self.assertEqual((done.returncode, json.loads(done.stdout)["orphaned"]), (3, []))

    def test_sessions_of_a_thousand_tokens_are_counted_in_full(self):
        self.path = self.folder / "MEMORY.DMP"
        subprocess.run([MKMANY, "20", "20000", "3", self.path, self.folder / "ntkrnlmp.pdb"], check=True)
        answer = self.answer()
        self.assertEqual((answer["orphans"], {one["token_count"] for one in answer["orphaned"]}), (20, {1000}))
        self.assertEqual({one["kernel_references"] for one in answer["orphaned"]}, {0})
        self.assertEqual((answer["token_handles"], answer["missing"]), (answer["token_handles_found"], []))

    def test_dump_that_ends_in_the_middle_proves_nothing(self):
        for machine in ("19041 tracking full", "14393 tracking", "26h1 shuffled"):
            self.describe(machine)
            whole = self.path.read_bytes()
            for part in (0.2, 0.5, 0.8, 0.95):
                with self.subTest(machine=machine, part=part):
                    self.path.write_bytes(whole[:int(len(whole) * part)])
                    done = self.dump()
                    self.assertIn(done.returncode, (2, 3))
                    self.assertRegex(done.stdout + done.stderr, r"cut\s+short")
                    self.assertNotIn("Culprits", done.stdout)


if __name__ == "__main__":
    tap.main()
