"""The course: each lesson as a student plays it, with the commands of its page, and what students do otherwise."""
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

import leaklab
import tap
import test_desktop

sys.dont_write_bytecode = True
COURSE = leaklab.SCENARIOS / "course"
sys.path.insert(0, str(COURSE))
import lesson  # noqa: E402

ROWS, COLUMNS = 24, 80
CLEAR = "\033[2J\033[H"
PROMPT = "> "
SECONDS = 120  # no step takes longer, on any machine


class Seat:
    """A terminal of 80 x 24, and a student before it."""

    def __init__(self, case, *words, display=None):
        self.case, self.text = case, ""
        environment = {**os.environ, "LEAKLAB_BUILD": str(leaklab.BUILD), "TERM": "xterm", "HOME": str(case.folder)}
        environment.pop("DISPLAY", None)
        if display:
            environment["DISPLAY"] = display
        self.end, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen([COURSE / "run", *map(str, words)], stdin=other, stdout=other, stderr=other, cwd=case.folder,
                                        env=environment, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(other)
        case.addCleanup(os.close, self.end)
        case.addCleanup(self.leave)

    def leave(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=60)

    def read(self):
        """More of what is shown; False: it has ended."""
        ready, _, _ = select.select([self.end], [], [], SECONDS)
        self.case.assertTrue(ready, self.text[-2000:])
        try:
            got = os.read(self.end, 65536)
        except OSError:
            got = b""
        self.text += got.decode("utf-8", "replace").replace("\r", "")
        return bool(got)

    def prompt(self):
        """What is shown up to the next prompt; None: it has ended."""
        begin = len(self.text)
        while self.read():
            if self.text.endswith(PROMPT):
                return self.text[begin:]
        return None

    def type(self, words=""):
        os.write(self.end, words.encode() + b"\n")

    def answer(self, words=""):
        """What is shown then, all pages of it."""
        self.type(words)
        shown = self.prompt()
        while shown and shown.endswith("more" + PROMPT):
            self.type()
            shown += self.prompt() or ""
        return shown or ""

    def until(self, pattern):
        """Enter at each prompt until that is shown."""
        while True:
            shown = self.prompt()
            self.case.assertIsNotNone(shown, f"{pattern} is not in\n{self.text}")
            self.case.assertNotIn("That is not what the page has", shown)
            if re.search(pattern, shown):
                return shown
            self.type()

    def rest(self):
        while (shown := self.prompt()) is not None:
            self.case.assertNotIn("That is not what the page has", shown)
            self.type()
        return self.process.wait(timeout=60)


class Course(leaklab.Case):
    def setUp(self):
        super().setUp()
        self.room = self.folder / "room"

    def sit(self, *words, **more):
        return Seat(self, *words, "--dir", self.room, **more)

    def assert_nothing_scrolls_away_unread(self, text):
        for screen in re.split(re.escape(CLEAR) + "|" + re.escape(PROMPT), text):
            rows = [-(-max(1, len(line)) // COLUMNS) for line in screen.strip("\n").splitlines()]
            self.assertLessEqual(sum(rows), ROWS, screen)

    def assert_nothing_is_left(self):
        left = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(self.room).encode() in self.read_bytes(path)]
        self.assertEqual([self.read_bytes(path) for path in left], [])

    @staticmethod
    def read_bytes(path):
        try:
            return path.read_bytes()
        except OSError:
            return b""


class Pages(unittest.TestCase):
    def test_there_are_six_and_each_names_what_both_articles_do(self):
        pages = lesson.pages()
        self.assertEqual(sorted(pages), [1, 2, 3, 4, 5, 6])
        for number, path in pages.items():
            page = lesson.parse(path)
            self.assertEqual(page.number, number)
            self.assertRegex(path.read_text(), r"(?ms)^## In the articles\n\n.*^\| .*\| ")
            questions = [part for screen in page.screens for part in screen.parts if isinstance(part, lesson.Question)]
            self.assertGreaterEqual(len(questions), 4, path)
            self.assertTrue(all(question.answer for question in questions), path)

    def test_they_fit_80_columns(self):
        for path in lesson.pages().values():
            for screen in lesson.parse(path).screens:
                for part in screen.parts:
                    lines = ["    " + line for line in part.text.splitlines()] if isinstance(part, lesson.Step) else lesson.shown("Question: " + part.text)
                    for line in lines:
                        self.assertLessEqual(len(line), COLUMNS, path)

    def test_what_varies_is_left_open_and_names_stay_what_they_were(self):
        known = {}
        self.assertTrue(lesson.match("pid <A>\n...\nend ...", "pid 12\nx\ny\nend of  it\r\n", known))
        self.assertEqual(known, {"A": "12"})
        self.assertTrue(lesson.match("<A>:<B>", "12:8", known))
        self.assertFalse(lesson.match("<A>:...", "13:8", known))
        self.assertFalse(lesson.match("one\ntwo", "one\nmore\ntwo", {}))
        self.assertFalse(lesson.match("a.c", "abc", {}))
        self.assertEqual(lesson.filled("close <A>:<B> <C>", known), "close 12:8 <C>")


class Played(Course):
    """With no display, by the driver: every command of the page, and each output that the page has."""

    def play(self, number):
        seat = self.sit("--play", number)
        code = seat.rest()
        self.assertEqual(code, 0, seat.text)
        self.assertIn(f"That was lesson {number}.", seat.text)
        self.assert_nothing_scrolls_away_unread(seat.text)
        self.assert_nothing_is_left()


class Longest(Played):
    """By its name begun before the others."""

    def test_6(self):
        self.play(6)

    def test_4(self):
        self.play(4)


class Others(Played):
    def test_1(self):
        self.play(1)

    def test_2(self):
        self.play(2)

    def test_3(self):
        self.play(3)

    @unittest.skipUnless((leaklab.BUILD / "scenarios/labkernel").exists(), "needs the lab kernels")
    def test_5(self):
        self.play(5)


@unittest.skipUnless(all(map(shutil.which, test_desktop.NEEDED)), "needs Xvfb and xfreerdp3")
class WithDisplay(Course):
    """With a display: a window, and its button."""

    def clients(self):
        return [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if b"xfreerdp3\0/args-from:lab" in self.read_bytes(path)
                and str(self.room) in os.readlink(path.parent / "cwd")]

    def press_log_off(self, screen):
        end = time.monotonic() + 60
        while "Session ID" not in screen.text():
            self.assertLess(time.monotonic(), end, screen.text())
            time.sleep(0.2)
        screen.click(test_desktop.LOG_OFF)

    def test_lesson_1_with_a_window_that_is_closed_in_the_middle(self):
        screen = test_desktop.Screen(self)
        seat = self.sit(1, display=screen.name)
        seat.until("By hand: press the button Log off on the desktop of lab01")
        self.assertIn("in a window: session 2", seat.text)
        self.assertNotRegex(" ".join(self.read_bytes(pathlib.Path(f"/proc/{pid}/cmdline")).decode() for pid in self.clients()), "/p:")
        self.press_log_off(screen)
        seat.type()
        seat.until("By hand: press the button Log off on the desktop of lab02")
        client, = self.clients()
        os.kill(client, signal.SIGTERM)
        shown = seat.answer()
        while "press it" in shown and "The window was closed" not in shown:
            shown = seat.answer()
        self.assertIn("is disconnected, not logged off", shown)
        self.assertIn("lab02 is back, in a window, in session 2", seat.answer("logon lab02"))
        self.press_log_off(screen)
        seat.type()
        seat.until("By hand: press .* lab01")
        self.press_log_off(screen)
        seat.type()
        seat.until("By hand: press .* lab02")
        self.press_log_off(screen)
        seat.type()
        self.assertEqual(seat.rest(), 0, seat.text)
        self.assertIn("That is the gap: 4", seat.text)
        self.assert_nothing_scrolls_away_unread(seat.text)
        self.assert_nothing_is_left()


    @unittest.skipUnless(shutil.which("remmina"), "Remmina is not installed")
    def test_remmina_logs_on(self):
        screen = test_desktop.Screen(self)
        seat = self.sit(1, "--at", 2, display=screen.name)
        seat.until("logon lab01\n\ntype it, or Enter")
        self.assertIn("lab01 is logged on, in a window of Remmina: session 2", seat.answer("logon --remmina lab01"))
        self.assertEqual(os.stat(self.room / "work/lab01.remmina").st_mode & 0o77, 0)
        seat.type("quit")
        self.assertEqual(seat.rest(), 0)
        self.assert_nothing_is_left()


class Students(Course):
    """What they do otherwise."""

    def test_a_wrong_command_shows_its_error_and_the_step_stays(self):
        seat = self.sit(1)
        seat.until("type it, or Enter")
        shown = seat.answer("qwimsta")
        self.assertRegex(shown, r"qwimsta: not found")
        self.assertIn("That failed (exit code 127); this step is still: leaklab-labhost show qwinsta", shown)
        self.assertIn("What it would print of the lab host: leaklab-labhost show handle", seat.answer("handle.exe -a -p lsass"))
        self.assertIn("That was another command", seat.answer("echo here"))
        self.assertIn("LAB_CONTROL", seat.answer("help"))
        self.assertIn("Question: ", seat.answer("leaklab-labhost  show qwinsta"))
        self.assertIn("Answer: ", seat.answer("2"))
        seat.type("quit")
        self.assertEqual(seat.rest(), 0)
        self.assertIn("The lesson's lab has ended", seat.text)

    def test_a_command_that_prints_without_end_is_stopped(self):
        seat = self.sit(1)
        seat.until("type it, or Enter")
        self.assertIn("this step is still", seat.answer("yes"))
        self.assertIn("this step is still", seat.answer("yes | tr -d '\\n'"))
        self.assertIn("Question", seat.answer())

    def test_ctrl_c_stops_a_command_and_types_nothing(self):
        seat = self.sit(1, "--at", 2)
        seat.until("type it, or Enter")
        seat.answer()
        os.write(seat.end, b"\x03")
        self.assertNotIn("SESSIONNAME", seat.prompt())
        seat.type("sleep 600")
        time.sleep(1)
        os.write(seat.end, b"\x03")
        self.assertIn("this step is still", seat.prompt())
        self.assertRegex(seat.answer(), "lab01 +2 +Active")  # the driver has not heard of it

    def test_what_an_answer_invites_to_is_tried_before_the_next_screen(self):
        seat = self.sit(1, "--at", 2)
        seat.until("-- Enter: next screen")
        self.assertIn("lab01 was logged on already", seat.answer("logon lab01"))
        self.assertIn("-- Enter: next screen", seat.text.splitlines()[-1])
        self.assertNotIn("Lesson 1, 3 of 5", seat.text)
        self.assertIn("Lesson 1, 3 of 5", seat.answer())

    def test_a_command_of_two_lines_is_typed_as_it_stands(self):
        seat = self.sit(3)
        shown = seat.until("type it, or Enter")
        first, second = re.search(r"    (leaklab-grabber .* \\)\n    +(.+)\n", shown).groups()
        self.assertEqual(seat.answer(first).splitlines()[-1], PROMPT)
        self.assertIn("--image monitor.exe", seat.answer(second))
        self.assertNotIn("this step is still", seat.text)

    def test_a_command_is_seen_while_it_is_typed_and_nothing_scrolls(self):
        seat = self.sit(3)
        seat.prompt()
        while "Lesson 3, 2 of" not in seat.text:
            last = seat.text.split(CLEAR)[-1]
            command = ""
            if last.endswith("type it, or Enter" + PROMPT):
                commands = re.findall(r"(?m)^    (.+)$", last.replace("\\\n", ""))
                self.assertTrue(commands, last)
                command = " ".join(commands[-1].split())
            seat.type(command)
            seat.prompt()
        self.assert_nothing_scrolls_away_unread(seat.text)

    def test_what_is_typed_before_a_screen_is_whole_is_asked_for_again(self):
        seat = self.sit(5, "--at", 3)
        while not seat.prompt().endswith("more" + PROMPT):
            seat.type()
        read = seat.text.split(CLEAR)[-1]
        seat.type("leaklab-labhost show qwinsta")
        self.assertRegex(seat.prompt(), "(?s)Not yet: first the rest of this screen.*more" + re.escape(PROMPT))
        seat.type()
        seat.prompt()
        self.assertTrue(seat.text.split(CLEAR)[-1].startswith(read))  # it moved up
        seat.type("quit")
        self.assertEqual(seat.rest(), 0)

    def test_logging_on_twice_is_one_session(self):
        seat = self.sit(1, "--at", 2)
        seat.until("type it, or Enter")
        self.assertIn("lab01 is logged on, played by the driver: session 2", seat.answer())
        self.assertIn("lab01 was logged on already: it is shown here now, and it is still session 2", seat.answer("logon lab01"))
        self.assertIn("rdp-tcp", seat.answer())

    def test_next_day_it_goes_on_where_it_was(self):
        seat = self.sit(1)
        seat.until("Lesson 1, 3 of 5")
        os.kill(seat.process.pid, signal.SIGHUP)  # the terminal's window was closed
        seat.rest()
        self.assert_nothing_is_left()
        seat = self.sit(1)
        shown = seat.until("type it, or Enter")
        self.assertIn("The lab is new. What comes before screen 3 is typed again", seat.text)
        self.assertIn("Lesson 1, 3 of 5", seat.text)
        self.assertNotIn("Lesson 1, 2 of 5", seat.text)
        self.assertIn("leaklab-labhost show handle", shown)
        seat.type("quit")
        seat.rest()
        seat = self.sit(1, "--reset")
        seat.until("type it, or Enter")
        self.assertIn("Lesson 1, 1 of 5", seat.text)

    def test_a_second_lesson_in_the_folder_names_the_first_ones_process(self):
        seat = self.sit(1)
        seat.until("type it, or Enter")
        other = self.sit(2)
        self.assertEqual(other.rest(), 2)
        self.assertIn(f"by process {seat.process.pid}", " ".join(other.text.split()))
        self.assertIn("Question", seat.answer())  # the first one does not mind

    def test_a_killed_lesson_leaves_no_lab_and_no_lock(self):
        seat = self.sit(1)
        seat.until("type it, or Enter")
        seat.process.kill()
        seat.process.wait()
        end = time.monotonic() + 60
        while (self.room / "lab/control.sock").exists() and time.monotonic() < end:
            time.sleep(0.1)
        again = self.sit(1)
        again.until("type it, or Enter")

    def test_what_makes_no_sense_is_refused(self):
        for words, code, said in [(["1", "--at", "9"], 2, "has the screens 1 to 5"), (["7"], 2, "invalid choice"), ([], 2, "which lesson"),
                                  (["1", "--dir", self.folder / ("x" * 120)], 4, "too long"), (["1", "--dir", "/proc/none"], 4, "choose another one"),
                                  (["--list"], 0, "Prove the fix"), (["--help"], 0, "--reset")]:
            with self.subTest(words=words):
                done = subprocess.run([COURSE / "run", *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
                                      env={**os.environ, "LEAKLAB_BUILD": str(leaklab.BUILD)})
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                self.assertIn(said, done.stdout + done.stderr)

    def test_a_broken_list_of_places_is_none(self):
        self.room.mkdir()
        (self.room / "place.json").write_text("{\"1\": \"x\"")
        seat = self.sit(1)
        seat.until("type it, or Enter")
        self.assertIn("Lesson 1, 1 of 5", seat.text)


if __name__ == "__main__":
    tap.main(at_once=4)
