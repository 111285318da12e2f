"""A scenario's file: what is in it that is not there, where its paths lead, and those that are shipped."""
import json
import os
import pathlib
import shutil
import subprocess

import leaklab
import tap

CLEAN, USAGE, TARGET = 0, 2, 4


class Case(leaklab.Case):
    def said(self, *arguments, code=USAGE, **more):
        """What check says, and run too: they agree on what is wrong with a scenario."""
        checked = self.run_program("driver", "check", *arguments, code=code, **more)
        if code == USAGE:
            played = self.run_program("driver", "run", *arguments, "-o", self.folder / "none.leaklab", code=code, **more)
            self.assertEqual(played.stderr, checked.stderr)
            self.assertFalse((self.folder / "none.leaklab").exists())
            return checked.stderr
        return " ".join(checked.stdout.split())


class Text(Case):
    """A scenario is UTF-8."""

    def test_bytes_that_are_none_are_told_with_their_place(self):
        path = self.folder / "s.yaml"
        path.write_bytes("name: x\ndescription: Für M".encode() + b"\xfcller\n")
        self.assertIn("s.yaml:2:19: not YAML: ", self.said(path))

    def test_utf_16_is_refused(self):
        path = self.scenario()
        path.write_bytes(path.read_text().encode("utf-16"))
        self.assertIn("save it as UTF-8", self.said(path, env={"PW": "x"}))


class Variables(Case):
    SCENARIO = """name: x
host:
  address: ${RDS_HOST}
  certificate: {ignore: true}
accounts: {users: anna, password_env: PW}
"""

    def test_variable_that_is_not_set_is_named_with_its_key_and_line(self):
        path = self.write("s.yaml", self.SCENARIO)
        self.assertIn("s.yaml:3:12: host.address: ${RDS_HOST} is not set in the environment\n", self.said(path, env={"PW": "x"}))
        self.said(path, code=CLEAN, env={"PW": "x", "RDS_HOST": "rds01"})

    def test_every_key_in_which_variables_are_replaced_is_looked_at(self):
        for key, value in (("host.certificate.pin", "sha256:${NONE}"), ("host.client_name", "${NONE}"), ("host.auth_packages", "${NONE}"),
                           ("logoff.shell", "${NONE}"), ("accounts.password_file", "${NONE}/x"), ("accounts.csv", "${NONE}/x"),
                           ("host.certificate.ca", "${NONE}"), ("host.certificate.tofu", "${NONE}")):
            with self.subTest(key=key):
                scenario = json.loads(self.scenario().read_text())
                if key == "accounts.csv":
                    scenario["accounts"] = {}
                if key == "accounts.password_file":
                    del scenario["accounts"]["password_env"]
                if "certificate" in key:
                    scenario["host"]["certificate"] = {}
                part = scenario
                for step in key.split(".")[:-1]:
                    part = part[step]
                part[key.split(".")[-1]] = value
                path = self.write("s.yaml", json.dumps(scenario))
                self.assertIn(f"{key}: ${{NONE}} is not set in the environment", self.said(path, env={"PW": "x"}))

    def test_variable_of_a_stage_program_is_a_note(self):
        path = self.write("s.yaml", self.SCENARIO.replace("RDS_HOST", "LAB_ADDRESS") + "stage:\n  - {name: lab, command: echo}\n")
        self.assertIn("LAB_ADDRESS comes from stage program lab, if it prints it", self.said(path, code=CLEAN, env={"PW": "x"}))
        plan = json.loads(self.run_program("driver", "check", path, "--json", code=CLEAN, env={"PW": "x"}).stdout)
        self.assertEqual(plan["from_stage"], ["LAB_ADDRESS"])

    def test_variable_that_no_stage_program_can_give_is_refused(self):
        """each gives those that begin with its name; one that prints nothing gives none"""
        path = self.write("s.yaml", self.SCENARIO + "stage:\n  - {name: lab, command: echo}\n")
        self.assertIn("s.yaml:3:12: host.address: ${RDS_HOST} is not set in the environment, and no stage program gives it: "
                      "lab's begin with LAB_", self.said(path, env={"PW": "x"}))
        path = self.write("s.yaml", self.SCENARIO.replace("RDS_HOST", "LAB_ADDRESS")
                          + "stage:\n  - {name: lab, command: echo, no_ready: true}\n")
        self.assertIn("${LAB_ADDRESS} is not set in the environment", self.said(path, env={"PW": "x"}))

    def test_password_that_is_not_set_is_told_by_check_too(self):
        for more in {}, {"PW": ""}:
            said = self.said(self.scenario(), env=more)
            self.assertRegex(said, r"scenario.yaml:1:\d+: accounts.password_env: the environment has no PW; set it")

    def test_password_is_not_needed_where_a_stage_program_brings_the_accounts(self):
        scenario = self.scenario(accounts={"users": None, "csv": "${LAB_ACCOUNTS}", "password_env": "PW"}, host={
            "address": "${LAB_ADDRESS}"}, stage=[{"name": "lab", "command": "exec leaklab-labhost serve --time-scale 0.0001"}])
        self.said(scenario, code=CLEAN)
        self.drive(scenario)
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])


