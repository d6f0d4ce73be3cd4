# cython: language_level=3, boundscheck=False, wraparound=False, binding=True
"""The compiled twin of `_head_parts`: the same function, in one pass over the bytes.

Bytes objects end with a NUL that does not count to their size. It is in no class of bytes, so the scans below stop there.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.string cimport memchr, memcmp

__all__ = ["split_head"]

ctypedef const unsigned char *Text

cdef unsigned char IN_TOKEN[256]
cdef unsigned char IN_TARGET[256]
cdef unsigned char IN_NAME[256]
"""The bytes of a host's name that is plain."""

cdef enum Kind:
    OTHER = 0
    HOST = 1
    LENGTH = 2
    CONNECTION = 3
    DECIDING = 4

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


cdef void fill(unsigned char *table, bytes members):
    cdef int byte
    for byte in range(256):
        table[byte] = byte in members


fill(IN_TOKEN, LETTERS + b"!#$%&'*+-.^_`|~")
fill(IN_TARGET, bytes(byte for byte in range(0x21, 0x7f) if byte != 0x23))
fill(IN_NAME, LETTERS + b"-._")


cdef inline bint is_value(Text text, Py_ssize_t size) noexcept nogil:
    """Return True if a field value may consist of these bytes (RFC 9110 §5.5)."""
    cdef unsigned char bad = 0
    cdef Py_ssize_t at
    # Without a way out of the loop, compilers check many bytes at once.
    for at in range(size):
        bad |= ((text[at] < 0x20) & (text[at] != 0x09)) | (text[at] == 0x7f)
    return not bad


cdef inline bint is_word(Text text, const char *word, Py_ssize_t size) noexcept nogil:
    """Return True if a token, or a part of a value, is a word of letters and hyphens (lower case)."""
    cdef Py_ssize_t at
    for at in range(size):
        if text[at] != <unsigned char>word[at] and (word[at] == c"-" or (text[at] | 0x20) != <unsigned char>word[at]):
            return False
    return True


cdef inline Kind kind_of(Text name, Py_ssize_t size) noexcept nogil:
    """Return what the field of a name decides about the reading of a message."""
    if size == 4:
        return HOST if is_word(name, "host", 4) else OTHER
    if size == 14:
        return LENGTH if is_word(name, "content-length", 14) else OTHER
    if size == 10:
        return CONNECTION if is_word(name, "connection", 10) else OTHER
    if (
        (size == 6 and is_word(name, "expect", 6))
        or (size == 7 and is_word(name, "upgrade", 7))
        or (size == 17 and is_word(name, "transfer-encoding", 17))
    ):
        return DECIDING
    return OTHER


cdef bint is_plain_host(Text value) noexcept nogil:
    """Return True if a value, up to its CR, is a name with or without a port, and only spaces behind it."""
    cdef Text digits
    if value[0] == c" ":
        value += 1
    if not IN_NAME[value[0]]:
        return False
    while IN_NAME[value[0]]:
        value += 1
    if value[0] == c":":
        value += 1
        digits = value
        while c"0" <= value[0] <= c"9":
            value += 1
        if value - digits > 5:
            return False
    while value[0] == c" ":
        value += 1
    return value[0] == c"\r"


cdef long long plain_length(Text value) noexcept nogil:
    """Return the number that a value is, up to its CR, with nothing but spaces behind it; -1 where it is none."""
    cdef Text digits
    cdef long long length = 0
    if value[0] == c" ":
        value += 1
    digits = value
    while c"0" <= value[0] <= c"9":
        if value - digits == 18:
            return -1
        length = length * 10 + (value[0] - <unsigned char>c"0")
        value += 1
    if value == digits:
        return -1
    while value[0] == c" ":
        value += 1
    return length if value[0] == c"\r" else -1


cdef dict collect(Text text, Py_ssize_t at, Py_ssize_t end):
    """Return the values of the fields that frame a message, by lower-case name; the lines are valid."""
    cdef dict found = {}
    cdef Py_ssize_t colon, start, stop
    while at < end:
        colon = <Text>memchr(text + at, c":", end - at) - text
        start = colon + 1
        stop = <Text>memchr(text + start, c"\r", end - start) - text
        if kind_of(text + at, colon - at) != OTHER:
            while text[start] == c" " or text[start] == c"\t":
                start += 1
            name, value = <bytes>text[at:colon], <bytes>text[start:stop]
            found.setdefault(name.lower(), []).append(value.rstrip(b" \t"))
        at = stop + 2
    return found


def split_head(bytes data not None, Py_ssize_t start, Py_ssize_t most):
    """Split the head of a request; return its parts, or None where no whole and well-formed head stands."""
    cdef Text text = <Text>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t at = start, method, target, version, fields, name, value, stop
    cdef Py_ssize_t count = 0, hosts = 0, lengths = 0
    cdef long long length = 0
    cdef bint is_plain
    cdef Kind kind
    cdef Text found
    if not 0 <= start <= size:
        raise IndexError("no head stands there")

    # The request-line
    while IN_TOKEN[text[at]]:
        at += 1
    method = at - start
    if not method or text[at] != c" ":
        return None
    at += 1
    target = at
    while IN_TARGET[text[at]]:
        at += 1
    if at == target or text[at] != c" ":
        return None
    version = at + 6
    fields = at + 11
    if fields > size or memcmp(text + at, " HTTP/", 6) or memcmp(text + at + 9, "\r\n", 2):
        return None
    if not (c"0" <= text[version] <= c"9" and text[version + 1] == c"." and c"0" <= text[version + 2] <= c"9"):
        return None
    is_plain = (
        text[target] == c"/"
        and text[version] == c"1"
        and text[version + 2] == c"1"
        and not (method == 7 and not memcmp(text + start, "CONNECT", 7))
    )

    # The field lines
    at = fields
    while text[at] != c"\r":
        name = at
        while IN_TOKEN[text[at]]:
            at += 1
        if at == name or text[at] != c":":
            return None
        value = at + 1
        found = <Text>memchr(text + value, c"\r", size - value)
        if found == NULL or found[1] != c"\n":
            return None
        stop = found - text
        count += 1
        if count > most or not is_value(text + value, stop - value):
            return None
        kind = kind_of(text + name, at - name)
        if kind != OTHER and is_plain:
            if kind == HOST:
                hosts += 1
                is_plain = hosts == 1 and is_plain_host(text + value)
            elif kind == LENGTH:
                lengths += 1
                length = plain_length(text + value)
                is_plain = lengths == 1 and length >= 0
            elif kind == CONNECTION:
                is_plain = stop - value == 11 and text[value] == c" " and is_word(text + value + 1, "keep-alive", 10)
            else:
                is_plain = False
        at = stop + 2
    if text[at + 1] != c"\n":
        return None
    is_plain = is_plain and hosts == 1

    return (
        at + 2,
        decode_method(text + start, method),
        PyUnicode_DecodeASCII(<const char *>text + target, version - 6 - target, NULL),
        b"1.1" if is_plain else <bytes>text[version:version + 3],
        PyBytes_FromStringAndSize(<const char *>text + fields, at - fields),
        length if is_plain else 0,
        None if is_plain else collect(text, fields, at),
    )


cdef str decode_method(Text text, Py_ssize_t size):
    """Return the method; those of nearly all requests always as the same object."""
    if size == 3 and not memcmp(text, "GET", 3):
        return "GET"
    if size == 4 and not memcmp(text, "POST", 4):
        return "POST"
    return PyUnicode_DecodeASCII(<const char *>text, size, NULL)
