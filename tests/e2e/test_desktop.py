"""The lab host's desktop, as a person sees it in a FreeRDP client: what stands there, and what its buttons do."""
import ctypes
import ctypes.util
import os
import re
import shutil
import struct
import subprocess
import time
import unittest

import leaklab
import tap

LETTER_WIDTH, LETTER_HEIGHT, LINE = 8, 16, 18
LOG_OFF, DISCONNECT = (60, 54), (200, 54)
NEEDED = ("Xvfb", "xfreerdp3")


def font():
    """The letters, from the sources: what is read in the picture is compared with them."""
    rows = re.findall(r"^    \{(0x.*?)\},$", (leaklab.ROOT / "scenarios/labhost/font.c").read_text(), re.M)
    return {tuple(int(word, 16) for word in row.split(", ")): chr(32 + number) for number, row in enumerate(rows)}


class Screen:
    """An X server of the test's own, and its picture (X11/XWDFile.h)."""

    def __init__(self, case, depth=24):
        self.folder = case.folder / "screen"
        self.folder.mkdir(exist_ok=True)
        reading, writing = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"1024x768x{depth}", "-nolisten", "tcp", "-fbdir", self.folder],
                                        pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.terminate)
        os.close(writing)
        with os.fdopen(reading) as lines:
            self.name = f":{lines.readline().strip()}"
        self.letters = font()

    def pixels(self):
        data = (self.folder / "Xvfb_screen0").read_bytes()
        head = struct.unpack(">25I", data[:100])
        self.width, self.bytes_per_line, colors = head[4], head[12], head[19]
        return data[head[0] + 12 * colors:]

    def line(self, y, x=16, count=96, data=None):
        """The text whose letters begin there."""
        data, text = data or self.pixels(), ""
        for number in range(count):
            left = x + number * LETTER_WIDTH
            if left + LETTER_WIDTH > self.width:
                break
            starts = [(y + row) * self.bytes_per_line + 4 * left for row in range(0, LETTER_HEIGHT, 2)]
            cell = [[data[at:at + 3] for at in range(start, start + 4 * LETTER_WIDTH, 4)] for start in starts]
            ground = cell[0][LETTER_WIDTH - 1]  # no letter is so wide
            text += self.letters.get(tuple(sum((cell[row][1 + dot] != ground) << 4 - dot for dot in range(5)) for row in range(8)), "?")
        return text.rstrip()

    def text(self):
        """The lines below the buttons, which are apart as the desktop puts them."""
        lines, y, data = [], 84, self.pixels()
        while y < 560:
            line = self.line(y, data=data)
            if line and "?" not in line:
                lines.append(line)
                y += LINE
            else:
                y += 2
        return "\n".join(lines)

    def click(self, place):
        x11, xtst = (ctypes.CDLL(ctypes.util.find_library(name)) for name in ("X11", "Xtst"))
        x11.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        xtst.XTestFakeMotionEvent(display, 0, *place, ctypes.c_ulong(0))
        for down in (1, 0):
            xtst.XTestFakeButtonEvent(display, 1, down, ctypes.c_ulong(100))
        x11.XSync(display, 0)
        x11.XCloseDisplay(display)


