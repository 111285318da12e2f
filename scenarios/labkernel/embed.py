"""Turns a file into a C array: embed.py SYMBOL INPUT OUTPUT makes SYMBOL[] and SYMBOL_size."""
import sys

symbol, source, target = sys.argv[1:]
data = open(source, "rb").read()
with open(target, "w", encoding="ascii") as out:
    out.write(f"#include <stddef.h>\n\nextern const unsigned char {symbol}[];\nextern const size_t {symbol}_size;\n"
              f"const unsigned char {symbol}[] = {{")
    out.write(",".join(map(str, data)))
    out.write(f"}};\nconst size_t {symbol}_size = {len(data)};\n")
