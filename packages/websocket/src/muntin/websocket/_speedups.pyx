# cython: language_level=3, boundscheck=False, wraparound=False, binding=True
"""The compiled twin of `_mask` and `_whole_frames`: the same functions, a word at a time and a read at a time."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject, PyTypeObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from muntin.websocket.codes import WSMsgType
from muntin.websocket.events import WSMessage

__all__ = ["apply_mask", "format_frame", "take_messages", "unmask"]

cdef object MESSAGE = WSMessage
cdef object TEXT_TYPE = WSMsgType.TEXT
cdef object BINARY_TYPE = WSMsgType.BINARY

cdef enum:
    TEXT = 0x81
    BINARY = 0x82
    MASKED = 0x80
    LENGTH = 0x7F
    IN_TWO_BYTES = 126
    IN_EIGHT_BYTES = 127
    BATCH = 1024


cdef void xor(const char *source, char *target, Py_ssize_t size, const char *mask) noexcept nogil:
    cdef uint64_t key, word
    cdef Py_ssize_t position = 0
    # memcpy reads and writes words at any alignment; compilers make single instructions of it.
    memcpy(<char *>&key, mask, 4)
    memcpy(<char *>&key + 4, mask, 4)
    while position + 8 <= size:
        memcpy(&word, source + position, 8)
        word ^= key
        memcpy(target + position, &word, 8)
        position += 8
    while position < size:
        target[position] = source[position] ^ mask[position & 3]
        position += 1


def apply_mask(data, bytes mask not None) -> bytes:
    """Return `data` masked, or unmasked, which is the same operation; `mask` is four bytes."""
    cdef bytes source = data if type(data) is bytes else bytes(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(source)
    if PyBytes_GET_SIZE(mask) != 4:
        raise ValueError("a mask is four bytes")
    cdef bytes target = PyBytes_FromStringAndSize(NULL, size)
    xor(PyBytes_AS_STRING(source), PyBytes_AS_STRING(target), size, PyBytes_AS_STRING(mask))
    return target


def unmask(bytes data not None, Py_ssize_t start, Py_ssize_t stop) -> bytes:
    """Return `data[start:stop]` unmasked; the four bytes before `start` are the mask, as in a frame."""
    if not 4 <= start <= stop <= PyBytes_GET_SIZE(data):
        raise IndexError("no masked payload stands there")
    cdef bytes target = PyBytes_FromStringAndSize(NULL, stop - start)
    cdef const char *source = PyBytes_AS_STRING(data) + start
    xor(source, PyBytes_AS_STRING(target), stop - start, source - 4)
    return target


# `tuple.__new__` as it is in C: it makes a named tuple without a call of a Python function.
ctypedef object (*Maker)(object, object, PyObject *)
cdef Maker make = <Maker>(<PyTypeObject *>tuple).tp_new


cdef inline object make_message(object kind, object content):
    return make(MESSAGE, ((kind, content, None),), NULL)


cdef inline uint64_t read_number(const unsigned char *source, int size) noexcept nogil:
    cdef uint64_t number = 0
    cdef int index
    for index in range(size):
        number = number << 8 | source[index]
    return number


def take_messages(bytes data not None, bint masked, long long max_size, bint decode_text, /) -> tuple:
    """Return the messages at the start of `data`, and the position behind them; at most 1024."""
    cdef const char *source = PyBytes_AS_STRING(data)
    cdef const unsigned char *head
    cdef Py_ssize_t end = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t pos = 0, start
    cdef uint64_t length
    cdef const char *content
    cdef bytes payload
    cdef object text
    cdef list messages = []
    while end - pos >= 2 and len(messages) < BATCH:
        head = <const unsigned char *>source + pos
        if head[0] != TEXT and head[0] != BINARY or (head[1] >= MASKED) != masked:
            break
        length = head[1] & LENGTH
        start = pos + 2
        if length == IN_TWO_BYTES:
            start += 2
            if start > end:
                break
            length = read_number(head + 2, 2)
            if length < IN_TWO_BYTES:
                break
        elif length == IN_EIGHT_BYTES:
            start += 8
            if start > end:
                break
            length = read_number(head + 2, 8)
            if length < 0x10000:
                break
        if masked:
            start += 4
        # In this order: only then the difference is a number without a sign.
        if start > end or length > <uint64_t>(end - start) or <long long>length > max_size:
            break
        content = source + start
        payload = None
        if masked or head[0] == BINARY or not decode_text:
            payload = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
            if masked:
                xor(content, PyBytes_AS_STRING(payload), <Py_ssize_t>length, content - 4)
            else:
                memcpy(PyBytes_AS_STRING(payload), content, <size_t>length)
            content = PyBytes_AS_STRING(payload)
        if head[0] == BINARY:
            messages.append(make_message(BINARY_TYPE, payload))
        else:
            try:
                text = PyUnicode_DecodeUTF8(content, <Py_ssize_t>length, NULL)
            except UnicodeDecodeError:
                break
            messages.append(make_message(TEXT_TYPE, text if decode_text else payload))
        pos = start + <Py_ssize_t>length
    return messages, pos


def format_frame(int head, bytes payload not None, bytes mask not None = b"") -> bytes:
    """Format a frame whose first byte is `head`; `mask` is four bytes, or empty for an unmasked frame."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(payload)
    cdef Py_ssize_t masking = PyBytes_GET_SIZE(mask)
    cdef int extended = 0 if size < IN_TWO_BYTES else 2 if size < 0x10000 else 8
    cdef int index
    if not 0 <= head <= 255:
        raise ValueError("the first byte of a frame is from 0 to 255")
    if masking != 0 and masking != 4:
        raise ValueError("a mask is four bytes")
    cdef bytes frame = PyBytes_FromStringAndSize(NULL, 2 + extended + masking + size)
    cdef char *target = PyBytes_AS_STRING(frame)
    target[0] = <char>head
    target[1] = <char>((MASKED if masking else 0)
                       | (size if not extended else IN_TWO_BYTES if extended == 2 else IN_EIGHT_BYTES))
    for index in range(extended):
        target[2 + index] = <char>((<uint64_t>size >> 8 * (extended - 1 - index)) & 0xFF)
    target += 2 + extended
    if masking:
        memcpy(target, PyBytes_AS_STRING(mask), 4)
        xor(PyBytes_AS_STRING(payload), target + 4, size, PyBytes_AS_STRING(mask))
    else:
        memcpy(target, PyBytes_AS_STRING(payload), size)
    return frame
