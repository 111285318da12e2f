"""Turns schema.sql into a C array. TIME(column) becomes the ISO 8601 text of that column, under its name."""
import re
import sys

source, target = sys.argv[1:]
sql = "".join(line for line in open(source, encoding="utf-8") if not line.startswith("--"))
sql = re.sub(r"\bTIME\((\w+)\)", r"strftime('%Y-%m-%dT%H:%M:%S', \1 / 1000000, 'unixepoch')"
                                 r" || printf('.%06dZ', \1 % 1000000) AS \1", sql)
with open(target, "w", encoding="utf-8") as out:
    out.write('#include "runfile/database.h"\n\nconst char runfile_schema[] = {')
    out.write(",".join(str(byte) for byte in sql.encode()) + ",0};\n")
