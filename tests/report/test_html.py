"""The HTML report as people have it before them: in Chromium, on a desktop, a phone and paper, without script."""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import browser  # noqa: E402
import leaklab  # noqa: E402
import tap  # noqa: E402

LEAK = 1
EVIL = "<script>document.title = 'evil'</script><img src=x onerror=\"document.title='evil'\">"
WIDTHS = {"desktop": 1280, "phone": 390}
TAB, ENTER = "\ue004", "\ue007"
# The shades of a page's text, as WCAG 2 measures the contrast of each with what is behind it.
CONTRAST = """
const light = (c) => { const v = c.map((x) => { x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
const bad = [];
for (const e of document.querySelectorAll("h1,h2,h3,p,li,a,th,td,caption,summary,figcaption,pre")) {
  if (!e.textContent.trim() || !e.getClientRects().length) continue;
  const a = light(parse(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push(e.tagName + " " + e.textContent.trim().slice(0, 30) + " " + ratio.toFixed(2));
}
return bad;"""


@unittest.skipIf(browser.missing(), browser.missing() or "")
class Page(leaklab.Case):
    @classmethod
    def setUpClass(cls):
        cls.chromium = browser.Browser()
        cls.addClassCleanup(cls.chromium.close)
        cls.shots = os.environ.get("LEAKLAB_SCREENSHOTS")
        cls.kept = None

    def setUp(self):
        super().setUp()
        self.run_file = self.folder / "run.leaklab"
        if Page.kept is None:
            Page.kept = self.play()
        self.run_file.write_bytes(Page.kept)
        self.page = self.folder / "report.html"

    def play(self):
        """A run with a leak, with failures, and with names that are markup."""
        lab = self.lab("--time-scale", "0.0001", "--shell-seconds", "0.05", "--kernel-reference", "2")
        scenario = self.scenario(lab, load={"slots": 2, "cycles": 20}, observers=[self.observer(lab)],
                                 observe_every=1, expect={"verdict": "LEAK", "p95": {"logon": "1us"}})
        self.drive(scenario, code=LEAK)
        connection = sqlite3.connect(self.run_file)
        with connection:
            connection.execute("UPDATE cycle SET result = 4, failed_phase = 'nla', code = 'LOGON_FAILURE', message = ?"
                               " WHERE number IN (5, 9)", (EVIL,))
            connection.execute("UPDATE cycle SET result = 4, failed_phase = 'tcp', code = ? WHERE number = 7", (EVIL,))
            connection.execute("UPDATE handle SET image = ? WHERE image = 'services.exe'", (EVIL,))
            connection.execute("INSERT INTO handle (capture, pid, image, value, type, user, domain)"
                               " SELECT id, 777, ?, 4 * number, 'Token', user, domain"
                               " FROM capture JOIN cycle ON number <= capture.cycle", (EVIL,))
            connection.execute("UPDATE setting SET value = ? WHERE key = 'scenario.name'", (EVIL,))
            (text,) = connection.execute("SELECT bytes FROM content WHERE id = 1").fetchone()
            text = zlib.decompress(text) + EVIL.encode()
            connection.execute("UPDATE content SET bytes = ?, length = ? WHERE id = 1", (text, len(text)))
            connection.execute("UPDATE capture SET length = ? WHERE content = 1", (len(text),))
            connection.execute("INSERT INTO event (time, kind, text) VALUES (0, ?, ?)", (EVIL, EVIL))
        connection.close()
        return self.run_file.read_bytes()

    def open(self, width=1280, **more):
        self.run_program("analyzer", "judge", self.run_file, "--report", self.page)
        self.chromium.open(self.page.as_uri(), width, **more)

    def has_charts(self):
        return self.chromium.run("return typeof Chart !== 'undefined'")

    def keep(self, name):
        path = self.folder / name
        self.chromium.screenshot(path)
        self.assertGreater(path.stat().st_size, 20000)
        if self.shots:
            shutil.copy(path, self.shots)

    def test_it_fits_each_width_and_asks_for_nothing(self):
        for name, width in WIDTHS.items():
            for dark in (False, True):
                self.open(width, dark=dark)
                wide = self.chromium.run("return [document.documentElement.scrollWidth, innerWidth]")
                self.assertLessEqual(wide[0], wide[1], f"{name} scrolls sideways")
                self.assertEqual([], [entry["message"] for entry in self.chromium.logs("browser")])
                self.assertEqual([self.page.as_uri()], self.chromium.requests())
                self.assertEqual([], self.chromium.run(CONTRAST), f"{name}, dark: {dark}")
                self.keep(f"{name}-{'dark' if dark else 'light'}.png")

    def test_markup_in_evidence_is_text(self):
        self.open()
        self.assertIn("LEAK: <script>", self.chromium.run("return document.title"))
        self.assertEqual(0, self.chromium.run("return document.querySelectorAll('img').length"))
        self.assertIn(EVIL, self.chromium.run("return document.body.textContent"))

    def test_charts_show_what_the_tables_under_them_say(self):
        self.open()
        if not self.has_charts():
            self.skipTest("built without Chart.js (libjs-chart.js)")
        charts = self.chromium.run("""return [...document.querySelectorAll("canvas")].map((canvas) => {
            const chart = Chart.getChart(canvas), figure = canvas.closest("figure");
            return {id: figure.id, label: canvas.getAttribute("aria-label"), role: canvas.getAttribute("role"),
                names: chart.data.datasets.map((set) => set.label),
                labels: chart.data.labels, data: chart.data.datasets.map((set) => set.data),
                head: [...figure.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent),
                rows: [...figure.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent))};
        })""")
        self.assertEqual(["session-ids", "orphans", "course", "tokens", "percentiles", "distribution", "errors"],
                         [chart["id"] for chart in charts])
        for chart in charts:
            self.assertEqual(chart["role"], "img")
            self.assertGreater(len(chart["label"]), 40)
            self.assertEqual(chart["names"], chart["head"])
            for column, data in enumerate(chart["data"], 1):
                told = [(row[0], float(row[column])) for row in chart["rows"] if row[column]]
                if isinstance(data[0], dict) if data else False:
                    drawn = [(f"{point['x']:.10g}", point["y"]) for point in data]
                else:
                    drawn = [(label, y) for label, y in zip(chart["labels"] or [], data) if y is not None]
                self.assertEqual(told, drawn, f"{chart['id']}, {chart['names'][column - 1]}")

    def test_charts_show_the_run(self):
        self.open()
        rows = self.chromium.run("""return Object.fromEntries([...document.querySelectorAll("figure")].map((figure) =>
            [figure.id, [...figure.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent))]))""")
        ids = self.query("SELECT number, session_id FROM cycles WHERE session_id IS NOT NULL ORDER BY number")
        self.assertEqual([(int(row[0]), int(row[1] or row[2])) for row in rows["session-ids"]], ids)
        orphans = self.verdict()["orphans"]["k"]
        self.assertGreater(orphans, 0)
        self.assertEqual(int(rows["orphans"][-1][1]), orphans)
        errors = {row[0]: [int(cell) for cell in row[1:] if cell] for row in rows["errors"]}
        self.assertEqual(errors, {"nla": [2], "tcp": [1]})
        tokens = self.query("SELECT count(*) FROM handles WHERE type = 'Token' GROUP BY capture, pid, image"
                            " ORDER BY 1 DESC LIMIT 1")[0][0]
        self.assertEqual(max(float(cell) for row in rows["tokens"] for cell in row[1:] if cell), tokens)

    def test_handles_over_the_cycles_are_those_of_the_verdict(self):
        self.open()
        rows = self.chromium.run("""return [...document.querySelectorAll("#growth tbody tr")].map((row) =>
            [...row.cells].map((cell) => cell.textContent))""")
        series = [one for one in self.verdict()["growth"]["series"] if one["word"] != "none"][:20]
        self.assertGreater(len(series), 0)
        self.assertEqual([[one["image"], str(one["pid"]), "" if one["per_cycle"] is None else f"{one['per_cycle']:.2f}"] for one in series],
                         [[row[0], row[1], row[4]] for row in rows])

    def test_without_script_the_tables_stand(self):
        self.open(script=False)
        source = self.page.read_text()
        self.assertEqual(source.count("<details open"), source.count("<figure") )
        self.keep("without-script.png")
        self.chromium.devtools("Emulation.setScriptExecutionDisabled", value=False)

    def test_it_is_readable_by_keyboard_and_screen_reader(self):
        self.open()
        self.chromium.press(TAB)
        self.assertEqual("Skip to the verdict", self.chromium.run("return document.activeElement.textContent"))
        self.chromium.press(ENTER)
        self.assertEqual("main", self.chromium.run("return document.activeElement.id"))
        facts = self.chromium.run("""return {lang: document.documentElement.lang,
            h1: document.querySelectorAll("h1").length,
            levels: [...document.querySelectorAll("h1,h2,h3")].map((h) => Number(h.tagName[1])),
            landmarks: ["header", "nav", "main", "footer"].map((name) => document.querySelectorAll(name).length),
            captions: [...document.querySelectorAll("table")].filter((table) => !table.caption).length,
            heads: [...document.querySelectorAll("th")].filter((cell) => !cell.scope).length,
            dead: [...document.querySelectorAll("a")].filter((a) => !document.querySelector(a.getAttribute("href"))).length,
            ids: [...document.querySelectorAll("[id]")].length - new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size,
            scroll: [...document.querySelectorAll(".scroll")].filter((e) => e.tabIndex !== 0 || !e.getAttribute("aria-label")).length}""")
        self.assertEqual((facts["lang"], facts["h1"]), ("en", 1))
        self.assertTrue(all(after - before <= 1 for before, after in zip(facts["levels"], facts["levels"][1:])))
        self.assertEqual([1, 1, 1, 1], facts["landmarks"])
        self.assertEqual((0, 0, 0, 0, 0), tuple(facts[key] for key in ("captions", "heads", "dead", "ids", "scroll")))

    def test_on_paper_the_tables_are_there_and_the_raw_outputs_are_not(self):
        self.open(dark=True)
        path = self.folder / "report.pdf"
        self.chromium.pdf(path)
        if self.shots:
            shutil.copy(path, self.shots)
        if not shutil.which("pdftotext"):
            self.skipTest("needs pdftotext (poppler-utils)")
        text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        for part in ("LEAK", "Percentiles of the logon's phases", "to_logon", "p95", "SHA-256", "Environment"):
            self.assertIn(part, text)
        self.assertNotIn('"logon_sessions"', text)
        self.assertLess(text.count("\f"), 16)


if __name__ == "__main__":
    tap.main()
