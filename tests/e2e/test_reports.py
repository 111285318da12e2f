"""Reports of a run that was really played, what is expected of phases, bundles, and the manual's queries."""
import datetime
import hashlib
import html.parser
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import tarfile
import unittest
import xml.etree.ElementTree as tree
import zlib

import leaklab
import tap

CLEAN, LEAK, USAGE, INCONCLUSIVE, TARGET = 0, 1, 2, 3, 4
FORMS = [".txt", ".json", ".xml", ".md", ".html"]


class Case(leaklab.Case):
    """One leaking run for all tests of a class: playing takes a while."""

    kept = None

    def setUp(self):
        super().setUp()
        self.run_file = self.folder / "run.leaklab"
        if Case.kept is None:
            Case.kept = self.play()
        self.run_file.write_bytes(Case.kept)

    def play(self):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.05", "--kernel-reference", "2")
        scenario = self.scenario(lab, load={"slots": 2, "cycles": 12}, observers=[self.observer(lab)],
                                 observe_every=4, expect={"verdict": "LEAK", "failed": "0", "p95": {"logon": "30s"}})
        self.drive(scenario, code=CLEAN)
        return self.run_file.read_bytes()

    def judge(self, *arguments, code=CLEAN):
        return self.run_program("analyzer", "judge", self.run_file, *arguments, code=code)

    def bundle(self, *arguments):
        target = self.folder / "bundle.tar.gz"
        self.run_program("analyzer", "bundle", self.run_file, "--force", "-o", target, *arguments, code=CLEAN)
        out = self.folder / "unpacked"
        with tarfile.open(target) as archive:
            archive.extractall(out)
        return next(out.iterdir())


