"""Masking (RFC 6455 §5.3): XOR of a payload with four bytes that repeat.

A leaf kernel: bytes in, bytes out. Python has no XOR of byte strings, so there are two ways round it, and
which one is the faster depends on the length (CPython 3.11, 16 KiB: 30 µs the first way, 16 µs the second;
64 bytes: 0.5 and 1.3 µs):

* as one big integer: a few fixed calls, but each of them walks the bytes slowly;
* as four stripes, each with one constant: more calls, but `bytes.translate` and strided slices walk fast.
"""

__all__ = ["apply_mask"]

_STRIPES_FROM = 1024
_XOR_TABLES = tuple(bytes(byte ^ key for byte in range(256)) for key in range(256))


def apply_mask(data: bytes, mask: bytes) -> bytes:
    """Give `data` masked, or unmasked, which is the same; `mask` is four bytes."""
    size = len(data)
    if size >= _STRIPES_FROM:
        out = bytearray(size)
        out[0::4] = data[0::4].translate(_XOR_TABLES[mask[0]])
        out[1::4] = data[1::4].translate(_XOR_TABLES[mask[1]])
        out[2::4] = data[2::4].translate(_XOR_TABLES[mask[2]])
        out[3::4] = data[3::4].translate(_XOR_TABLES[mask[3]])
        return bytes(out)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")