class Paths(Case):
    """They are relative to the scenario's folder, wherever leaklab is called."""

    def setUp(self):
        super().setUp()
        self.own = self.folder / "own"
        self.own.mkdir()

    def put(self, scenario):
        """Moves it into its own folder."""
        return scenario.rename(self.own / "s.yaml")

    def test_accounts_and_certificates_are_found_beside_the_scenario(self):
        lab = self.lab()
        shutil.copy(lab.facts["accounts"], self.own / "accounts.csv")
        shutil.copy(lab.folder / "cert.pem", self.own)
        self.drive(self.put(self.scenario(lab, accounts={"csv": "accounts.csv"}, host={"certificate": {"ca": "cert.pem"}})))
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])

    def test_password_and_known_certificates_are_kept_beside_the_scenario(self):
        lab = self.lab()
        user, domain, password = lab.accounts()[0]
        (self.own / "secret").write_text(password + "\n")
        self.drive(self.put(self.scenario(
            lab, accounts={"csv": None, "users": user, "domain": domain, "password_file": "secret"},
            host={"certificate": {"tofu": "known"}})))
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])
        self.assertIn(lab.facts["certificate"], (self.own / "known").read_text())

    def test_path_that_a_variable_makes_absolute_stays_as_it_is(self):
        lab = self.lab()
        scenario = self.put(self.scenario(lab, accounts={"csv": "${WHERE}/accounts.csv"}))
        self.drive(scenario, env={"WHERE": str(pathlib.Path(lab.facts["accounts"]).parent)})
        self.assertEqual(self.query("select result from cycles"), [("logged-off",)])

    def test_missing_file_is_named_with_its_folder(self):
        done = self.drive(self.put(self.scenario(accounts={"csv": "gone.csv", "users": None, "password_env": None})), code=USAGE)
        self.assertIn(f"account file {self.own}/gone.csv: ", done.stderr)

    def test_commands_are_run_in_the_current_folder(self):
        lab = self.lab()
        observer = {"name": "here", "command": f"pwd > here; {self.observer(lab)['command']}"}
        self.drive(self.put(self.scenario(lab, observers=[observer])))
        self.assertEqual((self.folder / "here").read_text().strip(), str(self.folder))

    def test_run_that_goes_on_elsewhere_finds_the_same_files(self):
        lab = self.lab()
        shutil.copy(lab.facts["accounts"], self.own / "accounts.csv")
        self.put(self.scenario(lab, accounts={"csv": "accounts.csv"}))
        self.drive("own/s.yaml")
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        done = subprocess.run([leaklab.program("driver"), "run", "--resume", self.run_file, "--cycles", "+2"],
                              cwd=elsewhere, capture_output=True, text=True)
        self.assertNotEqual(done.returncode, USAGE, done.stderr)
        refused = self.run_program("driver", "run", "--resume", self.run_file, "--cycles", "+999999", code=USAGE)
        self.assertIn("--cycles +999999: the run has 3 cycles, and a run has at most 1000000 (hard cap)", refused.stderr)
        self.assertEqual(self.query("select count(*) from cycles where result = 'logged-off'"), [(3,)])

    def test_bundle_does_not_tell_the_folder(self):
        lab = self.lab()
        shutil.copy(lab.facts["accounts"], self.own / "accounts.csv")
        self.drive(self.put(self.scenario(lab, accounts={"csv": "accounts.csv"})))
        self.assertEqual(self.query("select value from setting where key = 'scenario.folder'"), [(str(self.own),)])
        self.assert_bundles_do_not_tell()

    def test_bundle_does_not_tell_the_folder_in_messages(self):
        lab = self.lab()
        (self.own / "known").write_text(f"{lab.address} sha256:{64 * '0'}\n")
        self.drive(self.put(self.scenario(lab, host={"certificate": {"tofu": "known"}})), code=TARGET)
        self.assertIn(str(self.own / "known"), self.query("select message from cycles")[0][0])
        self.assert_bundles_do_not_tell()

    def assert_bundles_do_not_tell(self):
        for more in [], ["--pseudonymise"]:
            with self.subTest(more=more):
                target = self.folder / f"{len(more)}.tar.gz"
                self.run_program("analyzer", "bundle", self.run_file, "-o", target, *more, code=CLEAN)
                unpacked = subprocess.run(["tar", "xOzf", target], capture_output=True, check=True).stdout
                self.assertGreater(len(unpacked), 10000)
                self.assertNotIn(str(self.own).encode(), unpacked)


