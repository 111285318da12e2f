"""Turns files into C arrays: embed.py OUTPUT TYPE SYMBOL FILE... makes `const TYPE SYMBOL[]`, which ends with a zero, and
SYMBOL_size without it; a FILE of "-" is none."""
import sys

target, kind, pairs = sys.argv[1], sys.argv[2], sys.argv[3:]
with open(target, "w", encoding="ascii") as out:
    out.write("#include <stddef.h>\n")
    for symbol, source in zip(pairs[::2], pairs[1::2]):
        data = b"" if source == "-" else open(source, "rb").read()
        if source.endswith((".css", ".js")) and (b"<!--" in data or b"</script" in data.lower() or b"</style" in data.lower()):
            sys.exit(f"{source}: would end the element of a page that it is put into")
        out.write(f"extern const {kind} {symbol}[];\nextern const size_t {symbol}_size;\n"
                  f"const {kind} {symbol}[] = {{" + ",".join(map(str, data + b"\0")) + "};\n"
                  f"const size_t {symbol}_size = {len(data)};\n")
