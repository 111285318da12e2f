"""What pins a session ID: any token, any process, named from one sample, by whichever way it comes."""
import json
import unittest

import leaklab
import tap
import test_evidence

PINNED = {"settle": {"at_least": "1s", "release": "1s"}}


class Case(test_evidence.Case):
    def agent(self, *options, cycles=6, lab=()):
        """The lab host's snapshots before and after users logged on and off, while an agent leaked."""
        host = self.lab("--time-scale", "0.0001", *lab)
        before = host.snapshot()
        stage = [{"name": "agent", "command": f"exec {leaklab.program('grabber')} --lab --quiet --control {host.facts['control']} "
                                              f"--image agent.exe {' '.join(options)}"}]
        self.texts = lambda: {what: host.show(what) for what in ("qwinsta", "logonsessions", "handle")}
        self.during = None
        scenario = self.scenario(host, load={"slots": 1, "cycles": cycles}, stage=stage,
                                 observers=[{"name": "keep", "session": self.keeper(host)}], observe_every=1)
        self.drive(scenario)
        samples = [json.loads(line) for line in (self.folder / "samples").read_text().splitlines()]
        return before, samples

    def keeper(self, host):
        """An observer that keeps what it saw, text too: the agent ends with the run, and what it held goes with it."""
        script = self.write("keep.sh", "n=0\nwhile read mark; do\nn=$((n + 1))\n"
                            f"for what in qwinsta logonsessions handle; do mkdir -p {self.folder}/text$n; {leaklab.program('labhost')} "
                            f"show $what --control {host.facts['control']} > {self.folder}/text$n/$what.txt; done\n"
                            f"{leaklab.program('labhost')} show snapshot --control {host.facts['control']} | tr -d '\\n'"
                            f" | tee -a {self.folder}/samples; echo | tee -a {self.folder}/samples\ndone\n")
        return f"exec sh {script}"

    def last_text(self):
        return max(self.folder.glob("text*"), key=lambda path: int(path.name[4:]))

    def put(self, name, snapshot):
        return self.write(name, json.dumps(snapshot))

    def show_text(self, path):
        return " ".join(self.run_program("analyzer", "show", path).stdout.split())

    def compare_text(self, *words, code=None):
        return " ".join(self.run_program("analyzer", "compare", *words, code=code).stdout.split())


