"""The hash by which a SAM file knows a password. OpenSSL 3 hides MD4, and a password is nothing for an argument."""
import struct

MASK = 0xFFFFFFFF
# (function, constant, order of the words, rotations) of the three rounds: RFC 1320, 3.4
ROUNDS = (
    (lambda x, y, z: (x & y) | (~x & z), 0, range(16), (3, 7, 11, 19)),
    (lambda x, y, z: (x & y) | (x & z) | (y & z), 0x5A827999,
     (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1,
     (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)


def rotate(value, by):
    value &= MASK
    return (value << by | value >> (32 - by)) & MASK


def md4(data):
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    for start in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[start:start + 64])
        a, b, c, d = state
        for function, constant, order, rotations in ROUNDS:
            for step, word in enumerate(order):
                total = a + (function(b, c, d) & MASK) + words[word] + constant
                a, b, c, d = d, rotate(total, rotations[step % 4]), b, c
        state = [(old + new) & MASK for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def nt_hash(password):
    return md4(password.encode("utf-16-le")).hex()
