#!/usr/bin/env python3
"""Symbol paths against folders, stores, and a symbol server on loopback that can be slow, break off, or lie."""
import http.server
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "e2e")]
import pack
import tap

BUILD = pathlib.Path(os.environ.get("LEAKLAB_BUILD", "build"))
GUID = "0403020106050807090A0B0C0D0E0F10"
NAME = "ntkrnlmp.pdb"


def pdb(guid=bytes(range(1, 17)), age=3, size=200):
    """A PDB with an identity and nothing else: info stream, empty types, DBI header; then filling."""
    block = 512
    info = (20000404).to_bytes(4, "little") + bytes(4) + (1).to_bytes(4, "little") + guid
    dbi = b"\xff\xff\xff\xff" + (19990903).to_bytes(4, "little") + age.to_bytes(4, "little") + bytes(8) + b"\xff\xff"
    dbi = dbi.ljust(64, b"\0")
    numbers = [4, 0, len(info), 0, len(dbi), 5, 6]
    directory = b"".join(number.to_bytes(4, "little") for number in numbers)
    head = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + b"".join(
        number.to_bytes(4, "little") for number in (block, 1, size, len(directory), 0, 3))
    map_ = (4).to_bytes(4, "little")
    return b"".join(part.ljust(block, b"\0") for part in (head, b"", b"", map_, directory, info, dbi)) + \
        bytes(block * (size - 7))


def msfz():
    """pdb() in the other container"""
    return pack.msfz(pack.streams_of(pdb()))


def cabinet(data, packed=True):
    return pack.cabinet(NAME, data, packed)