class OneSample(Case):
    def test_referred_ids_are_named_with_who_holds_a_token_of_each(self):
        before, samples = self.agent("--what", "winlogon")
        shown = self.show_text(self.put("after.json", samples[-1]))
        pid = next(process["pid"] for process in samples[-1]["processes"] if process["image"] == "agent.exe")
        self.assertIn(f"session IDs 2 to 7 are in no session list; agent.exe (process {pid}) holds 6 tokens of them: very probably "
                      "what keeps them", shown)
        compared = self.compare_text(self.put("before.json", before), self.put("after.json", samples[-1]), code=3)
        self.assertIn("session IDs 2 to 7 are in no session list; agent.exe", compared)
        self.assertIn("one more logon decides it: it is given a higher ID if so", compared)

    def test_cut_session_list_refers_to_nothing_for_sure(self):
        _, samples = self.agent("--what", "winlogon")
        cut = {**samples[-1], "sight": [{**sight, **({"extent": "cut off"} if sight["section"] == "sessions" else {})}
                                        for sight in samples[-1]["sight"]]}
        self.assertNotIn("in no session list", self.show_text(self.put("cut.json", cut)))

    def test_host_that_says_that_its_tokens_keep_no_ids_is_quoted(self):
        _, samples = self.agent("--what", "winlogon")
        self.assertIn("very probably what keeps them, though the host says that its tokens keep no session IDs "
                      "(SeTokenDoesNotTrackSessionObject)",
                      self.show_text(self.put("off.json", {**samples[-1], "tokens_keep_session_ids": False})))

    def test_exited_processes_are_named_with_who_keeps_them(self):
        before, samples = self.agent("--what", "process")
        shown = self.show_text(self.put("after.json", samples[-1]))
        self.assertIn("1 and 1 to exited processes" if "1 and 1" in shown else "and 1 to exited processes", shown)
        compared = self.compare_text("--after-logoff", "25m", self.put("before.json", before),
                                     self.put("after.json", samples[-1]), code=1)
        self.assertIn("agent.exe", compared)
        self.assertNotIn("explorer.exe", compared)

    def test_protected_holder_of_exited_processes_is_a_suspect(self):
        before, samples = self.agent("--what", "process", lab=("--protect", "agent.exe"))
        pid = next(process["pid"] for process in samples[-1]["processes"] if process["image"] == "agent.exe")
        compared = self.compare_text("--after-logoff", "25m", self.put("before.json", before), self.put("after.json", samples[-1]),
                                     code=1)
        self.assertIn(f"agent.exe (process {pid}) keeps handles to 6 exited processes of unknown owner: very probably "
                      "what holds them", compared)

    def test_what_nobody_can_look_into_is_never_clean_where_it_rose(self):
        before, samples = self.agent("--what", "winlogon", lab=("--protect", "agent.exe"))
        compared = self.compare_text("--after-logoff", "25m", self.put("before.json", before), self.put("after.json", samples[-1]),
                                     code=3)
        self.assertIn("handles to tokens or exited processes that could not be looked into rose from", compared)

    def test_sessions_of_which_the_kernel_has_an_object_still_are_not_clean(self):
        before, samples = self.agent("--fixed")
        still = {**samples[-1], "session_objects": [0, 1, 5]}
        self.assertIn("session ID 5 is in no session list", self.show_text(self.put("still.json", still)))
        compared = self.compare_text("--after-logoff", "25m", self.put("before.json", before), self.put("after.json", still), code=3)
        self.assertIn("session ID 5 is in no session list; something refers to it", compared)

    def test_two_sessions_with_one_id_are_not_one_that_stays(self):
        """svchost.exe still has a token of a session that has just ended, at two moments: of two sessions."""
        before, _ = self.agent("--fixed")
        then, now = "2026-11-29T10:00:00.000000Z", "2026-11-29T10:50:00.000000Z"
        token = {"pid": 92, "image": "svchost.exe", "type": "Token", "luid": "00000000:000003e7", "session_id": 3}
        whole = [{"section": section, "extent": "whole"} for section in ("sessions", "logon_sessions", "handles", "processes")]
        carol = {"luid": "00000000:00990000", "user": "carol", "domain": "LAB", "logon_type": "RemoteInteractive", "session_id": 4,
                 "logon_time": "2026-11-29T10:30:00.000000Z"}
        for identity, code in ((1001, 1), (7777, 3)):
            first = {**before, "time": then, "boot_time": "2026-11-28T10:00:00.000000Z", "sight": whole,
                     "handles": [{**token, "value": 64, "token_id": 1001}]}
            second = {**first, "time": now, "logon_sessions": [*before["logon_sessions"], carol],
                      "sessions": [*before["sessions"], {"id": 4, "name": "rdp-tcp#1", "user": "carol", "domain": "LAB",
                                                         "state": "Active"}],
                      "handles": [{**token, "value": 64 if identity == 1001 else 136, "token_id": identity}]}
            first.pop("release_time", None)
            second.pop("release_time", None)
            third = {**first, "time": "2026-11-29T10:01:00.000000Z"}
            with self.subTest(identity=identity):
                compared = self.compare_text(self.put("first.json", first), self.put("third.json", third),
                                             self.put("second.json", second), code=code)
                self.assertIn("svchost.exe", compared)

    def test_tokens_of_session_zero_and_of_sessions_beyond_any_seen(self):
        _, samples = self.agent("--fixed")
        sample = samples[-1]
        token = {"pid": 900, "image": "svc.exe", "type": "Token", "luid": "00000000:000003e7"}
        shown = self.show_text(self.put("odd.json", {**sample, "handles": [
            {**token, "value": 4, "session_id": 0}, {**token, "value": 8, "session_id": 65535},
            {**token, "value": 12, "session_id": 70000}], "sight": [
                {key: value for key, value in sight.items() if key != "rows"} for sight in sample["sight"]]}))
        self.assertIn("session ID 65535 is in no session list", shown)


class Text(Case):
    def test_exited_processes_in_handles_text_are_suspects_where_whose_is_not_seen(self):
        self.agent("--what", "process")
        text = self.last_text()
        pid = next(line.split()[2] for line in (text / "handle.txt").read_text().splitlines() if line.startswith("agent.exe"))
        for spelling in ("<Non-existent Process>", "<Non-existant Process>"):
            handle = text / "handle.txt"
            handle.write_text(handle.read_text().replace("<Non-existent Process>", spelling))
            compared = self.compare_text("--after-logoff", "25m", self.folder / "text1", text, code=1)
            self.assertIn(f"agent.exe (process {pid}) keeps handles to 6 exited processes of unknown owner: they may be "
                          "what holds them, though how many there were before is not known", compared)
            self.assertNotIn("take a memory dump", compared)

    def test_process_list_of_an_earlier_moment_tells_whose_exited_processes_were(self):
        _, samples = self.agent("--what", "process", cycles=4, lab=("--shell-seconds", "1"))
        during = next(sample for sample in samples if any(process["session_id"] >= 2 for process in sample["processes"]))
        lists = self.put("during.json", during)
        text = self.last_text()
        done = self.run_program("analyzer", "compare", lists, text, "--after-logoff", "25m", "--format", "json", code=1)
        compared = json.loads(done.stdout)
        kept = [orphan for orphan in compared["orphans"]
                if any(holder.get("exited_processes") for holder in orphan["holders"])]
        self.assertTrue(kept)
        self.assertEqual([holder["image"] for orphan in kept for holder in orphan["holders"] if holder.get("exited_processes")],
                         ["agent.exe"] * len(kept))


if __name__ == "__main__":
    tap.main(at_once=2)
