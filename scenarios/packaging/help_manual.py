"""Prints a manual in which each line `HELP ARGUMENT...` is what PROGRAM ARGUMENT... prints: `help_manual.py MANUAL PROGRAM`."""
import os
import pathlib
import subprocess
import sys

manual, program = sys.argv[1:]
for line in pathlib.Path(manual).read_text().splitlines():
    if line.startswith("HELP "):
        text = subprocess.run([program, *line.split()[1:]], check=True, capture_output=True, text=True,
                              env={**os.environ, "ARGP_HELP_FMT": "no-dup-args-note"}).stdout
        print("```\n" + text.replace("\\", "\\\\").rstrip() + "\n```")
    else:
        print(line)