class Forms(Case):
    def test_one_call_writes_all_forms(self):
        arguments = [word for form in FORMS for word in ("--report", self.folder / f"report{form}")]
        shown = self.judge(*arguments).stdout
        self.assertEqual(shown, (self.folder / "report.txt").read_text())
        self.assertIn("\nphases\n", shown)
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)
        verdict = json.loads((self.folder / "report.json").read_text())
        self.assertEqual(verdict["schema"], "leaklab.verdict/1")
        self.assertEqual(verdict["verdict"], "LEAK")
        self.assertEqual(verdict["phases"]["logon"]["count"], 12)
        self.assertEqual(verdict["errors"], [])
        self.assertIn("# leaklab: LEAK", (self.folder / "report.md").read_text())

    def test_output_goes_to_a_file_if_asked(self):
        done = self.judge("--format", "markdown", "-o", self.folder / "x.md")
        self.assertEqual(done.stdout, "")
        self.assertIn("# leaklab: LEAK", (self.folder / "x.md").read_text())

    def test_percentiles_are_those_of_the_run_file(self):
        times = sorted(row[0] for row in self.query("SELECT logon_ms FROM cycles WHERE logon_ms IS NOT NULL AND kind = 'load'"))
        phase = self.verdict()["phases"]["logon"]
        self.assertAlmostEqual(phase["p50_ms"], times[5], places=3)
        self.assertAlmostEqual(phase["max_ms"], times[-1], places=3)

    def test_unknown_form_or_suffix_is_a_usage_error(self):
        self.assertIn("markdown", self.judge("--format", "pdf", code=USAGE).stderr)
        self.assertIn(".html", self.judge("--report", "x.pdf", code=USAGE).stderr)

    def test_a_report_that_cannot_be_written_is_told_and_the_verdict_still_shown(self):
        done = self.judge("--report", "/nowhere/x.html", code=TARGET)
        self.assertIn("/nowhere/x.html", done.stderr)
        self.assertIn("verdict: LEAK", done.stdout)

    def test_a_run_against_itself_is_refused(self):
        done = self.run_program("analyzer", "judge", self.run_file, "--against", self.run_file, code=USAGE)
        self.assertIn("are the same run", done.stderr)
        self.judge(self.run_file, code=USAGE)
        self.judge("--against", self.run_file, "--report", "x.html", code=USAGE)
        self.assertFalse((self.folder / "x.html").exists())

    def test_colour_is_for_terminals_that_want_it(self):
        def on_terminal(**env):
            master, slave = pty.openpty()
            done = subprocess.Popen([leaklab.program("analyzer"), "judge", self.run_file], stdout=slave,
                                    env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **env})
            os.close(slave)
            shown = b""
            try:
                while piece := os.read(master, 4096):
                    shown += piece
            except OSError:  # all is read
                pass
            os.close(master)
            done.wait()
            return shown
        self.assertIn(b"\x1b[1;31mLEAK\x1b[0m", on_terminal())
        self.assertNotIn(b"\x1b", on_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", on_terminal(TERM="dumb"))
        self.assertNotIn("\x1b", self.judge().stdout)


class ShownRun(Case):
    """show begins with what one wants to know of a run first."""

    def show(self, *arguments):
        return self.run_program("analyzer", "show", self.run_file, *arguments, code=CLEAN).stdout

    def test_it_begins_with_verdict_host_scenario_times_and_cycles(self):
        facts = self.verdict()["run"]
        head = dict(line.split(": ", 1) for line in self.show().splitlines()[:7])
        self.assertEqual(list(head), ["verdict", "host", "target", "scenario", "started", "finished", "cycles"])
        self.assertEqual([[head[key]] for key in ("host", "target", "scenario", "started", "finished")],
                         [facts[key] for key in ("host", "target", "scenario", "started", "finished")])
        self.assertRegex(head["cycles"], r"^\d+, \d+ of them verification$")
        shown = json.loads(self.show("--json"))
        self.assertEqual((shown["verdict"], [shown["scenario"]], shown["hosts"]), ("LEAK", facts["scenario"], facts["host"]))
        self.assertEqual(shown["kinds"]["load"], 12)

    def test_the_manual_names_all_fields_of_its_json(self):
        manual = (leaklab.ROOT / "analyzer/runfile/leaklab-run-file.5.scd").read_text().partition("# SUMMARY")[2]
        for key in json.loads(self.show("--json")):
            self.assertTrue(key == "schema" or f"*{key}*" in manual, key)

    def test_its_verdict_is_that_of_judge(self):
        self.assertTrue(self.show().startswith("verdict: LEAK\n"))
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.execute("DELETE FROM capture WHERE mark >= 1")  # one during the load may prove it
            connection.execute("DELETE FROM setting WHERE key LIKE 'expect.%' OR key = 'finished'")
        connection.close()
        word = self.judge(code=None).stdout.split()[1]
        self.assertNotEqual(word, "LEAK")
        self.assertTrue(self.show().startswith(f"verdict: {word}\n"))
        self.assertIn("\nfinished: no\n", self.show())


class Numbers(leaklab.Case):
    def test_times_in_json_have_no_digits_that_mean_nothing(self):
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.05")
        events = self.folder / "events.jsonl"
        self.drive(self.scenario(lab, load={"slots": 2, "cycles": 8}), "--events", events)
        verdict = self.run_program("analyzer", "judge", self.run_file, "--json").stdout
        times = re.findall(r'"(?:tcp|tls|nla|activated|logon|logoff|p\d\d_ms|max_ms)":(\d+\.\d+)', events.read_text() + verdict)
        self.assertGreater(len(times), 60)
        self.assertFalse([time for time in times if len(time.partition(".")[2]) > 3])  # they are of microseconds


class Options(Case):
    """What every verb that prints a result takes, and how it answers to what it does not."""
    SESSIONS = " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n console                                     1  Conn\n"

    def setUp(self):
        super().setUp()
        self.text = self.write("qwinsta.txt", self.SESSIONS)

    def verbs(self):
        """Each verb with what it needs, and the endings of what it writes."""
        return {"show": ([self.run_file], [".txt", ".json"]), "show text": ([self.text], [".txt", ".json"]),
                "compare": ([self.text, self.text], [".txt", ".json"]), "judge": ([self.run_file], FORMS),
                "bundle": ([self.run_file], [".tar.gz"])}

    def call(self, verb, *arguments, code=None):
        return self.run_program("analyzer", verb.partition(" ")[0], *arguments, code=code)

    def test_json_is_short_for_format_json(self):
        for verb, (words, endings) in self.verbs().items():
            if ".json" in endings:
                with self.subTest(verb=verb):
                    short = self.call(verb, "--json", *words)
                    self.assertEqual(short.stdout, self.call(verb, "--format", "json", *words).stdout)
                    self.assertIn("schema", json.loads(short.stdout))

    def test_file_gets_the_form_that_its_ending_names(self):
        starts = {".html": "<!doctype html>", ".md": "# leaklab: ", ".xml": "<?xml ", ".json": "{"}
        for verb, (words, endings) in self.verbs().items():
            for ending in endings:
                with self.subTest(verb=verb, ending=ending):
                    path = self.folder / f"{verb}{ending}"
                    shown = self.call(verb, *words, "-o", path)
                    self.assertEqual((shown.stdout, shown.stderr), ("", ""))
                    if ending != ".tar.gz":
                        self.assertTrue(path.read_text().startswith(starts.get(ending, "")))
                    if ending == ".txt":
                        self.assertEqual(path.read_text(), self.call(verb, *words).stdout)

    def test_ending_that_is_not_known_is_refused_with_those_that_are(self):
        for verb, (words, endings) in self.verbs().items():
            for name in ("x.pdf", "x", "x.htm", "x.html" if ".html" not in endings else "x.doc"):
                with self.subTest(verb=verb, name=name):
                    done = self.call(verb, *words, "-o", name, code=USAGE)
                    for ending in endings:
                        self.assertIn(ending, done.stderr)
                    self.assertFalse((self.folder / name).exists())
        self.assertIn("(did you mean .html?)", self.judge("-o", "x.htm", code=USAGE).stderr)

    def test_ending_that_contradicts_the_format_is_refused(self):
        for words in (["--format", "text"], ["--format", "junit"], ["--json"]):
            done = self.judge(*words, "-o", "x.html", code=USAGE)
            self.assertRegex(done.stderr, r"x\.html.*html.*--format")
            self.assertFalse((self.folder / "x.html").exists())
        self.assertIn("--json", self.judge("--json", "--format", "text", code=USAGE).stderr)
        self.judge("--format", "junit", "-o", "named.by.nobody")  # the form is known, the name is free
        self.assertIn("<?xml", (self.folder / "named.by.nobody").read_text())

    def test_unknown_format_is_told_the_closest(self):
        done = self.judge("--format", "markdwon", code=USAGE)
        self.assertIn("text, json, junit, markdown or html (did you mean markdown?)", done.stderr)
        for verb, words in (("show", [self.text]), ("compare", [self.text, self.text]), ("dump", [self.text])):
            with self.subTest(verb=verb):
                self.assertIn("(did you mean json?)", self.call(verb, *words, "--format", "jsno", code=USAGE).stderr)

    def test_file_that_exists_is_replaced_only_if_forced(self):
        for verb, (words, endings) in self.verbs().items():
            with self.subTest(verb=verb):
                path = self.write(f"kept{endings[0]}", "mine")
                done = self.call(verb, *words, "-o", path, code=USAGE)
                self.assertIn("--force", done.stderr)
                self.assertEqual((path.read_text(), done.stdout), ("mine", ""))
                self.call(verb, *words, "-o", path, "--force")
                self.assertNotEqual(path.read_bytes(), b"mine")
        for words in (["-r", "x.md", "-o", "x.md"], ["-r", "x.md", "-r", "x.md"]):
            self.assertIn("x.md is named twice", self.judge(*words, code=USAGE).stderr)
            self.assertFalse((self.folder / "x.md").exists())
        path = self.write("kept.html", "mine")
        done = self.judge("--report", path, code=USAGE)
        self.assertEqual((path.read_text(), done.stdout), ("mine", ""))
        self.judge("--report", path, "--force")
        self.assertIn("<!doctype", path.read_text())

    def test_evidence_is_not_replaced_by_what_is_read_from_it(self):
        done = self.call("show", self.text, "-o", self.text, "--force", code=USAGE)
        self.assertIn("qwinsta.txt", done.stderr)
        self.assertEqual(self.text.read_text(), self.SESSIONS)

    def test_help_fits_on_a_screen(self):
        for verb in ("show", "compare", "judge", "dump", "bundle"):
            with self.subTest(verb=verb):
                lines = self.call(verb, "--help", code=CLEAN).stdout.splitlines()
                self.assertLessEqual(len(lines), 40)
                self.assertLessEqual(max(map(len, lines)), 80)
                for option in ("--format", "--output=FILE", "--force") + (() if verb == "bundle" else ("--json",)):
                    self.assertIn(option, "\n".join(lines))


class Streams(Case):
    """Results that did not arrive are no results."""

    def through(self, redirection, *arguments, code=None, **env):
        words = " ".join(f"'{word}'" for word in (leaklab.program("analyzer"), *map(str, arguments)))
        done = subprocess.run(["sh", "-c", f"{words} {redirection}"], capture_output=True, text=True, cwd=self.folder,
                              env={**os.environ, **env}, stdin=subprocess.DEVNULL)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stderr)
        return done

    def verbs(self):
        text = self.write("qwinsta.txt", Options.SESSIONS)
        return (["judge", self.run_file], ["judge", self.run_file, "--json"], ["judge", self.run_file, "--format", "html"],
                ["show", self.run_file], ["show", self.run_file, "--json"], ["show", text], ["show", text, "--json"],
                ["compare", text, text], ["compare", text, text, "--json"])

    def test_full_disk_is_exit_code_4(self):
        for words in self.verbs():
            with self.subTest(words=words):
                done = self.through("> /dev/full", *words)
                self.assertEqual(done.returncode, TARGET, done.stderr)
                self.assertEqual(done.stderr, "leaklab: writing to standard output: No space left on device\n")
                done = self.through("", *words, "-o", "/dev/full")
                self.assertEqual(done.returncode, TARGET, done.stderr)
                self.assertIn("/dev/full: No space left on device", done.stderr)
        for words in (["bundle", self.run_file, "-o", "/dev/full"], ["judge", self.run_file, "-o", "/dev/null", "-r", "full.html"]):
            (self.folder / "full.html").unlink(missing_ok=True)
            (self.folder / "full.html").symlink_to("/dev/full")
            done = self.through("", *words, code=TARGET)
            self.assertIn("No space left on device", done.stderr)

    def test_file_that_grows_too_long_is_exit_code_4_and_leaves_nothing(self):
        words = " ".join(f"'{word}'" for word in (leaklab.program("analyzer"), "judge", self.run_file, "-o", "x.html"))
        before = set(self.folder.iterdir())
        done = subprocess.run(["bash", "-c", f"ulimit -f 8; {words}"], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, TARGET, done.stderr)
        self.assertIn("x.html: File too large", done.stderr)
        self.assertEqual(set(self.folder.iterdir()), before)

    def test_closed_output_is_exit_code_4_and_harms_no_file(self):
        kept = self.run_file.read_bytes()
        for words in self.verbs():
            with self.subTest(words=words):
                done = self.through(">&-", *words)
                self.assertEqual(done.returncode, TARGET, done.stderr)
                self.assertIn("standard output", done.stderr)
        done = self.through(">&-", "judge", self.run_file, "-r", "x.html")
        self.assertEqual(done.returncode, TARGET)
        if (self.folder / "x.html").exists():
            self.assertTrue((self.folder / "x.html").read_text().endswith("</html>\n"))
        self.assertEqual(self.run_file.read_bytes(), kept)

    def test_closed_standard_error_changes_no_result(self):
        for words in self.verbs():
            with self.subTest(words=words):
                whole, done = self.through("", *words), self.through("2>&-", *words)
                self.assertEqual((done.returncode, done.stdout), (whole.returncode, whole.stdout))
        self.assertEqual(self.through("2>&-", "judge", "gone.leaklab").returncode, USAGE)

    def test_locale_without_utf_8_changes_no_result(self):
        for words in self.verbs():
            with self.subTest(words=words):
                self.assertEqual(self.through("", *words, LC_ALL="C").stdout, self.through("", *words, LC_ALL="C.UTF-8").stdout)

    def test_run_in_a_folder_that_cannot_be_written_to_is_judged(self):
        if os.geteuid() == 0:
            # Root writes anywhere: nobody, who may read the file, does not.
            self.folder.chmod(0o755)
            self.run_file.chmod(0o644)
            options = {"user": 65534, "group": 65534, "extra_groups": []}
            if subprocess.run(["test", "-x", leaklab.program("analyzer")], **options).returncode:
                self.skipTest("nobody but root can run the programs in this folder")
        else:
            self.folder.chmod(0o555)
            self.addCleanup(self.folder.chmod, 0o755)
            options = {}
        done = subprocess.run([leaklab.program("analyzer"), "judge", self.run_file], capture_output=True, text=True, **options)
        self.assertEqual((done.returncode, done.stdout), (CLEAN, self.judge().stdout), done.stderr)
        done = subprocess.run([leaklab.program("analyzer"), "judge", self.run_file, "-o", self.folder / "x.html"],
                              capture_output=True, text=True, **options)
        self.assertEqual(done.returncode, TARGET)
        self.assertRegex(done.stderr, "x.html: Permission denied")

    def test_run_that_may_not_be_read_is_told(self):
        options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        self.folder.chmod(0o755)
        self.run_file.chmod(0)
        if options and subprocess.run(["test", "-x", leaklab.program("analyzer")], **options).returncode:
            self.skipTest("nobody but root can run the programs in this folder")
        for verb in ("judge", "show", "bundle"):
            with self.subTest(verb=verb):
                done = subprocess.run([leaklab.program("analyzer"), verb, self.run_file, *(["-o", "/tmp/x.tar.gz"] if verb == "bundle" else [])],
                                      capture_output=True, text=True, **options)
                self.assertEqual(done.returncode, USAGE, done.stderr)
                self.assertRegex(done.stderr, "run.leaklab.*(Permission denied|permission)")


