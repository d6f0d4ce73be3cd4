"""Masking (RFC 6455 §5.3): XOR of a payload with four bytes that repeat.

`_speedups.pyx` is the compiled twin of this module, and `_accel` selects one of them. This one is the reference, and is
used where nothing was compiled. Python has no XOR of byte strings. There are two ways to compute it; which one is
faster depends on the length (CPython 3.11: 64 bytes take 0.4 µs the first way and 1.3 µs the second, 16 KiB take 31
and 15):

* as one big integer: a few calls, but each of them processes the bytes slowly;
* as four stripes, each with one constant: more calls, but `translate` and strided slices process the bytes fast.
"""

__all__ = ["apply_mask", "unmask"]

_STRIPES_FROM = 384
_XOR_TABLES = tuple(bytes(byte ^ key for byte in range(256)) for key in range(256))
# By so many four-byte words: a factor that repeats a word, 1 + 2^32 + 2^64 …
_REPEATS = tuple(sum(1 << 32 * word for word in range(count)) for count in range(_STRIPES_FROM // 4 + 2))
_as_int = int.from_bytes


def apply_mask(data: bytes, mask: bytes) -> bytes:
    """Return `data` masked, or unmasked, which is the same operation; `mask` is four bytes."""
    size = len(data)
    if size < _STRIPES_FROM:
        return (_as_int(data) ^ _as_int((mask * (size // 4 + 1))[:size])).to_bytes(size)
    out = bytearray(data)
    first, second, third, fourth = mask
    out[0::4] = out[0::4].translate(_XOR_TABLES[first])
    out[1::4] = out[1::4].translate(_XOR_TABLES[second])
    out[2::4] = out[2::4].translate(_XOR_TABLES[third])
    out[3::4] = out[3::4].translate(_XOR_TABLES[fourth])
    return bytes(out)


def unmask(data: bytes, start: int, stop: int) -> bytes:
    """Return `data[start:stop]` unmasked; the four bytes before `start` are the mask, as in a frame."""
    size = stop - start
    if size < _STRIPES_FROM:
        # Mask and payload are read as one number. Its lowest word is the mask; XOR makes that zero, and it is cut off.
        words = (size + 7) >> 2
        number = _as_int(data[start - 4 : stop], "little")
        number ^= (number & 0xFFFFFFFF) * _REPEATS[words]
        return number.to_bytes(4 * words, "little")[4 : 4 + size]
    return apply_mask(data[start:stop], data[start - 4 : start])
