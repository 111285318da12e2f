"""Knows how a lesson is shown on a terminal, a screen at a time, and what its reader may type."""
import os
import select
import signal
import socket
import sys
import time

import lesson
from lesson import COLUMNS, LINES, Question, Step, Text

HELP = """Enter   has what stands there typed for you, or goes on
next    goes on without it
back    shows the screen again from its beginning
quit    ends the lesson; the next time it goes on at this screen
All else is typed into a shell, in a folder of the lesson's own, where the
programs are found and LAB_CONTROL names the lab host. Wrong commands do no
harm: try some. Other terminals can be used too: the folder is"""
NOT_FOUND = 127  # sh's exit code
WINDOWS_TOOLS = {"qwinsta": "qwinsta", "quser": "qwinsta", "query": "qwinsta", "handle": "handle", "handle64": "handle", "logonsessions": "logonsessions",
                 "logonsessions64": "logonsessions"}
WAIT_SECONDS = 120
SHOWN_MOST, LINE_MOST = 100, 400  # lines of an output, and characters of a line


class Quit(Exception):
    pass


class Again(Exception):
    pass


class Differs(Exception):
    """What is seen is not what the page has."""


def rows(line):
    return max(1, -(-len(line) // COLUMNS))


class Terminal:
    """Nothing scrolls away unread: a full screen waits for its reader."""

    def __init__(self, quiet=False, by_itself=False):
        self.quiet = quiet  # nothing is shown
        self.by_itself = by_itself  # nobody is asked
        self.used = 0
        self.typed = b""
        self.wake, end = socket.socketpair()  # of a signal that comes before what is typed is waited for
        end.setblocking(False)
        self.end = end
        if not quiet:
            signal.set_wakeup_fd(end.fileno(), warn_on_full_buffer=False)

    def clear(self):
        self.used = 0
        if not self.quiet and sys.stdout.isatty():
            sys.stdout.write("\033[2J\033[H")

    def room(self, wanted):
        """For so many rows that stay together. What was read moves up, and stays in sight as long as there is room."""
        if self.quiet or self.used + wanted <= LINES:
            return
        if self.by_itself:
            self.clear()
        while (words := self.ask("-- Enter: more")) not in ("", "next"):
            if words == "quit":
                raise Quit
            if words == "back":
                raise Again
            print("Not yet: first the rest of this screen.")
        self.used = 0

    def put(self, line=""):
        if self.quiet:
            return
        self.room(rows(line))
        self.used += rows(line)
        print(line, flush=True)

    def ask(self, prompt):
        """What is typed; Enter alone is empty."""
        if self.quiet or self.by_itself:
            return ""
        while True:
            print(f"{prompt}> ", end="", flush=True)
            try:
                words = self.line()
                self.used += rows(f"{prompt}> {words}")
                return words
            except KeyboardInterrupt:  # no Enter, which would have something typed
                self.used += 1
                print()

    def line(self):
        while b"\n" not in self.typed:
            if self.wake in select.select([sys.stdin, self.wake], [], [])[0]:
                self.wake.recv(64)
                continue
            got = os.read(sys.stdin.fileno(), 4096)
            if not got:
                print()
                raise Quit
            self.typed += got
        line, _, self.typed = self.typed.partition(b"\n")
        return line.decode("utf-8", "replace").strip()


class Player:
    def __init__(self, page, lab, terminal, display, strict=False):
        self.page, self.lab, self.terminal, self.display, self.strict = page, lab, terminal, display, strict
        self.known = {}

    def play(self, start, reached):
        """From that screen on; those before it are typed again, unseen. reached: called with each screen's number."""
        if start > 1:
            self.terminal.put(f"The lab is new. What comes before screen {start} is typed again: a moment.")
        shown, self.terminal, showing = self.terminal, Terminal(quiet=True), self.display
        self.display = False
        for screen in self.page.screens[:start - 1]:
            self.screen(0, screen)
        self.terminal, self.display = shown, showing
        for number, screen in list(enumerate(self.page.screens, 1))[start - 1:]:
            reached(number)
            self.show(number, screen)

    def show(self, number, screen):
        while True:
            try:
                self.screen(number, screen)
                if number < len(self.page.screens):
                    self.leave()
                return
            except Again:
                pass

    def leave(self):
        """Before the next screen what an answer made its reader curious about can be tried."""
        while (words := self.typed("-- Enter: next screen")) not in ("", "next"):
            self.print_out(self.lab.type(words)[1])

    def screen(self, number, screen):
        self.terminal.clear()
        self.terminal.put(f"Lesson {self.page.number}, {number} of {len(self.page.screens)}: {screen.title}")
        self.terminal.put("-" * (COLUMNS - 2))
        for part in screen.parts:
            if isinstance(part, Text):
                for line in lesson.shown(part.text):
                    self.terminal.put(line)
            elif isinstance(part, Question):
                self.question(part)
            elif part.kind == "hand":
                self.hand(part)
            else:
                self.command(part)

    def typed(self, prompt):
        """What is typed, unless it is for the player itself."""
        while True:
            words = self.terminal.ask(prompt)
            if words == "quit":
                raise Quit
            if words == "back":
                raise Again
            while words.endswith("\\"):  # as it stands on the screen, a line at a time
                words = words[:-1] + self.terminal.ask("")
            if words not in ("help", "?"):
                return words
            for line in [*HELP.splitlines(), "  " + str(self.lab.work)]:
                self.terminal.put(line)

    def question(self, part):
        for line in lesson.shown("Question: " + part.text):
            self.terminal.put(line)
        self.typed("your answer")
        for line in lesson.shown("Answer: " + part.answer):
            self.terminal.put(line)

    # What is typed.

    def command(self, step):
        wanted = lesson.filled(step.text, self.known)
        block, prompt = ["", *("    " + line for line in wanted.splitlines()), ""], "type it, or Enter"
        self.terminal.room(sum(map(rows, block)) + rows(f"{prompt}> {lesson.one_line(wanted)}") - 1)
        for line in block:
            self.terminal.put(line)
        while True:
            words = self.typed(prompt)
            if words == "next":
                return
            if self.tried(step, words or wanted, wanted):
                return

    def tried(self, step, words, wanted):
        """Whether that was the step."""
        code, output = self.wait_for(step, words) if step.waits and words == wanted else self.lab.type(words)
        self.print_out(output)
        if step.seen is None:
            good = code == 0 and lesson.one_line(words) == lesson.one_line(wanted)
        else:
            good = lesson.match(step.seen, output, self.known)
        if good:
            return True
        if self.strict or self.terminal.quiet:
            raise Differs(f"lesson {self.page.number}, after `{words}' (exit code {code}), this is seen:\n{output}"
                          + (f"and the page has this:\n{step.seen}\n" if step.seen else ""))
        self.explain(step, words, wanted, code)
        return False

    def print_out(self, output):
        lines = output.expandtabs().rstrip().splitlines()
        for line in lines[:SHOWN_MOST]:
            self.terminal.put(line.rstrip()[:LINE_MOST])
        if len(lines) > SHOWN_MOST:
            self.terminal.put(f"... and {len(lines) - SHOWN_MOST} lines more")

    def explain(self, step, words, wanted, code):
        tool = words.split()[0].removesuffix(".exe") if words.split() else ""
        if self.lab.gone():
            self.terminal.put("The lab host has ended. Type quit, and run the lesson again: it goes on here.")
        elif code == NOT_FOUND and tool in WINDOWS_TOOLS:
            self.terminal.put(f"That is a program of Windows. What it would print of the lab host: leaklab-labhost show {WINDOWS_TOOLS[tool]}")
        elif lesson.one_line(words) != lesson.one_line(wanted):
            how = f"failed (exit code {code})" if code else "was another command"
            self.terminal.put(f"That {how}; this step is still: {lesson.one_line(wanted)}")
        elif step.seen:
            self.terminal.put("That is not what the page has here, with ... for what varies:")
            for line in step.seen.splitlines():
                self.terminal.put("  | " + line)
            self.terminal.put("Enter: once more; next: go on without it.")
        else:
            self.terminal.put(f"That failed (exit code {code}). Enter: once more; next: go on without it.")

    def wait_for(self, step, words):
        """Once more, until it is seen."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            code, output = self.lab.type(words)
            if lesson.match(step.seen, output, dict(self.known)) or time.monotonic() > end or self.lab.gone():
                return code, output
            time.sleep(0.5)

    # What is done by hand: `log off USER'.

    def hand(self, step):
        action, _, user = step.text.rpartition(" ")
        if action != "log off":
            raise ValueError(f"{self.page.title}: nobody knows how to {step.text}")
        if not self.display:
            self.end_session(user)
            return
        self.terminal.put()
        self.terminal.put(f"    By hand: press the button Log off on the desktop of {user}")
        self.terminal.put()
        while (session := self.lab.session(user)) and not self.lab.gone():
            if session[1] != "Active":
                self.terminal.put(f"The window was closed: session {session[0]} is disconnected, not logged off.")
                self.terminal.put(f"Type logon {user}, press Log off in the new window, and Enter.")
            words = self.typed("press it, then Enter")
            if words == "next":
                return
            if words:
                self.print_out(self.lab.type(words)[1])
                continue
            end = time.monotonic() + 3
            while self.lab.session(user) and time.monotonic() < end:
                time.sleep(0.1)
            if (session := self.lab.session(user)) and session[1] == "Active":
                self.terminal.put(f"{user} is still logged on, in session {session[0]}.")

    def end_session(self, user):
        session = self.lab.session(user)
        if session:
            self.lab.type(f"leaklab-labhost logoff {session[0]}")
            self.terminal.put()
            self.terminal.put(f"There is no display: {user} is logged off by leaklab-labhost logoff {session[0]}")