class Structure(html.parser.HTMLParser):
    """The tags and the names of their attributes, in order."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, sorted(name for name, _ in attributes)))

    def handle_endtag(self, tag):
        self.tags.append(("/", tag))


class HostileNames(Case):
    """Whoever names users, hosts, programs or files writes into nobody's terminal, page, ticket or CI server."""
    MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>]]>--><!-- & &lt; ' \" \\"
    TERMINAL = "\x1b[31m\x1b]0;title\x07\x7f\u009b31m\b\r"
    HIDDEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u200e\u200f\u061c\u2028\u2029\u2060\ufeff\u00ad\ufffe\U000e0041"
    TICKET = ("\n# heading\n- item\n1. item\n> quote\n~~~~~~~~\n```\n---\n| a | b |\n [x](javascript:alert(1)) ![i](http://evil.example)"
              " <http://evil.example> @everyone a@evil.example https://evil.example www.evil.example #12 `code` **bold** $x$ :+1:")
    EVIL = (MARKUP + TERMINAL + HIDDEN + TICKET).encode() + b"\xff\xc0\xaf\xed\xa0\x80\xe2\x82"
    VALID = (MARKUP + TERMINAL + HIDDEN + TICKET).encode()
    LONG = EVIL + b"L" * 5000
    # What is a name, or what somebody wrote, by table.
    TEXTS = {"cycle": "user domain code message served_by", "session": "name user domain state", "logon_session": "user domain auth_package",
             "handle": "image user domain name", "process": "image user", "capture": "observer command problem", "snapshot": "source host build",
             "event": "kind text"}

    def change(self, path, evil):
        """All names end in something; what belongs together still does. Some cycles have failed."""
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("UPDATE cycle SET result = 4, failed_phase = 'nla', code = 'X', message = 'x' WHERE number IN (5, 9)")
            connection.execute("UPDATE capture SET problem = 'broken' WHERE mark = 1")
            connection.execute("INSERT INTO event (time, kind, text) VALUES (0, 'kind', 'text')")
            connection.execute("INSERT OR REPLACE INTO setting VALUES ('expect.culprit', 'program')")
            for table, columns in self.TEXTS.items():
                for column in columns.split():
                    # What parts a user from a domain would make other accounts.
                    name = evil.replace(b"@", b"").replace(b"\\", b"") if column in ("user", "domain") else evil
                    connection.execute(f"UPDATE {table} SET {column} = CAST(CAST({column} AS BLOB) || ? AS TEXT) WHERE {column} IS NOT NULL", (name,))
            connection.execute("UPDATE setting SET value = CAST(CAST(value AS BLOB) || ? AS TEXT)"
                               " WHERE key IN ('scenario.name', 'scenario', 'host', 'driver.version', 'logoff.method', 'expect.culprit')", (evil,))
        connection.close()

    def runs(self, evil):
        """Two runs, and what the files are called."""
        folder = self.folder / ("evil" if evil else "plain")
        folder.mkdir()
        name = (b"<b>|`\n# x\x1b[31m\xe2\x80\xae@all\xff&" if evil else b"") + b"run.leaklab"
        paths = []
        for number in (1, 2):
            path = os.path.join(os.fsencode(folder), b"%d" % number + name)
            shutil.copy(self.run_file, path)
            self.change(os.fsdecode(path), evil)
            connection = sqlite3.connect(os.fsdecode(path))
            with connection:
                connection.execute("UPDATE setting SET value = ? WHERE key = 'started'", (f"2020-01-0{number}T00:00:00.000000Z",))
            connection.close()
            paths.append(path)
        return paths

    def told(self, runs, form):
        """What is said of one run, of two, and of one against another one, without what differs from run to run."""
        calls = {"one": ["judge", runs[0]], "together": ["judge", *runs], "against": ["judge", runs[0], "--against", runs[1]]}
        if form in ("text", "json"):
            calls["show"] = ["show", runs[0]]
        told = {}
        for what, call in calls.items():
            done = subprocess.run([leaklab.program("analyzer"), *call, "--format", form], capture_output=True, cwd=self.folder)
            self.assertIn(done.returncode, (CLEAN, LEAK, INCONCLUSIVE), done.stderr)
            told[what] = done.stdout
        return told

    def check(self, form, check):
        """Calls check with what is said of plain names and of hostile ones."""
        plain = self.told(self.runs(b""), form)
        for evil in (self.EVIL, self.VALID, self.LONG):
            shutil.rmtree(self.folder / "evil", ignore_errors=True)
            for what, hostile in self.told(self.runs(evil), form).items():
                with self.subTest(what=what, length=len(evil)):
                    check(plain[what].decode(), self.harmless(hostile))

    def harmless(self, output):
        text = output.decode()  # it is UTF-8
        self.assertFalse({c for c in text if c in self.HIDDEN or (ord(c) < 0x20 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0})
        return text

    def test_evidence_from_elsewhere_is_as_harmless(self):
        evil = self.VALID.decode()
        left = {"luid": "00000000:00001002", "user": "b" + evil, "domain": "d" + evil, "session_id": 2, "logon_type": "RemoteInteractive"}
        files = []
        for here in (True, False):
            snapshot = {"schema": "leaklab.snapshot/2", "host": "h" + evil, "source": "s" + evil, "build": evil,
                        "sessions": [{"id": 2, "name": "n" + evil, "user": left["user"], "domain": left["domain"], "state": evil}] if here else [],
                        "logon_sessions": [left], "processes": [{"pid": 5, "image": "i" + evil, "user": evil, "handle_count": 3 + here}],
                        "handles": [{"pid": 5, "image": "i" + evil, "value": 4, "type": "Token", "luid": left["luid"], "user": evil, "name": evil}],
                        "sight": [{"section": "handles", "extent": "partial", "why": evil, "origin": evil, "line": 1}],
                        "contradictions": [evil]}
            files.append(self.write(f"{here}.json", json.dumps(snapshot)))
        for words in (["show", files[0]], ["show", *files], ["compare", *files], ["compare", *files, "--after-logoff", "25m"]):
            for form in ("text", "json"):
                with self.subTest(words=words, form=form):
                    done = subprocess.run([leaklab.program("analyzer"), *words, "--format", form], capture_output=True)
                    self.assertIn(done.returncode, (CLEAN, LEAK, INCONCLUSIVE), done.stderr)
                    text = self.harmless(done.stdout)
                    self.assertIn("alert(1)", json.dumps(json.loads(text)) if form == "json" else text)

    def test_text_steers_no_terminal(self):
        self.check("text", lambda plain, hostile: self.assertEqual(hostile.splitlines()[0], plain.splitlines()[0]))

    def test_json_has_the_same_keys(self):
        def shape(value):
            if isinstance(value, dict):
                return {key: shape(item) for key, item in value.items()}
            return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__
        self.check("json", lambda plain, hostile: self.assertEqual(shape(json.loads(hostile)), shape(json.loads(plain))))

    def test_html_has_the_same_tags(self):
        self.check("html", lambda plain, hostile: self.assertEqual(Structure(hostile).tags, Structure(plain).tags))

    def test_junit_has_the_same_elements(self):
        def shape(text):
            return [(element.tag, sorted(element.attrib)) for element in tree.fromstring(text).iter()]
        self.check("junit", lambda plain, hostile: self.assertEqual(shape(hostile), shape(plain)))

    def test_markdown_has_the_same_lines_and_no_links(self):
        def prose(text):
            """Without the scenario, which stands in a block of code that it cannot end."""
            text, _, scenario = text.partition("\n~~~~~~~~yaml\n")
            self.assertTrue(not scenario or (scenario.count("\n~~~~~~~~\n") == 1 and scenario.endswith("\n~~~~~~~~\n\n</details>\n")))
            return text

        def shape(text):
            """How each line begins, and what in it is no mere text."""
            return [(re.match(r"#+ |- |\||\d+[.)] |[>+=~`*_-]|<details>|    ", line or " "), re.findall(r"(?<!\\)(?:\\\\)*([][|`*_~$])", line))
                    for line in prose(text).splitlines()]

        def check(plain, hostile):
            self.assertEqual([(begin and begin.group(0), marks) for begin, marks in shape(hostile)],
                             [(begin and begin.group(0), marks) for begin, marks in shape(plain)])
            for link in ("://", "@everyone", "@evil", "www.evil", "<http", "<script", "<img", "<b>", "#12", ":+1:"):
                self.assertNotIn(link, prose(hostile))
        self.check("markdown", check)


class JUnit(Case):
    def check(self, *arguments, code=CLEAN):
        text = self.judge("--format", "junit", *arguments, code=code).stdout
        path = self.write("report.xml", text)
        if shutil.which("xmllint"):
            schema = leaklab.ROOT / "tests/report/junit.xsd"
            done = subprocess.run(["xmllint", "--noout", "--schema", schema, path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        return tree.fromstring(text).find("testsuite")

    @unittest.skipUnless(shutil.which("xmllint"), "needs xmllint (libxml2-utils)")
    def test_the_schema_refuses_what_is_no_report(self):
        path = self.write("bad.xml", "<testsuites><testsuite name='x'/></testsuites>")
        schema = leaklab.ROOT / "tests/report/junit.xsd"
        self.assertNotEqual(subprocess.run(["xmllint", "--noout", "--schema", schema, path],
                                           capture_output=True).returncode, 0)

    def test_each_assertion_is_a_test_case(self):
        suite = self.check()
        self.assertEqual([case.get("name") for case in suite.iter("testcase")],
                         ["verdict", "expect.verdict", "expect.failed", "expect.p95.logon"])
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("4", "0", "0"))

    def test_time_is_that_of_the_whole_run_and_no_case_has_an_invented_one(self):
        times = dict(self.query("SELECT key, value FROM setting WHERE key IN ('started', 'finished')"))
        started, finished = (datetime.datetime.fromisoformat(times[key].replace("Z", "+00:00")) for key in ("started", "finished"))
        suite = self.check()
        self.assertAlmostEqual(float(suite.get("time")), (finished - started).total_seconds(), places=2)
        self.assertEqual(suite.get("timestamp"), times["started"][:19])
        self.assertEqual([case.get("time") for case in suite.iter("testcase")], [None] * 4)
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.execute("DELETE FROM setting WHERE key = 'finished'")  # it was killed: what it did last is known
            last = max(row[0] for table in ("cycle", "capture")
                       for row in connection.execute(f"SELECT max(ended) FROM {table}"))
        connection.close()
        self.assertAlmostEqual(float(self.check().get("time")), last / 1e6 - started.timestamp(), places=2)

    def test_what_fails_and_what_is_undecided_does_not_pass(self):
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.execute("INSERT OR REPLACE INTO setting VALUES ('expect.p50.logon', '1us')")
            connection.execute("DELETE FROM capture WHERE mark >= 1")  # nobody looked after it began
        connection.close()
        suite = self.check(code=LEAK)
        failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
        undecided = {case.get("name") for case in suite.iter("testcase") if case.find("error") is not None}
        self.assertEqual(failed, {"expect.p50.logon"})
        self.assertEqual(undecided, {"verdict", "expect.verdict"})


class Expectations(leaklab.Case):
    def check(self, expect):
        return self.run_program("driver", "check", self.scenario(None, expect=expect), code=USAGE, env={"PW": "secret"}).stderr

    def test_what_no_phase_can_be_is_told_with_line_and_column(self):
        self.assertRegex(self.check({"p95": {"logon": "fast"}}), r"scenario.yaml:1:\d+: .*p95.logon.*duration")
        self.assertRegex(self.check({"p95": {"logon": "5"}}), r"scenario.yaml:1:\d+: .*duration")
        self.assertRegex(self.check({"failed": "lots"}), r"scenario.yaml:1:\d+: .*expect.failed.*0 to 1")

    def test_unknown_percentiles_and_phases_are_refused(self):
        self.assertRegex(self.check({"p42": {"logon": "5s"}}), r"scenario.yaml:1:\d+: .*p42")
        self.assertRegex(self.check({"p95": {"lunch": "5s"}}), r"scenario.yaml:1:\d+: .*lunch")


class Bundle(Case):
    def test_a_bundle_has_the_run_all_reports_and_sums_that_fit(self):
        folder = self.bundle()
        self.assertEqual({path.name for path in folder.iterdir()},
                         {"run.leaklab", "SHA256SUMS"} | {f"report{form}" for form in FORMS})
        lines = (folder / "SHA256SUMS").read_text().splitlines()
        self.assertEqual(len(lines), 6)
        for line in lines:
            digest, _, name = line.partition("  ")
            self.assertEqual(hashlib.sha256((folder / name).read_bytes()).hexdigest(), digest)

    def nameless(self):
        """The verdict, without the names of accounts and the order that is by these."""
        verdict = self.verdict()
        accounts = verdict["orphans"]["by_account"]
        verdict["orphans"]["by_account"] = sorted((account["k"], account["n"]) for account in accounts)
        for orphan in verdict["orphans"]["list"]:
            del orphan["user"]
        return verdict

    def test_pseudonyms_leave_no_name_and_the_same_verdict(self):
        names = {value.lower() for row in self.query(
            "SELECT user, domain FROM cycle UNION SELECT user, domain FROM logon_session"
            " UNION SELECT user, domain FROM session UNION SELECT host, host FROM snapshot") for value in row if value}
        names -= {"system", "local service", "network service", "nt authority", "window manager", "font driver host"}
        names = {name for name in names if not re.match(r"(dwm|umfd)-\d+$", name)}
        self.assertGreater(len(names), 2)
        before = self.nameless()
        folder = self.bundle("--pseudonymise")
        for path in folder.iterdir():
            text = path.read_bytes().decode("utf-8", "replace").lower()
            for name in names:
                # "labhost" is a program's name, too, and its image is kept.
                found = re.search(rf"(?<![\w]){re.escape(name)}(?!\w)", text.replace("leaklab-labhost", ""))
                self.assertIsNone(found, f"{name} is in {path.name}")
        self.run_file = folder / "run.leaklab"
        after = self.nameless()
        for key in ("verdict", "orphans", "session_ids", "culprits", "unattributed", "cycles", "growth", "sessions_left"):
            self.assertEqual(before[key], after[key], key)

    def test_runs_inside_the_run_have_the_same_pseudonyms(self):
        inner = self.run_file.read_bytes()
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.execute("INSERT INTO control (name, rate, run) VALUES ('negative', NULL, ?)", (inner,))
        connection.close()
        self.run_file = self.bundle("--pseudonymise") / "run.leaklab"
        outer = self.query("SELECT DISTINCT user, domain FROM cycle ORDER BY 1")
        inner = self.folder / "inner.leaklab"
        inner.write_bytes(self.query("SELECT run FROM control")[0][0])
        self.run_file = inner
        self.assertEqual(outer, self.query("SELECT DISTINCT user, domain FROM cycle ORDER BY 1"))
        self.assertTrue(all(user.startswith("anon-") for user, _ in outer))

    def test_joins_hold_in_a_bundle_with_pseudonyms(self):
        query = ("SELECT count(*) FROM cycles JOIN session USING (user, domain)",
                 "SELECT count(DISTINCT user) FROM cycles",
                 "SELECT count(*) FROM logon_session JOIN handle USING (capture, luid, user)")
        before = [self.query(text) for text in query]
        self.run_file = self.bundle("--pseudonymise") / "run.leaklab"
        self.assertEqual(before, [self.query(text) for text in query])

    def test_two_bundles_have_different_pseudonyms(self):
        users = []
        for _ in range(2):
            folder = self.bundle("--pseudonymise")
            kept, self.run_file = self.run_file, folder / "run.leaklab"
            users.append({row[0] for row in self.query("SELECT user FROM cycle")})
            self.run_file = kept
            shutil.rmtree(folder)
        self.assertFalse(users[0] & users[1])

    def test_nothing_is_written_over_a_run_file(self):
        kept = self.run_file.read_bytes()
        report = self.folder / "run.xml"
        report.write_bytes(kept)
        packed = self.folder / "run.tar.gz"
        packed.write_bytes(kept)
        for arguments in (("bundle", self.run_file, "-o", packed), ("judge", report, "--report", report),
                          ("judge", report, "-o", report)):
            self.assertIn("will not be overwritten", self.run_program("analyzer", *arguments, "--force", code=USAGE).stderr)
        self.assertEqual((packed.read_bytes(), report.read_bytes()), (kept, kept))

    def test_what_cannot_be_packed_is_told_and_nothing_is_left(self):
        done = self.run_program("analyzer", "bundle", self.run_file, "-o", "/nowhere/x.tar.gz", code=TARGET)
        self.assertIn("/nowhere/x.tar.gz", done.stderr)
        self.run_program("analyzer", "bundle", self.run_file, code=USAGE)
        damaged = self.write("damaged.leaklab", "no database")
        done = self.run_program("analyzer", "bundle", damaged, "-o", "x.tar.gz", code=USAGE)
        self.assertIn("not a run file", done.stderr)
        self.assertFalse((self.folder / "x.tar.gz").exists())


class BadRunFiles(Case):
    def change(self, sql):
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.executescript(sql)
        connection.close()

    def test_newer_and_older_schemas_are_told(self):
        for version, word in ((99, "newer"), (5, "newer"), (1, "older"), (0, "older")):
            self.change(f"PRAGMA user_version = {version}")
            self.assertIn(word, self.judge(code=USAGE).stderr)

    def test_other_databases_and_empty_files_are_told(self):
        self.change("PRAGMA application_id = 7")
        self.assertIn("another application", self.judge(code=USAGE).stderr)
        self.run_file.write_bytes(b"")
        self.assertIn("empty", self.judge(code=USAGE).stderr)

    def test_a_damaged_file_is_told_and_gives_no_verdict(self):
        data = bytearray(self.run_file.read_bytes())
        data[8192:65536] = b"\x5a" * (65536 - 8192)
        self.run_file.write_bytes(data)
        done = self.judge(code=TARGET)
        self.assertIn("damaged", done.stderr)
        self.assertNotIn("verdict:", done.stdout)

    def test_a_locked_file_is_told(self):
        self.change("PRAGMA journal_mode = DELETE")
        connection = sqlite3.connect(self.run_file, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        try:
            self.assertIn("locked", self.judge(code=TARGET).stderr)
        finally:
            connection.close()

    def test_a_run_without_snapshots_or_settled_mark_is_inconclusive(self):
        self.change("DELETE FROM setting WHERE key LIKE 'expect.%'; DELETE FROM capture WHERE mark >= 1")
        self.assertIn("cut short", self.judge(code=INCONCLUSIVE).stdout)
        self.change("DELETE FROM snapshot; DELETE FROM capture")
        self.assertIn("no sample", self.judge(code=INCONCLUSIVE).stdout)

    def test_a_file_that_is_being_written_is_judged_as_far_as_it_is(self):
        self.change("PRAGMA journal_mode = WAL")
        writer = sqlite3.connect(self.run_file, isolation_level=None)
        try:
            writer.execute("DELETE FROM setting WHERE key LIKE 'expect.%'")
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("DELETE FROM cycle")
            self.assertIn("verdict: LEAK", self.judge(code=LEAK).stdout)
        finally:
            writer.close()

    def test_a_host_whose_clock_jumped_gives_no_clean_verdict(self):
        self.change("DELETE FROM setting WHERE key LIKE 'expect.%';"
                    "INSERT OR REPLACE INTO setting VALUES ('judge.smallest_rate', '0.5');"
                    "DELETE FROM logon_session WHERE logon_type = 'RemoteInteractive' AND capture IN"
                    " (SELECT id FROM capture WHERE mark >= 2);"
                    "DELETE FROM handle WHERE luid > 4096 AND capture IN (SELECT id FROM capture WHERE mark >= 2);"
                    "UPDATE sight SET rows = NULL;"
                    "UPDATE cycle SET session_id = 2")  # nothing is left, and IDs are used again
        self.judge(code=CLEAN)
        self.change("UPDATE snapshot SET time = time + 3600000000 WHERE capture = (SELECT max(capture) FROM snapshot)")
        self.assertIn("clock moved by", " ".join(self.judge(code=INCONCLUSIVE).stdout.split()))


class OlderRuns(Case):
    """Run files of schema 2, as leaklab 0.1 made them, are judged by what their observers printed; those of schema 3 as they are."""
    TABLES = {
        "setting": "key value",
        "cycle": "number slot worker user domain scheduled started logged_on ended tcp_us tls_us nla_us activated_us logon_us hold_us"
                 " logoff_us session_id result proof failed_phase code message error_info served_by",
        "capture": "id mark round cycle observer command started ended exit_status output messages problem",
        "snapshot": "capture source host build boot_time time elevated leak_tracking token_objects token_objects_accounted",
        "session": "capture id name user domain state",
        "logon_session": "capture luid user domain logon_type auth_package session_id logon_time",
        "handle": "capture pid image value type token_id luid session_id user domain name",
        "process": "capture pid image session_id handle_count user",
        "control": "name rate run", "event": "id time kind text", "result_name": "result name", "mark_name": "mark name"}

    OUTPUT = "(SELECT unpacked(bytes, content.length) FROM new.content WHERE content.id = content) AS output"

    def unpack(self, connection):
        connection.create_function("unpacked", 2, lambda text, length: text if text is None or len(text) == length else zlib.decompress(text))

    def test_schema_3_which_kept_each_output_beside_its_sample_is_read(self):
        self.run_file.unlink()
        connection = sqlite3.connect(self.folder / "new.leaklab")
        self.unpack(connection)
        with connection:
            connection.execute("ALTER TABLE capture ADD COLUMN output BLOB")
            connection.execute("UPDATE capture SET output = (SELECT unpacked(bytes, content.length) FROM content WHERE content.id = content)")
            connection.execute("DROP TABLE content")
            connection.execute("UPDATE capture SET content = NULL, length = NULL")
            connection.execute("PRAGMA user_version = 3")
        outputs = [text for text, in connection.execute("SELECT output FROM capture WHERE output IS NOT NULL")]
        connection.close()
        self.assertGreater(len(outputs), 3)
        (self.folder / "new.leaklab").rename(self.run_file)
        self.assertEqual(self.verdict(code=CLEAN), self.now)
        done = self.run_program("driver", "run", "--resume", self.run_file, code=USAGE)
        self.assertIn("made by an older leaklab (schema 3, this one writes 4)", done.stderr)
        [bundled] = self.bundle("--pseudonymise").glob("*.leaklab")
        connection = sqlite3.connect(bundled)
        edited = [text for text, in connection.execute("SELECT output FROM capture WHERE output IS NOT NULL")]
        self.assertEqual(len(edited), len(outputs))
        self.assertFalse(set(map(bytes, edited)) & set(map(bytes, outputs)))
        connection.close()

    def setUp(self):
        super().setUp()
        self.now = self.verdict(code=CLEAN)
        new = self.run_file.rename(self.folder / "new.leaklab")
        connection = sqlite3.connect(self.run_file)
        self.unpack(connection)
        connection.execute("ATTACH ? AS new", (str(new),))
        for table, columns in self.TABLES.items():
            columns = ", ".join(f'"{column}"' if column != "output" else self.OUTPUT for column in columns.split())
            of_load = " WHERE kind = 0" if table == "cycle" else ""  # there were no others
            connection.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM new.{table}{of_load}")
        connection.execute("CREATE TABLE unavailable (capture INTEGER NOT NULL, what TEXT NOT NULL, why TEXT)")
        connection.executescript(f"PRAGMA application_id = {0x4c4b4c42}; PRAGMA user_version = 2")
        connection.close()

    def test_what_observers_printed_is_read_again(self):
        then = self.verdict(code=CLEAN)
        for verdict in (then, self.now):  # logons after settling are not in the older file
            del verdict["session_ids"]["witness"], verdict["session_ids"]["list"]
            for orphan in verdict["orphans"]["list"]:  # cycles of milliseconds: only logons that told the host's clock say which
                del orphan["cycle"]
        for key in ("verdict", "orphans", "session_ids", "culprits", "cycles"):
            self.assertEqual(then[key], self.now[key])
        self.assertIn("captures: ", self.run_program("analyzer", "show", self.run_file, code=CLEAN).stdout)
        self.assertEqual(next(self.bundle("--pseudonymise").glob("*.json")).suffix, ".json")

    def test_rows_without_what_they_are_from_have_no_sight(self):
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.execute("UPDATE capture SET output = NULL")
            connection.execute("DELETE FROM setting WHERE key LIKE 'expect.%'")
        self.assertIn("nothing says how much", " ".join(self.judge(code=INCONCLUSIVE).stdout.split()))
        with connection:  # not even where nothing is left
            for table in ("session", "logon_session", "handle"):
                connection.execute(f"DELETE FROM {table} WHERE capture > 1")
        connection.close()
        self.judge(code=INCONCLUSIVE)


class Manual(Case):
    PAGE = leaklab.ROOT / "analyzer/runfile/leaklab-run-file.5.scd"

    def test_every_query_in_the_manual_runs(self):
        blocks = re.findall(r"^```\n(.*?)^```", self.PAGE.read_text(), re.M | re.S)
        queries = [query for block in blocks for query in re.split(r";\s*\n", block) if query.strip().startswith("SELECT")]
        self.assertGreaterEqual(len(queries), 8)
        for query in queries:
            self.query(query)

    def test_the_manuals_name_all_columns_of_all_views(self):
        text = self.PAGE.read_text()
        fields = (leaklab.BUILD / "leaklab-snapshot.5.scd").read_text().replace("\\", "")
        names = set(re.findall(r"\*([a-z_]+)\*(?:$|\))", fields, re.M))
        for (view,) in self.query("SELECT name FROM sqlite_master WHERE type = 'view'"):
            [heading] = re.findall(rf"^## (?:.*, )?{view}\b.*$", text, re.M)
            part = text.split(heading + "\n", 1)[1].split("\n#", 1)[0]
            for (column,) in self.query(f"SELECT name FROM pragma_table_info('{view}')"):
                if view in ("cycles", "events") or column not in names:
                    self.assertIn(f"*{column}*", part, f"{view}.{column} is not in the manual")

    def test_the_manual_names_all_fields_of_the_verdict(self):
        text = (leaklab.ROOT / "analyzer/leaklab-verdict.5.scd").read_text()
        for key in self.verdict():
            self.assertIn(f"*{key}*", text)


if __name__ == "__main__":
    tap.main()
