"""The parts of heads, by both readers: the patterns and the compiled kernel."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core import _head_parts
from muntin.http_core._head_parts import HeadParts

try:
    from muntin.http_core import _speedups
except ImportError:
    _speedups = None  # type: ignore[assignment]  # where nothing compiles

SplitHead = Callable[[bytes, int, int], HeadParts | None]

LINE = b"GET / HTTP/1.1\r\n"
HOST = b"Host: a\r\n"


@pytest.fixture(params=[_head_parts, _speedups], ids=["python", "compiled"], scope="module")
def split_head(request: pytest.FixtureRequest) -> SplitHead:
    """Both forms of the kernel; test_accel checks that the compiled one exists where it was built."""
    if request.param is None:
        pytest.skip("the compiled kernel was not built")
    split: SplitHead = request.param.split_head
    return split


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        (HOST, 0),
        (b"host:a\r\n", 0),
        (b"HOST: a.b-c_D:80   \r\n", 0),
        (b"Host: a:\r\n", 0),
        (b"Host: a:65535\r\nAccept: */*\r\nX:\r\n~|^: \t\x80\xff \r\n", 0),
        (HOST + b"Connection: keep-alive\r\n", 0),
        (b"connection: Keep-Alive\r\n" + HOST, 0),
        (HOST + b"Content-Length: 5\r\n", 5),
        (b"CONTENT-LENGTH:007 \r\n" + HOST, 7),
        (HOST + b"Content-Length: " + b"9" * 18 + b"\r\n", 10**18 - 1),
        (HOST + b"Upgrade-Insecure-Requests: 1\r\nHosts: b\r\nContent-Lengths: c\r\n", 0),
    ],
)
def test_a_plain_head(split_head: SplitHead, fields: bytes, length: int) -> None:
    for method, target in (("GET", "/"), ("POST", '/a?b="<>[]\\^`{|}%20'), ("CONNECTS", "//"), ("~", "/*")):
        raw = f"{method} {target} HTTP/1.1\r\n".encode() + fields + b"\r\n"
        assert split_head(raw, 0, 128) == (len(raw), method, target, b"1.1", fields, length, None)


@pytest.mark.parametrize(
    ("line", "fields", "found"),
    [
        (LINE, b"", {}),
        (LINE, HOST + HOST, {b"host": [b"a", b"a"]}),
        (LINE, b"Host: [::1]:80\r\n", {b"host": [b"[::1]:80"]}),
        (LINE, b"HOST:\t a b \t\r\n", {b"host": [b"a b"]}),
        (LINE, b"Host:  a\r\n", {b"host": [b"a"]}),
        (LINE, b"Host: a:123456\r\n", {b"host": [b"a:123456"]}),
        (LINE, b"Host: a/b\r\n", {b"host": [b"a/b"]}),
        (LINE, b"Host:\r\n", {b"host": [b""]}),
        (LINE, HOST + b"Connection: close\r\n", {b"host": [b"a"], b"connection": [b"close"]}),
        (LINE, HOST + b"Connection: keep-alive \r\n", {b"host": [b"a"], b"connection": [b"keep-alive"]}),
        (LINE, HOST + b"Connection:keep-alive\r\n", {b"host": [b"a"], b"connection": [b"keep-alive"]}),
        (LINE, HOST + b"Connection: keepXalive\r\n", {b"host": [b"a"], b"connection": [b"keepXalive"]}),
        (
            LINE,
            HOST + b"Content-Length: " + b"9" * 19 + b"\r\n",
            {b"host": [b"a"], b"content-length": [b"9" * 19]},
        ),
        (LINE, HOST + b"Content-Length:\r\n", {b"host": [b"a"], b"content-length": [b""]}),
        (LINE, HOST + b"Content-Length: +1\r\n", {b"host": [b"a"], b"content-length": [b"+1"]}),
        (
            LINE,
            b"Content-Length: 1\r\n" + HOST + b"Content-Length: 1\r\n",
            {b"content-length": [b"1", b"1"], b"host": [b"a"]},
        ),
        (
            LINE,
            b"transfer-Encoding: chunked\r\nX: y\r\nEXPECT: 100-continue\r\nupgrade: h2c\r\nUpgrade:\r\n",
            {b"transfer-encoding": [b"chunked"], b"expect": [b"100-continue"], b"upgrade": [b"h2c", b""]},
        ),
        (b"GET / HTTP/1.0\r\n", HOST, {b"host": [b"a"]}),
        (b"GET / HTTP/9.2\r\n", HOST, {b"host": [b"a"]}),
        (b"GET http://a/ HTTP/1.1\r\n", HOST, {b"host": [b"a"]}),
        (b"OPTIONS * HTTP/1.1\r\n", HOST, {b"host": [b"a"]}),
        (b"CONNECT /a HTTP/1.1\r\n", HOST, {b"host": [b"a"]}),
    ],
)
def test_another_head(
    split_head: SplitHead, line: bytes, fields: bytes, found: dict[bytes, list[bytes]]
) -> None:
    raw = line + fields + b"\r\n"
    method, target, version = line.split()
    parts = (len(raw), method.decode(), target.decode(), version[5:], fields, 0, found)
    assert split_head(raw, 0, 128) == parts


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\r\n" + LINE + HOST + b"\r\n",
        LINE,
        LINE + HOST,
        LINE + HOST + b"\r",
        LINE + HOST + b"\r\r\n",
        LINE + HOST + b"\n",
        b"GET / HTTP/1.1\n" + HOST + b"\r\n",
        b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /  HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
        b" / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / http/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.a\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.11\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1",
        b"GET / HTTP",
        *(
            LINE + line + b"\r\n"
            for line in (
                b"X\r\n",
                b"X : a\r\n",
                b": a\r\n",
                b" X: a\r\n",
                b"X: a\n",
                b"X: a\rb\r\n",
                b"X: a\r\n b\r\n",
            )
        ),
    ],
)
def test_no_head(split_head: SplitHead, raw: bytes) -> None:
    assert split_head(raw, 0, 128) is None


@pytest.mark.parametrize(
    ("before", "behind", "members"),
    [
        (b"G", b" / HTTP/1.1\r\nHost: a\r\n\r\n", b"!#$%&'*+-.^_`|~"),
        (b"GET /", b" HTTP/1.1\r\nHost: a\r\n\r\n", bytes({*range(0x21, 0x7F)} - {0x23})),
        (LINE + HOST + b"X", b": b\r\n\r\n", b"!#$%&'*+-.^_`|~"),
        (LINE + HOST + b"X: a", b"b\r\n\r\n", bytes([9, *range(0x20, 0x7F), *range(0x80, 0x100)])),
    ],
    ids=["method", "target", "name", "value"],
)
def test_each_byte_is_allowed_where_the_grammar_has_it(
    split_head: SplitHead, before: bytes, behind: bytes, members: bytes
) -> None:
    allowed = {*members, *b"0123456789", *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *b"abcdefghijklmnopqrstuvwxyz"}
    taken = {byte for byte in range(256) if split_head(before + bytes([byte]) + behind, 0, 128)}
    # These end what they stand in, and begin the next part.
    assert taken - {*b":"} == allowed - {*b":"}
    assert (0x3A in taken) is (0x3A in allowed or before.endswith(b"X"))


def test_a_head_among_others(split_head: SplitHead) -> None:
    raw = LINE + HOST + b"\r\n"
    for before, behind in ((b"", b""), (b"body", raw), (raw, b"\r\n\r\n"), (b"\r\n", b"\xff")):
        found = split_head(before + raw + behind, len(before), 128)
        assert found == (len(before) + len(raw), "GET", "/", b"1.1", HOST, 0, None)


def test_the_number_of_lines_is_bounded(split_head: SplitHead) -> None:
    for more in (b"", b"Connection: close\r\n"):
        raw = LINE + HOST + b"X: a\r\n" * 3 + more + b"\r\n"
        lines = 4 + bool(more)
        assert split_head(raw, 0, lines) is not None
        assert split_head(raw, 0, lines - 1) is None
        assert split_head(raw, 0, 0) is None


@pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")
def test_the_compiled_kernel_reads_nothing_that_is_not_its_own() -> None:
    raw = LINE + HOST + b"\r\n"
    for start in (-1, len(raw) + 1, 1 << 62):
        with pytest.raises(IndexError):
            _speedups.split_head(raw, start, 128)
    assert _speedups.split_head(raw, len(raw), 128) is None
    for data in (None, "text", bytearray(raw), memoryview(raw)):
        with pytest.raises(TypeError):
            _speedups.split_head(data, 0, 128)  # type: ignore[arg-type]  # as a caller in error would
    for end in range(len(raw)):
        # What stands behind the end of the bytes is not a part of them.
        assert _speedups.split_head(raw[:end], 0, 128) is None


WORDS = [
    *(
        b"GET",
        b"CONNECT",
        b" ",
        b"/",
        b"HTTP/1.1",
        b"\r\n",
        b"\r",
        b"\n",
        b":",
        b"\t",
        b"\x80",
        b"\x00",
        b"\r\n\r\n",
    ),
    *(
        LINE,
        HOST,
        b"Host",
        b"host:a",
        b"[::1]",
        b"Connection",
        b"keep-alive",
        b"Content-Length: 1\r\n",
        b"Upgrade: a\r\n",
    ),
]


@pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")
@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=3), max_size=12).map(b"".join), st.integers(0, 4))
def test_both_agree(junk: bytes, most: int) -> None:
    for before in (b"", LINE, LINE + HOST):
        raw = before + junk + b"\r\n"
        assert _speedups.split_head(raw, 0, most) == _head_parts.split_head(raw, 0, most)
