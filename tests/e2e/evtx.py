"""Windows event logs (.evtx) from a description: one chunk, elements written out, no templates.

The format: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc"""
import struct
import xml.etree.ElementTree
import zlib

CHUNK, HEADER = 65536, 4096


def name(text, at):
    """A name that stands where it is used: its own place, no next one, a hash, the text."""
    value = 0
    for character in text:
        value = (value * 65599 + ord(character)) & 0xffffffff
    return struct.pack("<IIHH", at + 4, 0, value & 0xffff, len(text)) + text.encode("utf-16le") + b"\0\0"


def string(text):
    return b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16le")


def element(node, at):
    """An element at a place in its chunk."""
    out = (b"\x41" if node.attrib else b"\x01") + struct.pack("<HI", 0xffff, 0)
    out += name(node.tag, at + len(out))
    if node.attrib:
        place = len(out)
        out += struct.pack("<I", 0)
        for number, (key, value) in enumerate(node.attrib.items(), 1):
            out += b"\x46" if number < len(node.attrib) else b"\x06"
            out += name(key, at + len(out)) + string(value)
        out = out[:place] + struct.pack("<I", len(out) - place - 4) + out[place + 4:]
    out += b"\x02" + (string(node.text) if node.text and node.text.strip() else b"")
    for child in node:
        out += element(child, at + len(out))
    out += b"\x04"
    return out[:3] + struct.pack("<I", len(out) - 7) + out[7:]


def record(text, number, at):
    body = b"\x0f\x01\x01\x00" + element(xml.etree.ElementTree.fromstring(text), at + 28) + b"\x00"
    size = 24 + len(body) + 4
    size += -size % 8
    return (struct.pack("<4sIQQ", b"**\0\0", size, number, 0) + body).ljust(size - 4, b"\0") + struct.pack("<I", size)


def log(texts, missing=None):
    """The bytes of a log with these events, each <Event> without namespaces; of one of them the number alone is left."""
    records, last = b"", 0
    for number, text in enumerate(texts, 1):
        if number - 1 == missing:
            continue
        last = 512 + len(records)
        records += record(text, number, last)
    free = 512 + len(records)
    head = struct.pack("<8sQQQQIIII64sI", b"ElfChnk\0", 1, len(texts), 1, len(texts), 128, last, free, zlib.crc32(records), b"", 0)
    tables = bytes(384)
    chunk = (head + struct.pack("<I", zlib.crc32(head[:120] + tables)) + tables + records).ljust(CHUNK, b"\0")
    assert len(chunk) == CHUNK, "too many events for one chunk"
    start = struct.pack("<8sQQQIHHHH76s", b"ElfFile\0", 0, 0, len(texts) + 1, 128, 1, 3, HEADER, 1, b"")
    return (start + struct.pack("<II", 0, zlib.crc32(start))).ljust(HEADER, b"\0") + chunk
