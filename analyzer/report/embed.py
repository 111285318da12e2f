"""Turns files into C arrays: embed.py OUTPUT SYMBOL FILE... makes SYMBOL[] and SYMBOL_size; a FILE of "-" is none."""
import sys

target, pairs = sys.argv[1], sys.argv[2:]
with open(target, "w", encoding="ascii") as out:
    out.write('#include "report/page.h"\n')
    for symbol, source in zip(pairs[::2], pairs[1::2]):
        data = b"" if source == "-" else open(source, "rb").read()
        if b"</script" in data.lower() or b"<!--" in data or b"</style" in data.lower():
            sys.exit(f"{source}: would end the element that it is put into")
        out.write(f"const char {symbol}[] = {{" + ",".join(map(str, data + b"\0")) + "};\n"
                  f"const size_t {symbol}_size = {len(data)};\n")
