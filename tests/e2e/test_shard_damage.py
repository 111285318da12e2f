"""Parts of a run that are damaged, by chance and by twos and threes, or whose machines' clocks were wrong, never make a better verdict.
LEAKLAB_FUZZ_SEED and LEAKLAB_DAMAGES choose others, and more."""
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess

import leaklab
import tap
import test_shards

ROWS = ("cycle", "capture", "snapshot", "session", "logon_session", "handle", "process", "event", "content", "sight")
CLOCKS = {"cycle": ("scheduled", "started", "logged_on", "ended"), "capture": ("started", "ended"), "event": ("time",)}
VALUES = ("0", "1", "-1", "x", "", "3", "99999999999999999999", "known", "unknown", "2020-01-01T00:00:00Z")
SHIFTS = (1, 3, 10, 60, 600, 3600, 7200)
SECOND = 1_000_000


def change(path, *statements):
    connection = sqlite3.connect(path)
    try:
        for statement in statements:
            connection.execute(*statement)
        connection.commit()
    finally:
        connection.close()


class Chance:
    """Damages of a file; each returns what it was."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def setting(self, path):
        connection = sqlite3.connect(path)
        keys = sorted(key for (key,) in connection.execute("SELECT key FROM setting"))
        connection.close()
        key, value = self.random.choice(keys), self.random.choice(VALUES)
        if self.random.random() < 0.5:
            change(path, ("DELETE FROM setting WHERE key = ?", (key,)))
            return f"no {key}"
        change(path, ("UPDATE setting SET value = ? WHERE key = ?", (value, key)))
        return f"{key} = {value}"

    def rows(self, path):
        table, divisor = self.random.choice(ROWS), self.random.choice((1, 2, 5))
        change(path, (f"DELETE FROM {table} WHERE (rowid * 2654435761 >> 7) % {divisor} = 0",))
        return f"each {divisor} of {table} gone"

    def clock(self, path):
        by = self.random.choice((1, -1)) * self.random.choice(SHIFTS) * SECOND
        known = self.random.choice(("host_clock_offset - ?", "host_clock_offset - ?", "NULL * ?", "host_clock_offset + 0 * ?"))
        moved = [(f"UPDATE {table} SET {column} = {column} + ?", (by,)) for table, columns in CLOCKS.items() for column in columns]
        change(path, *moved, (f"UPDATE cycle SET host_clock_offset = {known}", (by,)), ("UPDATE setting SET value = value || 'x' WHERE key = 'clock.boot'",),
               ("UPDATE setting SET value = strftime('%Y-%m-%dT%H:%M:%fZ', julianday(value) + ? / 86400e6) WHERE key IN ('started', 'finished', 'clock.since')",
                (by,)))
        return f"clock {by // SECOND} s, {known}"

    def times(self, path):
        change(path, ("UPDATE snapshot SET time = NULL",), ("UPDATE cycle SET host_clock_offset = NULL",))
        return "nobody tells the host's clock"

    def file(self, path):
        path.unlink()
        return "gone"

    def damage(self, paths):
        kinds = (self.setting, self.setting, self.rows, self.rows, self.clock, self.clock, self.times, self.file)
        if self.random.random() < 0.1:
            return [f"{path.name}: {self.clock(path)}" for path in paths]
        path = self.random.choice(paths)
        return [f"{path.name}: {self.random.choice(kinds)(path)}"]


class Damaged(test_shards.Parts):
    def sweep(self, leak):
        """Each verdict that is left after damages, with what they were."""
        lab = self.stage(leak=False, load={"cycles": 60 if leak else 80})
        if leak:
            self.grab(lab, "--every", "15")
        self.play()
        told = self.verdict(code=1 if leak else 0)
        names, work = ["A", "D", *self.files(), "C"], self.folder / "work"
        chance = Chance(int(os.environ.get("LEAKLAB_FUZZ_SEED", "1")))
        for _ in range(int(os.environ.get("LEAKLAB_DAMAGES", "100"))):
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            for name in names:
                shutil.copy(self.folder / name, work / name)
            done = []
            for _ in range(chance.random.choice((1, 1, 2, 2, 3))):
                done += chance.damage([work / name for name in names if (work / name).exists()])
            merged = self.front(work, "merge", "run", *(name for name in names if (work / name).exists()))
            self.assertIn(merged.returncode, (0, 2, 4), (done, merged.stderr))
            if merged.returncode == 0:
                judged = self.front(work, "judge", "--format", "json", "run")
                self.assertIn(judged.returncode, (0, 1, 3, 4), (done, judged.stderr))
                if judged.returncode != 4:
                    yield told, json.loads(judged.stdout), done

    def front(self, folder, *words):
        done = subprocess.run([leaklab.BUILD / "leaklab", *words], capture_output=True, text=True, cwd=folder)
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def test_rare_leak_is_never_clean_and_nobody_else_is_blamed(self):
        words = set()
        for told, verdict, done in self.sweep(leak=True):
            self.assertNotEqual(verdict["verdict"], "CLEAN", (done, verdict["reasons"]))
            self.assertLessEqual(verdict["orphans"]["k"] or 0, told["orphans"]["k"], done)
            named = set(re.findall(r"(\S+) \(process \d+\) holds", "\n".join(verdict["reasons"])))
            self.assertLessEqual(named, {"leaklab-grabber.exe"}, (done, verdict["reasons"]))
            words.add(verdict["verdict"])
        self.assertIn("LEAK", words)

    def test_clean_host_never_leaks_and_cycles_that_are_lost_are_missed(self):
        words = set()
        for told, verdict, done in self.sweep(leak=False):
            self.assertNotEqual(verdict["verdict"], "LEAK", (done, verdict["reasons"]))
            if verdict["verdict"] == "CLEAN":
                self.assertEqual(verdict["orphans"]["n"], told["orphans"]["n"], done)
            words.add(verdict["verdict"])
        self.assertEqual(words, {"CLEAN", "INCONCLUSIVE"})


if __name__ == "__main__":
    tap.main(at_once=2)