@unittest.skipUnless(all(map(shutil.which, NEEDED)) and ctypes.util.find_library("Xtst"), "needs Xvfb, xfreerdp3 and libXtst")
class Desktop(leaklab.Case):
    def connect(self, lab, screen, user="lab01", *words):
        password = next(row[2] for row in lab.accounts() if row[0] == user)
        arguments = [f"/v:{lab.facts['address']}", f"/u:{user}", "/d:LAB", f"/p:{password}", "/cert:ignore", "/size:800x600", "-decorations", *words]
        client = subprocess.Popen(["xfreerdp3", "/args-from:stdin"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                  env={**os.environ, "DISPLAY": screen.name, "HOME": str(self.folder)})
        client.stdin.write("\n".join(arguments) + "\n")
        client.stdin.close()
        self.addCleanup(client.wait)
        self.addCleanup(client.terminate)
        return client

    def until(self, what, so, seconds=30):
        end = time.monotonic() + seconds
        while not so():
            self.assertLess(time.monotonic(), end, f"{what}\n{self.screen.text()}")
            time.sleep(0.2)

    def begin(self, *words, options=(), user="lab01"):
        self.screen = Screen(self)
        lab = self.lab("--desktop", "--time-scale", "0.0001", "--accounts", "3", *options)
        client = self.connect(lab, self.screen, user, *words)
        self.until("the desktop", lambda: "Session ID" in self.screen.text())
        return lab, client

    def test_it_tells_what_the_host_is_asked_for_by_its_tools(self):
        lab, _ = self.begin()
        text = self.screen.text()
        session, = [row for row in lab.snapshot()["sessions"] if row.get("user") == "lab01"]
        logon, = [row for row in lab.snapshot()["logon_sessions"] if row.get("user") == "lab01" and row["session_id"] == session["id"]
                  and row["logon_type"] == "RemoteInteractive"]
        self.assertRegex(text, r"(?m)^User +LAB\\lab01$")
        self.assertRegex(text, rf"(?m)^Session ID +{session['id']}$")
        self.assertRegex(text, rf"(?m)^Logon session +{logon['luid']}$")
        self.assertRegex(text, rf"(?m)^Next session ID +{session['id'] + 1}$")
        self.assertRegex(text, r"lsass\.exe \(\d+\), 1 handle, released with the last other one")
        self.assertIn("Nothing is left of sessions that are over.", text)
        first = self.screen.line(6, 800 - 104)
        self.assertRegex(first, r"^\d\d:\d\d:\d\d UTC$")
        self.until("the clock goes on", lambda: self.screen.line(6, 800 - 104) != first)

    def test_log_off_ends_the_session_and_what_a_leaker_keeps_stays_in_sight(self):
        lab, client = self.begin()
        self.grab(lab)  # keeps a token of each logon from now on
        self.screen.click(LOG_OFF)
        client.wait(timeout=120)
        self.until("the session is over", lambda: "lab01" not in lab.show("qwinsta"))
        client = self.connect(lab, self.screen, "lab02")
        self.until("a second desktop", lambda: "LAB\\lab02" in self.screen.text())
        number = int(re.search(r"(?m)^Session ID +(\d+)", self.screen.text())[1])
        self.assertEqual(number, 2)  # the first one was not kept
        self.screen.click(LOG_OFF)
        client.wait(timeout=120)
        self.connect(lab, self.screen, "lab03")
        self.until("a third desktop", lambda: "LAB\\lab03" in self.screen.text())
        self.assertRegex(self.screen.text(), r"(?m)^Session ID +3$")
        self.until("what is left", lambda: re.search(r"LAB\\lab02, logon session [0-9a-f:]{17}, was session 2", self.screen.text()))

    def test_disconnect_leaves_the_session(self):
        lab, client = self.begin()
        self.screen.click(DISCONNECT)
        client.wait(timeout=120)
        self.until("the session is disconnected", lambda: re.search(r"lab01 +2 +Disc", lab.show("qwinsta")))
        self.connect(lab, self.screen)
        self.until("it is shown again", lambda: re.search(r"lab01 +2 +Active", lab.show("qwinsta")) and "Session ID" in self.screen.text())
        self.assertRegex(self.screen.text(), r"(?m)^Session ID +2$")

    def test_clients_of_fewer_colours_see_the_same(self):
        lab, client = self.begin("/bpp:16")
        self.assertRegex(self.screen.text(), r"(?m)^User +LAB\\lab01$")
        client.terminate()
        client.wait()
        self.connect(lab, self.screen, "lab02", "/bpp:24")
        self.until("the other one", lambda: "LAB\\lab02" in self.screen.text())

    def test_a_small_client_sees_its_part(self):
        self.begin("/size:400x300")
        self.assertRegex(self.screen.text(), r"(?m)^Session ID +2$")

    def test_the_driver_does_not_mind_it(self):
        lab = self.lab("--desktop", "--time-scale", "0.0001")
        self.drive(self.scenario(lab, load={"slots": 2, "cycles": 6}), code=None)
        self.assertEqual(self.query("select result, count(*) from cycles group by result"), [("logged-off", 6)])


if __name__ == "__main__":
    tap.main()