class Shipped(Case):
    """Ready-made scenarios are called by their names, from any folder."""
    NAMES = sorted(path.stem for path in leaklab.SCENARIOS.glob("*.yaml"))

    def test_each_is_checked_by_its_name(self):
        for name in self.NAMES:
            with self.subTest(name=name):
                said = self.said(name, code=CLEAN, env={"RDS_HOST": "rds01", "LOADTEST_PASSWORD": "x"})
                self.assertTrue(said.startswith(f"{name}: {name}: cycles: "), said)

    def test_one_is_played_by_its_name_and_goes_on_elsewhere(self):
        self.drive("baseline", "--set", "load.cycles=4", "--set", "settle.at_least=1s")
        self.assertEqual(self.query("select count(*) from cycles where result = 'logged-off' and kind = 'load'"), [(4,)])
        self.assertEqual(self.query("select value from setting where key = 'scenario.folder'"), [(str(self.folder),)])

    def test_list_has_each_with_its_description_in_a_line(self):
        lines = self.run_program("driver", "check", "--list", code=CLEAN).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], self.NAMES)
        self.assertRegex("\n".join(lines), r"(?m)^baseline +Nothing leaks: every session ID is reused\.$")
        self.run_program("driver", "check", "--list", "baseline", code=USAGE)

    def test_name_that_is_none_is_told_with_the_closest_and_all_there_are(self):
        said = self.said("baselin")
        self.assertTrue(said.startswith("leaklab: there is no shipped scenario baselin (did you mean baseline?); there are:\n"), said)
        self.assertRegex(said, r"(?m)^  ms16-111-fixed +\S")
        self.assertNotIn("did you mean", self.said("frobnicate"))

    def test_file_that_has_the_name_is_pointed_at(self):
        self.scenario().rename(self.folder / "nosuch.yaml")
        self.assertIn("the file of that name in this folder is ./nosuch.yaml", self.said("nosuch"))
        self.write("other.yml", "")
        self.assertIn("the file of that name in this folder is ./other.yml", self.said("other.yml"))

    def test_file_of_ones_own_is_named_by_its_ending_or_its_folder(self):
        self.scenario().rename(self.folder / "baseline.yaml")
        self.assertIn("baseline.yaml: test: ", self.said("baseline.yaml", code=CLEAN, env={"PW": "x"}))
        self.assertIn("baseline: baseline: ", self.said("baseline", code=CLEAN))
        shutil.copy(self.folder / "baseline.yaml", self.folder / "own")
        self.assertIn("./own: test: ", self.said("./own", code=CLEAN, env={"PW": "x"}))

    def test_installed_programs_find_those_that_were_installed(self):
        installed = self.folder / "usr"
        (installed / "bin").mkdir(parents=True)
        (installed / "share/leaklab/scenarios").mkdir(parents=True)
        shutil.copy(leaklab.SCENARIOS / "baseline.yaml", installed / "share/leaklab/scenarios")
        for name in "leaklab", "leaklab-driver":
            shutil.copy(leaklab.BUILD / name, installed / "bin")
        done = subprocess.run([installed / "bin/leaklab", "check", "--list"], capture_output=True, text=True, cwd="/")
        self.assertEqual(done.stdout, "baseline  Nothing leaks: every session ID is reused.\n", done.stderr)
        shutil.rmtree(installed / "share")
        done = subprocess.run([installed / "bin/leaklab", "check", "baseline"], capture_output=True, text=True, cwd="/")
        self.assertEqual(done.returncode, TARGET)
        self.assertIn("the shipped scenarios are not beside this program", done.stderr)


class FirstUse(Case):
    """tofu: yes keeps the certificates of all scenarios in leaklab's own folder."""

    def test_certificates_are_kept_for_their_owner_alone(self):
        lab = self.lab()
        known = self.folder / "state/leaklab/known-hosts"
        for word in "yes", "true", True:
            with self.subTest(word=word):
                known.unlink(missing_ok=True)
                self.drive(self.scenario(lab, host={"certificate": {"tofu": word}}))
                self.assertEqual(self.query("select result from cycles"), [("logged-off",)])
                self.assertEqual(known.read_text(), f"{lab.address} {lab.facts['certificate']}\n")
                self.assertEqual((known.stat().st_mode & 0o777, known.parent.stat().st_mode & 0o777), (0o600, 0o700))
                self.assertEqual(list(self.folder.glob("yes")) + list(self.folder.glob("true")), [])
                self.run_file.unlink()

    def test_certificate_that_changed_is_refused_by_another_scenario_too(self):
        lab = self.lab()
        known = self.folder / "state/leaklab/known-hosts"
        known.parent.mkdir(parents=True, mode=0o700)
        known.write_text(f"{lab.address} sha256:{'00' * 32}\n")
        done = self.drive(self.scenario(lab, load={"cycles": 5}, host={"certificate": {"tofu": "yes"}}), code=TARGET)
        self.assertIn("has changed", done.stderr)
        self.assertIn(str(known), done.stderr)

    def test_word_that_says_no_is_no_file(self):
        self.assertIn("host.certificate.tofu: \"no\" trusts no certificate: say yes, or name a file",
                      self.said(self.scenario(host={"certificate": {"tofu": "no"}}), env={"PW": "x"}))

    def test_folder_that_cannot_be_made_is_told(self):
        lab = self.lab()
        done = self.drive(self.scenario(lab, host={"certificate": {"tofu": "yes"}}), code=TARGET,
                          env={"XDG_STATE_HOME": "/dev/null"})
        self.assertIn("host.certificate.tofu: /dev/null/leaklab cannot be made", done.stderr)


if __name__ == "__main__":
    tap.main()
