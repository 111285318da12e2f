"""Observer: prints the X sessions of an xrdp that runs in a PID namespace as a snapshot (leaklab.snapshot/1).

Arguments: the process that made the namespace (unshare), and the passwd file that is valid in there.
"""
import datetime
import json
import os
import pathlib
import sys

PROC = pathlib.Path("/proc")
CONNECTED = "03"  # SS_CONNECTED in /proc/net/unix


def processes(namespace):
    for entry in PROC.iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "ns/pid") == namespace:
                yield entry
        except OSError:
            pass  # it has ended


def connected_sockets():
    """Inodes of the sockets on which xrdp speaks to an X server."""
    inodes = set()
    for line in (PROC / "net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if len(fields) == 8 and fields[5] == CONNECTED and "/xrdp_display_" in fields[7]:
            inodes.add(f"socket:[{fields[6]}]")
    return inodes


def links(folder):
    for entry in folder.iterdir():
        try:
            yield os.readlink(entry)
        except OSError:
            pass


def sessions(namespace, users):
    connected = connected_sockets()
    for process in processes(namespace):
        try:
            if pathlib.Path(os.readlink(process / "exe")).name != "Xorg":
                continue
            words = (process / "cmdline").read_bytes().decode().split("\0")
            display = next(word for word in words[1:] if word[:1] == ":" and word[1:].isdigit())
            user = users.get(process.stat().st_uid)
            active = not connected.isdisjoint(links(process / "fd"))
        except (OSError, StopIteration):
            continue  # it is ending, or has not come to be an X server yet
        yield {"id": int(display[1:]), "user": user, "state": "Active" if active else "Disc"}


def main(maker, passwd):
    namespace = os.readlink(PROC / maker / "ns/pid_for_children")
    users = {int(fields[2]): fields[0] for fields in
             (line.split(":") for line in pathlib.Path(passwd).read_text().splitlines())}
    now = datetime.datetime.now(datetime.timezone.utc)
    print(json.dumps({
        "schema": "leaklab.snapshot/1",
        "source": "xrdp-sessions",
        "host": "xrdp",
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sessions": sorted(sessions(namespace, users), key=lambda session: session["id"]),
        "unavailable": [
            {"what": "logon_sessions", "why": "xrdp knows no logon sessions"},
            {"what": "handles", "why": "there are no tokens on Linux"},
            {"what": "processes", "why": "not asked for"},
        ],
    }))


if __name__ == "__main__":
    main(*sys.argv[1:])