class Server(http.server.BaseHTTPRequestHandler):
    files, log = {}, []
    break_after, no_ranges, hang, status = 0, False, False, 200
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        cls = type(self)
        cls.log.append((self.command, self.path, self.headers.get("Range")))
        if cls.hang:
            cls.released.wait(20)
            self.close_connection = True
            return
        if cls.redirect:
            self.send_response(302)
            self.send_header("Location", cls.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = cls.files.get(self.path)
        if data is None or cls.status != 200:
            self.send_response(404 if cls.status == 200 else cls.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        if self.headers.get("Range") and not cls.no_ranges:
            start = int(re.match(r"bytes=(\d+)-", self.headers["Range"])[1])
            if start >= len(data):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if not body:
            return
        if cls.break_after:
            self.wfile.write(data[start:start + cls.break_after])
            self.close_connection = True
        else:
            self.wfile.write(data[start:])

    def log_message(self, *_):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away in the middle is part of these tests."""


class Symbols(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.store_path = f"{NAME}/{GUID}3/{NAME}"

    def environment(self):
        return {**os.environ, "HOME": str(self.folder / "home"), "XDG_CACHE_HOME": "", "no_proxy": "*"}

    def find(self, path, name=NAME, identity=GUID + "3", stop_after=0, code=0):
        done = subprocess.run([BUILD / "leaklab-symbol-find", path, name, identity, str(stop_after)],
                              capture_output=True, text=True, timeout=60, env=self.environment())
        self.assertEqual(done.returncode, code, done.stderr)
        self.progress = [line.split()[2:] for line in done.stderr.splitlines() if line.startswith("progress")]
        errors = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("progress"))
        return done.stdout.strip() if code == 0 else errors

    def put(self, path, data=None):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pdb() if data is None else data)
        return file


class Local(Symbols):
    def test_folder(self):
        """a folder has the PDB itself, or is a store"""
        for place in (NAME, self.store_path, self.store_path.lower()):
            with self.subTest(place):
                file = self.put("a/" + place)
                self.assertEqual(self.find(f"/nonexistent; {self.folder}/a ;"), str(file))
                self.assertEqual(self.find(f"file://{self.folder}/a/"), str(file))
                file.unlink()

    def test_two_tier_store(self):
        """a store with index2.txt has the name's first two letters in front"""
        self.put("store/index2.txt", b"")
        file = self.put(f"store/nt/{self.store_path}")
        for path in (f"srv*{self.folder}/store", f"srv*/nonexistent*{self.folder}/store",
                     f"SYMSRV*symsrv.dll*{self.folder}/store", f"cache*{self.folder}/store"):
            self.assertEqual(self.find(path), str(file))

    def test_packed(self):
        """a store's other forms are read as they are: in a cabinet, and packed for clients that ask for MSFZ"""
        stored = {"a cabinet": (self.store_path[:-1] + "_", cabinet(pdb())), "a stored one": (self.store_path[:-1] + "_", cabinet(pdb(), packed=False)),
                  "MSFZ in its folder": (f"{NAME}/{GUID}3/msfz0/{NAME}", msfz()), "MSFZ": (self.store_path, msfz()),
                  "MSFZ in a cabinet": (self.store_path[:-1] + "_", cabinet(msfz())), "in a plain folder": (NAME[:-1] + "_", cabinet(pdb()))}
        for what, (place, data) in stored.items():
            with self.subTest(what):
                file = self.put("b/" + place, data)
                self.assertEqual(self.find(f"{self.folder}/b"), str(file))
                file.unlink()

    def test_a_damaged_form_hides_no_good_one(self):
        self.put(f"c/{self.store_path}", pdb()[:1000])
        file = self.put(f"c/{self.store_path[:-1]}_", cabinet(pdb()))
        self.assertEqual(self.find(f"srv*{self.folder}/c"), str(file))
        self.put(f"c/{self.store_path[:-1]}_", cabinet(pdb())[:200])
        self.assertIn("cut off: it has 1000 of ", self.find(f"srv*{self.folder}/c", code=4))
        self.assertIn("cut off: it has 1000 of ", self.find(f"{self.folder}/c", code=4))

    def test_what_is_wrong_is_said(self):
        """each place is named with the reason why it has not got the PDB"""
        self.put(f"other/{NAME}", pdb(age=4))
        self.put(f"damaged/{self.store_path}", b"Microsoft C/C++ MSF 7.00")
        self.put(f"packed/{self.store_path[:-1]}_", b"MSCF")
        self.put(f"pointer/{NAME}/{GUID}3/file.ptr", b"MSG:")
        text = self.find(f"{self.folder}/other;srv*{self.folder}/damaged;srv*{self.folder}/packed;"
                         f"srv*{self.folder}/pointer;/nonexistent;C:\\symbols", code=4)
        for part in (f"{self.store_path} was not found", f"{self.folder}/other: ", f"of another build ({GUID}4)",
                     "damaged: ", "cabextract", "file.ptr", "/nonexistent: there is no such folder", "a Windows path"):
            self.assertIn(part, text)
        self.assertIn("no symbol path is set; give --symbols", self.find("", code=4))

    def test_names_from_dumps(self):
        """a name that is no bare .pdb file name is not looked for"""
        secret = self.put("secret.pdb")
        self.put("store/x")
        for name in ("../secret.pdb", "..", "", ".pdb", "/etc/passwd", "a/b.pdb", "a\\b.pdb", "c:b.pdb", "ntoskrnl.exe",
                     "a\nb.pdb", "a%2fb.pdb", "a" * 200 + ".pdb", "\x1b[31m.pdb", ".hidden.pdb"):
            with self.subTest(name):
                self.assertIn("is not looked for", self.find(f"{self.folder}/store", name=name, code=2))
        self.assertTrue(secret.exists())

    def test_bad_syntax(self):
        """a path that makes no sense is refused, naming the part"""
        for path, why in (("srv*", "without a store"), ("symsrv*symsrv.dll", "without a store"),
                          ("ftp://a/b", '"ftp://"'), ("srv*c*ftp://a/b", '"ftp://"'), ("magic*x", '"magic*"'),
                          ("file://host/x", "three slashes")):
            with self.subTest(path):
                text = self.find(path, code=2)
                self.assertIn(why, text)
                self.assertIn("--symbols: ", text)


class Download(Symbols):
    def setUp(self):
        super().setUp()
        self.server = type("OneServer", (Server,),
                           {"files": {}, "log": [], "redirect": None, "released": threading.Event()})
        httpd = QuietServer(("127.0.0.1", 0), self.server)
        thread = threading.Thread(target=httpd.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(httpd.server_close)
        self.addCleanup(httpd.shutdown)
        self.addCleanup(self.server.released.set)
        self.url = f"http://127.0.0.1:{httpd.server_address[1]}/symbols"
        self.cache = self.folder / "cache"
        self.path = f"srv*{self.cache}*{self.url}"
        self.file = self.cache / self.store_path

    def serve(self, data, path=None):
        self.server.files[f"/symbols/{path or self.store_path}"] = data

    def test_fetched_once(self):
        """a PDB is fetched into the cache in the standard layout, with progress, and only once"""
        self.serve(pdb(size=20000))
        self.assertEqual(self.find(self.path), str(self.file))
        self.assertEqual(self.file.read_bytes(), pdb(size=20000))
        self.assertEqual(self.progress[-1], [str(20000 * 512)] * 2)
        self.assertEqual([file.name for file in self.file.parent.iterdir()], [NAME])
        self.assertEqual(self.find(self.path), str(self.file))
        self.assertEqual([entry[:2] for entry in self.server.log], [("GET", f"/symbols/{self.store_path}")])

    def test_caches(self):
        """without a cache in the element, that of cache* or the user's is used"""
        self.serve(pdb())
        self.assertEqual(self.find(f"cache*{self.folder}/mine;{self.url}"), f"{self.folder}/mine/{self.store_path}")
        home = f"{self.folder}/home/.cache/leaklab/symbols/{self.store_path}"
        for path in (f"srv*{self.url}", f"srv**{self.url}/", self.url):
            self.assertEqual(self.find(path), home)
        self.assertEqual(len(self.server.log), 2)

    def test_resumed(self):
        """what came before a stop is not fetched again"""
        self.serve(pdb(size=20000))
        text = self.find(self.path, stop_after=100000, code=4)
        self.assertIn("the rest comes next time", text)
        part = self.file.with_name(NAME + ".part")
        before = part.stat().st_size
        self.assertGreater(before, 0)
        self.assertEqual(self.find(self.path), str(self.file))
        self.assertEqual(self.server.log[-1][2], f"bytes={before}-")
        self.assertEqual(self.file.read_bytes(), pdb(size=20000))

    def test_connection_breaks(self):
        """a connection that breaks is taken up again"""
        self.serve(pdb(size=100))
        self.server.break_after = 20000
        self.assertEqual(self.find(self.path), str(self.file))
        self.assertEqual([entry[2] for entry in self.server.log], [None, "bytes=20000-", "bytes=40000-"])
        self.assertEqual(self.file.read_bytes(), pdb(size=100))

    def test_no_ranges(self):
        """a server without ranges sends everything again"""
        self.serve(pdb(size=100))
        self.server.no_ranges = True
        self.put(f"cache/{self.store_path}.part", pdb(size=100)[:700])
        self.assertEqual(self.find(self.path), str(self.file))
        self.assertEqual(self.file.read_bytes(), pdb(size=100))

    def test_stale_part(self):
        """a partial file of other content, or already too long, does not spoil the PDB"""
        self.serve(pdb(size=100))
        for stale in (b"x" * 700, b"x" * 100000, pdb(size=100)):
            part = self.put(f"cache/{self.store_path}.part", stale)
            self.assertEqual(self.find(self.path), str(self.file))
            self.assertEqual(self.file.read_bytes(), pdb(size=100))
            self.assertFalse(part.exists())
            self.file.unlink()

    def test_missing(self):
        """a server that has no such file is named"""
        text = self.find(self.path, code=4)
        self.assertIn(f"{self.url}: the server answers 404 (it has no such file)", text)
        self.assertIn(f"{self.cache}: ", text)
        self.assertFalse(self.file.parent.exists() and list(self.file.parent.iterdir()))

    def test_packed_on_the_server(self):
        """a server that has the PDB only in a cabinet: it is fetched, kept as it is, and found there the next time"""
        self.serve(b"MSCF", self.store_path[:-1] + "_")
        self.assertIn("cannot be unpacked", self.find(self.path, code=4))
        self.serve(cabinet(pdb()), self.store_path[:-1] + "_")
        packed = self.file.with_name(NAME[:-1] + "_")
        self.assertEqual(self.find(self.path), str(packed))
        asked = len(Server.log)
        self.assertEqual(self.find(self.path), str(packed))
        self.assertEqual(len(Server.log), asked)

    def test_two_tier_server(self):
        """a server with index2.txt is asked for the two-tier path too"""
        self.serve(b"", "index2.txt")
        self.serve(pdb(), "nt/" + self.store_path)
        self.assertEqual(self.find(self.path), str(self.file))

    def test_wrong_content(self):
        """an error page or another build never gets into the cache"""
        for data, why in ((b"<html>Please log in</html>", "a web page"), (pdb(age=9), "another build"),
                          (pdb()[:-100], "cut off"), (b"", "empty")):
            with self.subTest(why):
                self.serve(data)
                self.assertIn(why, self.find(self.path, code=4))
                self.assertFalse(self.file.exists())

    def test_server_failures(self):
        """refused, failing and silent servers are told apart, in time"""
        self.server.status = 503
        self.assertIn("the server answers 503", self.find(self.path, code=4))
        self.server.status = 200
        self.server.hang = True
        self.assertRegex(self.find(self.path, code=4), "(?i)time|slow")
        self.assertRegex(self.find(f"srv*{self.cache}*http://127.0.0.1:1/", code=4), "(?i)connect")

    def test_redirections(self):
        """a redirection to anything but http and https is not followed"""
        self.put("secret", b"secret")
        self.server.redirect = f"file://{self.folder}/secret"
        self.assertRegex(self.find(self.path, code=4), "(?i)protocol")
        self.assertFalse(self.file.exists())

    def test_secrets(self):
        """user name, password and signature of a URL are not shown"""
        secret = self.path.replace("http://", "http://joe:hunter2@") + "?sig=hunter3"
        self.assertNotRegex(self.find(secret, code=4), "hunter")
        self.environment = lambda: {**os.environ, "HOME": "", "XDG_CACHE_HOME": ""}
        told = self.find("http://joe:hunter2@localhost/x?sig=hunter3", code=2)
        self.assertIn("no cache folder for http://localhost/x?...", told)

    def test_unwritable_cache(self):
        """a cache that cannot be made is named"""
        self.serve(pdb())
        self.put("file", b"")
        self.assertIn(f"{self.folder}/file/", self.find(f"srv*{self.folder}/file/sub*{self.url}", code=4))


if __name__ == "__main__":
    tap.main()
