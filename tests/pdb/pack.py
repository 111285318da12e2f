"""PDBs as symbol stores keep them: in cabinets ([MS-CAB]), and as MSFZ (version 0, raw deflate)."""
import struct
import zlib


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def cabinet(name, data, packed=True):
    """one folder, one file; blocks of 32 KiB, MSZIP or stored, without check sums"""
    blocks, pieces = b"", [data[at:at + 32768] for at in range(0, len(data), 32768)]
    for piece in pieces:
        kept = b"CK" + deflate(piece) if packed else piece
        blocks += struct.pack("<IHH", 0, len(kept), len(piece)) + kept
    file = struct.pack("<IIHHHH", len(data), 0, 0, 0, 0, 0x20) + name.encode() + b"\0"
    head = 36 + 8
    return struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, head + len(file) + len(blocks), 0, head, 0, 3, 1, 1, 1, 0, 0, 0) + \
        struct.pack("<IHH", head + len(file), len(pieces), int(packed)) + file + blocks


def streams_of(pdb):
    """of an MSF file; None: the stream is not there"""
    size, = struct.unpack_from("<I", pdb, 0x20)
    length, = struct.unpack_from("<I", pdb, 0x2c)
    place, = struct.unpack_from("<I", pdb, 0x34)

    def gather(numbers, count):
        return b"".join(pdb[number * size:(number + 1) * size] for number in numbers)[:count]

    def blocks(count):
        return -(-count // size)

    directory = gather(struct.unpack_from(f"<{blocks(length)}I", pdb, place * size), length)
    words = struct.unpack(f"<{length // 4}I", directory[:length // 4 * 4])
    at, streams = 1 + words[0], []
    for count in words[1:1 + words[0]]:
        if count == 0xffffffff:
            streams.append(None)
            continue
        streams.append(gather(words[at:at + blocks(count)], count))
        at += blocks(count)
    return streams


def msfz(streams, chunk_size=65536):
    """all streams in chunks, which end where they end"""
    space, directory = b"", b""
    for stream in streams:
        if stream:
            directory += struct.pack("<III", len(stream), len(space) % chunk_size, len(space) // chunk_size | 1 << 31)
            space += stream
        directory += b"\xff\xff\xff\xff" if stream is None else bytes(4)
    pieces = [space[at:at + chunk_size] for at in range(0, len(space), chunk_size)]
    packed = [deflate(piece) for piece in pieces]
    at, table = 80 + len(directory) + 20 * len(pieces), b""
    for piece, kept in zip(pieces, packed):
        table += struct.pack("<QIII", at, 2, len(kept), len(piece))
        at += len(kept)
    return b"Microsoft MSFZ Container\r\n\x1aALD\0\0" + \
        struct.pack("<QQQIIIIII", 0, 80, 80 + len(directory), len(streams), 0, len(directory), len(directory), len(pieces), len(table)) + \
        directory + table + b"".join(packed)
