# cython: language_level=3, boundscheck=False, wraparound=False, binding=True
"""The compiled twin of `_head_parts` and `_field_lines`: the same functions, in one pass over the bytes.

Bytes objects end with a NUL that does not count to their size. It is in no class of bytes, so the scans below stop there.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.string cimport memchr, memcmp, memcpy

from muntin.http_core import _field_lines

__all__ = ["cut_lines", "decode_lines", "find_all", "find_each", "join_lines", "split_head"]

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    const unsigned char *PyUnicode_1BYTE_DATA(object text)

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
    """Return True if these bytes are a word (lower case), in any case."""
    cdef Py_ssize_t at
    cdef unsigned char letter
    for at in range(size):
        letter = <unsigned char>word[at]
        if text[at] != letter and not (c"a" <= letter <= c"z" and (text[at] | 0x20) == letter):
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


cdef struct Line:
    # Positions in a section of field lines.
    Py_ssize_t name, colon, value, end, after


cdef bint find_line(Text text, Py_ssize_t at, Py_ssize_t size, Line *line) noexcept nogil:
    """Find the parts of the line at a position; return False where none stands."""
    cdef Text found
    if at >= size:
        return False
    found = <Text>memchr(text + at, c":", size - at)
    if found == NULL:
        return False
    line.name = at
    line.colon = found - text
    line.value = line.colon + 1
    found = <Text>memchr(text + line.value, c"\r", size - line.value)
    if found == NULL:
        return False
    line.end = found - text
    line.after = line.end + 2
    while text[line.value] == c" " or text[line.value] == c"\t":
        line.value += 1
    while line.end > line.value and (text[line.end - 1] == c" " or text[line.end - 1] == c"\t"):
        line.end -= 1
    return True


def cut_lines(bytes section not None) -> list:
    """Return names and values of all lines, in order."""
    cdef Text text = <Text>PyBytes_AS_STRING(section)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(section), at = 0
    cdef Line line
    cdef list lines = []
    while find_line(text, at, size, &line):
        lines.append((<bytes>text[line.name:line.colon], <bytes>text[line.value:line.end]))
        at = line.after
    return lines


def decode_lines(bytes section not None) -> list:
    """Return names and values of all lines as text: UTF-8, and other bytes as surrogates, which encode back to them."""
    cdef Text text = <Text>PyBytes_AS_STRING(section)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(section), at = 0
    cdef Line line
    cdef list lines = []
    while find_line(text, at, size, &line):
        lines.append(
            (
                PyUnicode_DecodeUTF8(<const char *>text + line.name, line.colon - line.name, "surrogateescape"),
                PyUnicode_DecodeUTF8(<const char *>text + line.value, line.end - line.value, "surrogateescape"),
            )
        )
        at = line.after
    return lines


cdef inline bint has_name(Text text, const Line *line, bytes name):
    cdef Py_ssize_t size = PyBytes_GET_SIZE(name)
    return line.colon - line.name == size and is_word(text + line.name, PyBytes_AS_STRING(name), size)


def find_all(bytes section not None, bytes name not None) -> list:
    """Return the values of every line of a name (lower case), in order; no other line is taken apart."""
    cdef Text text = <Text>PyBytes_AS_STRING(section)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(section), at = 0
    cdef Line line
    cdef list values = []
    while find_line(text, at, size, &line):
        if has_name(text, &line, name):
            values.append(<bytes>text[line.value:line.end])
        at = line.after
    return values


def find_each(bytes section not None, tuple names not None) -> list:
    """Return the first value of each of several names (lower case), or None for one that is missing."""
    return [find_first(section, name) for name in names]


cdef object find_first(bytes section, bytes name):
    cdef Text text = <Text>PyBytes_AS_STRING(section)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(section), at = 0
    cdef Line line
    while find_line(text, at, size, &line):
        if has_name(text, &line, name):
            return <bytes>text[line.value:line.end]
        at = line.after
    return None


cdef dict collect(Text text, Py_ssize_t at, Py_ssize_t end):
    """Return the values of the fields that frame a message, by lower-case name."""
    cdef dict found = {}
    cdef Line line
    while find_line(text, at, end, &line):
        if kind_of(text + line.name, line.colon - line.name) != OTHER:
            name = (<bytes>text[line.name:line.colon]).lower()
            found.setdefault(name, []).append(<bytes>text[line.value:line.end])
        at = line.after
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


cdef bint belongs_to_engine(Text name, Py_ssize_t size) noexcept nogil:
    """Return True if the engine itself writes the field, since it frames or dates the message."""
    return (
        (size == 4 and is_word(name, "date", 4))
        or (size == 7 and is_word(name, "trailer", 7))
        or (size == 10 and is_word(name, "connection", 10))
        or (size == 14 and is_word(name, "content-length", 14))
        or (size == 17 and is_word(name, "transfer-encoding", 17))
    )


cdef Py_ssize_t measure_line(object line):
    """Return the length of a line that is sent as it is; -1 where it is not plain: ASCII, valid, and not the engine's."""
    cdef Text name, value
    cdef Py_ssize_t name_size, value_size, at
    if type(line) is not tuple or len(<tuple>line) != 2:
        return -1
    if type((<tuple>line)[0]) is not str or type((<tuple>line)[1]) is not str:
        return -1
    if not PyUnicode_IS_ASCII((<tuple>line)[0]) or not PyUnicode_IS_ASCII((<tuple>line)[1]):
        return -1
    name, name_size = PyUnicode_1BYTE_DATA((<tuple>line)[0]), PyUnicode_GET_LENGTH((<tuple>line)[0])
    value, value_size = PyUnicode_1BYTE_DATA((<tuple>line)[1]), PyUnicode_GET_LENGTH((<tuple>line)[1])
    for at in range(name_size):
        if not IN_TOKEN[name[at]]:
            return -1
    if not name_size or belongs_to_engine(name, name_size) or not is_value(value, value_size):
        return -1
    return name_size + value_size + 4


def join_lines(fields) -> bytes | None:
    """Join lines in a list or tuple; return None unless all are valid text, and none frames or dates the message."""
    cdef Py_ssize_t total = 0, size
    cdef char *to
    cdef bytes joined
    cdef tuple lines
    if type(fields) is not list and type(fields) is not tuple:
        return None
    # Nobody can change a tuple between the measuring and the copying.
    lines = tuple(fields)
    for line in lines:
        size = measure_line(line)
        if size < 0:
            # Text beyond ASCII, and what is refused.
            return _field_lines.join_lines(fields)
        total += size
    joined = PyBytes_FromStringAndSize(NULL, total)
    to = PyBytes_AS_STRING(joined)
    for name, value in lines:
        to = put(to, name)
        memcpy(to, ": ", 2)
        to = put(to + 2, value)
        memcpy(to, "\r\n", 2)
        to += 2
    return joined


cdef inline char *put(char *to, str text):
    """Copy ASCII text; return the position behind it."""
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    memcpy(to, PyUnicode_1BYTE_DATA(text), size)
    return to + size
