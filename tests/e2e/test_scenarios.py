"""Each ready-made scenario keeps its promise: judged by its exit code, as a script of a user would."""
import json
import os
import unittest

import leaklab
import tap


class ReadyMadeScenarios(leaklab.Case):
    REAL_HOST = {"RDS_HOST": "rds01", "RDS_ADMIN": "admin@rds01", "LOADTEST_PASSWORD": "x"}

    def play(self, name, *arguments):
        done = self.drive(leaklab.SCENARIOS / f"{name}.yaml", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return self.verdict(code=0)

    def test_baseline_is_clean_and_reuses_its_session_ids(self):
        verdict = self.play("baseline")
        self.assertEqual(verdict["verdict"], "CLEAN")
        self.assertEqual(verdict["orphans"]["k"], 0)
        self.assertLess(verdict["session_ids"]["distinct"], verdict["session_ids"]["cycles"] / 2)

    def test_ms16_111_leaks_one_session_id_a_cycle_and_names_the_grabber(self):
        verdict = self.play("ms16-111")
        self.assertEqual(verdict["verdict"], "LEAK")
        self.assertEqual(verdict["orphans"]["k"], verdict["orphans"]["n"])
        self.assertAlmostEqual(verdict["session_ids"]["growth_per_cycle"], 1, delta=0.05)
        self.assertIn("leaklab-grabber", verdict["culprits"][0]["image"])
        self.assertEqual(verdict["culprits"][0]["logon_sessions"], verdict["orphans"]["k"])
        self.assertEqual(verdict["unattributed"]["logon_sessions"], 0)

    def test_ms16_111_fixed_is_clean(self):
        self.assertEqual(self.play("ms16-111-fixed")["verdict"], "CLEAN")

    def test_before_ms16_111_handles_leak_and_session_ids_are_reused(self):
        verdict = self.play("before-ms16-111")
        self.assertEqual(verdict["verdict"], "LEAK")
        self.assertLess(verdict["session_ids"]["distinct"], 10)
        self.assertTrue(any("session IDs are reused" in reason for reason in verdict["reasons"]))

    def test_every_third_logon_has_one_third_in_its_interval(self):
        verdict = self.play("every-third-logon")
        low, high = verdict["orphans"]["ci95"]
        self.assertTrue(low <= 1 / 3 <= high)
        self.assertEqual(verdict["orphans"]["k"], verdict["orphans"]["n"] // 3)

    def test_controlled_is_a_leak_that_its_controls_vouch_for(self):
        done = self.drive(leaklab.SCENARIOS / "controlled.yaml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        reasons = "\n".join(self.verdict(code=0)["reasons"])
        self.assertIn("the negative control was clean (0 of 50)", reasons)
        self.assertIn("the positive control's leak at 10 % of the logons was found (6 of 60)", reasons)
        self.assertEqual([path.name for path in self.folder.iterdir() if "control" in path.name], [])

    def test_lab_that_sees_leaks_where_there_are_none_gives_no_verdict(self):
        text = (leaklab.SCENARIOS / "controlled.yaml").read_text()
        scenario = self.write("faulty.yaml", text.replace("    without: [grabber]\n    cycles: 50\n", "    cycles: 8\n"))
        done = self.drive(scenario, "--set", "load.cycles=8", "--set", "controls.positive.cycles=32", code=3)
        self.assertIn("the negative control came out as LEAK", " ".join(done.stdout.split()))

    def test_lab_that_misses_the_known_leak_gives_no_verdict(self):
        done = self.drive(leaklab.SCENARIOS / "controlled.yaml", "--set", "load.cycles=8", "--set", "controls.negative.cycles=50",
                          "--set", "controls.positive.cycles=32", "--set", "controls.positive.rate=0.9", code=3)
        self.assertIn("the positive control leaked at 90 % of the logons", " ".join(done.stdout.split()))

    def test_kernel_reference_leaks_without_a_visible_holder(self):
        verdict = self.play("kernel-reference")
        self.assertEqual(verdict["verdict"], "LEAK")
        self.assertEqual(verdict["culprits"], [])
        self.assertEqual(verdict["unattributed"]["logon_sessions"], verdict["orphans"]["logon_sessions"])

    def test_winlogons_token_pins_every_session_id_and_no_logon_session(self):
        verdict = self.play("winlogon-token")
        self.assertEqual((verdict["orphans"]["k"], verdict["session_ids"]["pinned_cycles"]["k"]), (0, 60))
        self.assertEqual(verdict["culprits"][0]["session_ids"], 60)
        self.assertIn("60 session IDs are pinned", "\n".join(verdict["reasons"]))

    def test_dwms_token_keeps_dwms_logon_sessions_at_the_rate_of_the_cycles(self):
        verdict = self.play("dwm-token")
        self.assertEqual(verdict["orphans"]["k"], 20)
        self.assertEqual(verdict["session_ids"]["reused_while_orphaned"], 0)

    def test_process_handles_keep_exited_processes_and_their_holder_is_named(self):
        verdict = self.play("process-handle")
        self.assertEqual(verdict["culprits"][0]["exited_processes"], 60)
        self.assertIn("leaklab-grabber.exe (process %d) holds 60 of them: it keeps handles to 60 exited processes of ended "
                      "sessions" % verdict["culprits"][0]["pid"], verdict["reasons"])

    def test_protected_holder_is_named_by_the_rise_of_what_nobody_can_look_into(self):
        verdict = self.play("protected-holder")
        self.assertEqual(verdict["suspects"][0], {"image": "MsMpEng.exe", "pid": verdict["suspects"][0]["pid"],
                                                  "hidden_token_handles": 60, "exited_processes": 0})
        reasons = "\n".join(verdict["reasons"])
        self.assertIn("60 token handles that could not be looked into rise with the orphans", reasons)
        self.assertNotIn("System (process 4) holds", reasons)

    def test_bounded_cache_leaks_one_of_each_account(self):
        verdict = self.play("bounded-cache", "--set", "load.cycles=120", "--set", "settle.at_least=20s")  # a busy grabber is late
        self.assertEqual(verdict["orphans"]["k"], 8)
        self.assertEqual(verdict["kind"], "bounded")
        self.assertIsNone(verdict["orphans"]["rate"])
        self.assertIn("That is a cache of one per account: 8, and no more with more cycles", " ".join(verdict["reasons"]))

    def test_leaker_that_is_restarted_leaks_all_the_same(self):
        text = (leaklab.SCENARIOS / "ms16-111.yaml").read_text().partition("expect:")[0]
        text = text.replace("leaklab-grabber --lab --quiet", "leaklab-grabber --lab --quiet --image leaky.exe --restart-after 45")
        self.drive(self.write("restarted.yaml", text), code=1)
        verdict = self.verdict(code=1)
        self.assertIn("and ended, and they went only then: it released none by itself", " ".join(verdict["reasons"]))
        self.assertEqual({(culprit["image"], culprit["ended"]) for culprit in verdict["culprits"]
                          if not culprit["follower"]}, {("leaky.exe", True), ("leaky.exe", False)})
        [ended] = verdict["ended_holders"]
        self.assertEqual((ended["word"], ended["released"]), ("leak", 0))

    def test_tokens_of_ended_sessions_pin_nothing_on_a_host_whose_ids_come_back(self):
        text = (leaklab.SCENARIOS / "winlogon-token.yaml").read_text()
        text = text.replace("labhost serve", "labhost serve --rule before").partition("expect:")[0]
        done = self.drive(self.write("before.yaml", text + "expect:\n  verdict: CLEAN\n  session_ids: reused\n  pinned: 0\n"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex("\n".join(self.verdict(code=0)["reasons"]), r"60 tokens of ended sessions are held by leaklab-grabber.exe "
                         r"\(process \d+\); this host reuses their IDs, so they pin nothing")

    def test_two_who_hold_all_are_both_named_with_what_decides(self):
        text = (leaklab.SCENARIOS / "ms16-111.yaml").read_text().partition("expect:")[0]
        second = "  - name: other\n    command: exec leaklab-grabber --lab --quiet --copies 2 --image svchost.exe\nhost:"
        self.drive(self.write("two.yaml", text.replace("host:", second, 1)), code=1)
        reasons = self.verdict(code=1)["reasons"]
        holders = [reason for reason in reasons if " holds 60 of them" in reason]
        self.assertEqual([holder.split(" ")[0] for holder in holders], ["leaklab-grabber.exe", "svchost.exe"])
        self.assertTrue(any("does not show which process leaks" in reason and "memory dump" in reason for reason in reasons))

    def test_logon_sessions_without_an_rds_session_are_orphans_and_pin_no_id(self):
        text = (leaklab.SCENARIOS / "ms16-111.yaml").read_text().partition("expect:")[0]
        text = text.replace("--quiet", "--quiet --how s4u")
        done = self.drive(self.write("s4u.yaml", text + "expect:\n  rate: 1\n  pinned: 0\n  session_ids: reused\n"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_reconnects_leak_a_handle_of_lsm_each(self):
        verdict = self.play("reconnects")
        self.assertEqual((verdict["verdict"], verdict["kind"]), ("LEAK", "handles"))
        self.assertTrue(any("they leak with the reconnects" in reason for reason in verdict["reasons"]), verdict["reasons"])

    def test_sandbox_leaves_a_logon_session_at_each_command(self):
        verdict = self.play("sandbox-logons")
        self.assertEqual((verdict["verdict"], verdict["orphans"]["k"], verdict["commands"]["most_left"]), ("LEAK", 60, 1))

    def test_sandbox_logons_fixed_is_clean(self):
        self.assertEqual(self.play("sandbox-logons-fixed")["verdict"], "CLEAN")

    def test_slow_release_is_clean_after_settling_and_not_before(self):
        verdict = self.play("slow-release")
        self.assertEqual(verdict["verdict"], "CLEAN")
        self.assertGreater(verdict["orphans"]["after_k"], 0)

    def test_real_host_is_played_as_it_stands_with_ssh_to_the_lab(self):
        """All of it but the times, and five users: the lab's accounts have a password each."""
        lab = self.lab("--time-scale", "0.0001")
        self.write("ssh", f"#!/bin/sh\n[ $# = 8 ] && [ \"$7\" = admin@rds ] && [ \"$8\" = 'C:\\leaklab\\leaklab-probe.exe watch' ] ||"
                          f" exit 255\nwhile read mark; do {leaklab.program('labhost')} show snapshot --control"
                          f" {lab.facts['control']} | tr -d '\\n'; echo; done\n").chmod(0o700)
        user, domain, password = lab.accounts()[0]
        changes = {"accounts.users": user, "accounts.domain": domain, "load.slots": 1, "load.cycles": 90, "load.ramp": "0s",
                   "load.hold": "0s", "load.think": "0s", "logoff.method": "keys", "logoff.keys": "Win+R text:logoff Enter", "settle.at_least": "2s",
                   "settle.quiet": "1s", "settle.poll": "250ms", "settle.timeout": "30s"}
        done = self.drive(leaklab.SCENARIOS / "real-host.yaml",
                          *[f"--set={key}={value}" for key, value in changes.items()],
                          env={"PATH": f"{self.folder}:{os.environ['PATH']}", "RDS_HOST": lab.address,
                               "RDS_ADMIN": "admin@rds", "LOADTEST_PASSWORD": password})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.verdict()["verdict"], "CLEAN")
        self.assertIn(lab.address, (self.folder / "state/leaklab/known-hosts").read_text(), "trusted on first use")

    def test_culprits_handles_are_told_first_and_once(self):
        """Of cycles enough that a busy machine's uneven samples leave no doubt of a trend among some fifty series."""
        done = self.drive(leaklab.SCENARIOS / "ms16-111.yaml", "--set", "load.cycles=150", code=0)
        rows = done.stdout[done.stdout.index("handles over the cycles"):].split("what it is\n")[1].splitlines()
        self.assertRegex(rows[0], r"^  leaklab-grabber.exe +\d+  Token +any .* leak$")
        self.assertEqual([row.split()[0] for row in rows if row[2:3] != " "], ["leaklab-grabber.exe", "System", "lsass.exe"])

    def test_expectation_that_fails_is_exit_code_1(self):
        done = self.drive(leaklab.SCENARIOS / "ms16-111.yaml", "--set", "expect.verdict=CLEAN", "--set",
                          "load.cycles=32", code=1)
        self.assertIn("NOT met", done.stdout)

    def test_leak_is_exit_code_1_without_an_expectation(self):
        text = (leaklab.SCENARIOS / "ms16-111.yaml").read_text()
        scenario = self.write("bare.yaml", text[:text.index("expect:")])
        self.drive(scenario, "--set", "load.cycles=8", code=1)
        self.verdict(code=1)

    def test_too_few_cycles_are_inconclusive(self):
        text = (leaklab.SCENARIOS / "baseline.yaml").read_text()
        scenario = self.write("bare.yaml", text[:text.index("expect:")])
        done = self.drive(scenario, "--set", "load.cycles=5", code=3)
        self.assertIn("INCONCLUSIVE", done.stdout)

    def test_events_come_as_json_a_line_with_the_verdict_last(self):
        done = self.drive(leaklab.SCENARIOS / "ms16-111.yaml", "--events", "-", "--set", "load.cycles=6", "--set",
                          "load.slots=2", code=0)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        cycles = [event for event in events if event.get("event") == "cycle"]
        self.assertEqual(len(cycles), 6)
        self.assertEqual(sum(event.get("event") == "logon" for event in events), 6)
        self.assertEqual(set(cycles[0]["phases_ms"]), {"tcp", "tls", "nla", "activated", "logon", "hold"})
        self.assertEqual(events[-1]["schema"], "leaklab.verdict/1")

    def test_every_ready_made_scenario_passes_check(self):
        for scenario in sorted(leaklab.SCENARIOS.glob("*.yaml")):
            self.run_program("driver", "check", scenario, code=0, env=self.REAL_HOST)

    def test_check_prints_the_plan(self):
        scenario = leaklab.SCENARIOS / "real-host.yaml"
        done = self.run_program("driver", "check", scenario, "--set", "load.cycles=100", code=0, env=self.REAL_HOST)
        text = " ".join(done.stdout.split())
        self.assertIn("real-host: cycles: 100, slots: 5", text)
        self.assertIn("takes 44, 90, 228, 459 counted cycles", text)
        self.assertIn("sees a leak of 5 % (judge.smallest_rate) with a chance of 99.4 %", text)
        self.assertIn("12 of the 100 cycles or more must leak without the fix", text)
        plan = json.loads(self.run_program("driver", "check", scenario, "--json", code=0, env=self.REAL_HOST).stdout)
        self.assertEqual(plan["schema"], "leaklab.plan/1")
        self.assertEqual({need["rate"]: need["cycles"] for need in plan["clean"]["needs"]}, {.1: 44, .05: 90, .02: 228, .01: 459})
        manual = (leaklab.ROOT / "driver/scenario/leaklab-scenario.5.scd").read_text().replace("\\", "")
        for key in {*plan, *plan["clean"], *plan["clean"]["needs"][0], *plan["seconds"], *plan["against"]}:
            self.assertIn(key, manual)


if __name__ == "__main__":
    tap.main(at_once=4)
