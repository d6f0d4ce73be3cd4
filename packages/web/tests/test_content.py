"""The body as a stream: every way of reading gives the same bytes."""

import asyncio
import gzip
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.web.content import StreamReader
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPBadRequest, RequestPayloadError
from muntin.web.testing.exchange import MemoryExchange

pytestmark = pytest.mark.anyio


class Pieces:
    """A source of given pieces."""

    is_coded = False

    def __init__(self, *pieces):
        self._pieces = deque(pieces)
        self.received = 0

    @property
    def at_eof(self):
        return not self._pieces

    def receive_nowait(self):
        piece = self._pieces.popleft() if self._pieces else b""
        self.received += len(piece)
        return piece

    def take_chunk_ends(self):
        return ()

    async def receive(self):
        return self.receive_nowait()


def reader(*pieces):
    return StreamReader(Pieces(*pieces))


async def test_reading_by_size():
    content = reader(b"abc", b"defg", b"h")
    assert await content.read(2) == b"ab"
    assert await content.read(5) == b"c"
    assert await content.read(0) == b""
    assert await content.readexactly(4) == b"defg"
    with pytest.raises(HTTPBadRequest) as caught:
        await content.readexactly(2)
    assert caught.value.partial == b"h"
    assert await content.read() == b""
    assert content.at_eof()
    assert content.total_bytes == content.total_raw_bytes == 8


async def test_reading_lines():
    content = reader(b"a\nb", b"b\n\nc")
    assert [line async for line in content] == [b"a\n", b"bb\n", b"\n", b"c"]
    assert await content.readline() == b""
    long = reader(b"x" * 100, b"y" * 100)
    with pytest.raises(RequestPayloadError):  # which nobody has to catch: it responds
        await long.readline(max_line_length=150)
    with pytest.raises(ValueError):
        await reader(b"x" * 10 + b"\n").readline(max_line_length=10)
    with pytest.raises(ValueError):
        await reader(b"x" * 524288, b"x").readline()
    with pytest.raises(ValueError):
        await reader(b"x" * 11).readline(max_line_length=10)
    assert await reader(b"x" * 10).readline(max_line_length=10) == b"x" * 10
    split = reader(b"a\r", b"\nb")
    assert await split.readuntil(b"\r\n") == b"a\r\n"
    assert await split.readuntil(b"\r\n") == b"b"
    with pytest.raises(ValueError):
        await split.readuntil(b"")


async def test_reading_pieces():
    content = reader(b"abc", b"d")
    assert await content.readany() == b"abc"
    assert await content.readchunk() == (b"d", False), "only chunked bodies have chunks"
    assert await content.readchunk() == (b"", False)
    assert [piece async for piece in reader(b"abc", b"d").iter_chunked(2)] == [b"ab", b"c", b"d"]
    assert [piece async for piece in reader(b"abc", b"d").iter_any()] == [b"abc", b"d"]
    assert [piece async for piece in reader(b"a", b"b").iter_chunks()] == [(b"a", False), (b"b", False)]


CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_chunks_end_where_the_sender_has_ended_them():
    raw = CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n4\r\nfghi\r\n0\r\n\r\n"
    chunks = [b"abc", b"de", b"fghi"]
    for size in range(1, len(raw)):
        pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
        content = Request(MemoryExchange(pieces)).content
        told = [pair async for pair in content.iter_chunks()]
        joined = [b""]
        for data, is_end in told:
            joined[-1] += data
            if is_end:
                joined.append(b"")
        assert joined == [*chunks, b""]
    content = Request(MemoryExchange(raw)).content
    assert [pair async for pair in content.iter_chunks()] == [(chunk, True) for chunk in chunks]


async def test_chunks_behind_what_was_read_otherwise():
    content = Request(MemoryExchange(CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n")).content
    assert await content.read(4) == b"abcd"
    assert await content.readchunk() == (b"e", True)
    content.unread_data(b"e")
    assert await content.readchunk() == (b"e", True)
    assert await content.readchunk() == (b"f", True)
    assert await content.readchunk() == (b"", False)


async def test_bytes_before_and_after_decoding():
    packed = gzip.compress(b"hello " * 100)
    fields = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    content = Request(MemoryExchange(b"POST / HTTP/1.1\r\nHost: a\r\n" + fields + packed)).content
    assert [pair async for pair in content.iter_chunks()] == [(b"hello " * 100, False)]
    assert content.total_bytes == 600
    assert content.total_raw_bytes == content.total_compressed_bytes == len(packed)
    assert reader(b"a").total_compressed_bytes is None


async def test_what_has_arrived_and_what_is_put_back():
    content = reader(b"abc", b"d")
    assert content.read_nowait(2) == b"ab"
    content.unread_data(b"ab")
    assert content.read_nowait() == b"abcd"
    assert content.read_nowait() == b""
    content.unread_data(b"z")
    assert not content.at_eof()
    assert await content.read() == b"z"


async def test_the_end_is_told():
    told = []
    content = reader(b"a", b"b")
    content.on_eof(lambda: told.append("first"))
    assert not content.is_eof()
    await content.wait_eof()
    assert content.is_eof()
    assert not content.at_eof()
    assert await content.read() == b"ab"
    assert told == ["first"]
    content.on_eof(lambda: told.append("second"))
    assert told == ["first", "second"]


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_every_way_gives_the_same_bytes(pieces, size):
    pieces = [piece for piece in pieces if piece]

    async def check():
        whole = b"".join(pieces)
        assert await reader(*pieces).read() == whole
        assert b"".join([p async for p in reader(*pieces).iter_chunked(size)]) == whole
        assert b"".join([p async for p in reader(*pieces).iter_any()]) == whole
        assert b"".join([p async for p in reader(*pieces)]) == whole
        lines = [line async for line in reader(*pieces)]
        assert all(b"\n" not in line[:-1] for line in lines)
        assert all(line.endswith(b"\n") for line in lines[:-1])

    asyncio.run(check())


WAYS = st.one_of(
    st.tuples(st.just("read"), st.integers(0, 9)),
    st.tuples(st.just("readexactly"), st.integers(0, 9)),
    st.tuples(st.just("read_nowait"), st.integers(-1, 9)),
    st.tuples(st.sampled_from(["readany", "readline", "unread"])),
)


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=9), st.lists(WAYS, max_size=20))
def test_all_ways_in_any_order_lose_nothing(pieces, ways):
    async def check():
        content = reader(*pieces)
        got = b""
        for way, *arguments in ways:
            if way == "unread":
                content.unread_data(got[-2:])
                got = got[:-2]
                continue
            try:
                found = getattr(content, way)(*arguments)
                found = found if isinstance(found, bytes) else await found
            except asyncio.IncompleteReadError as error:
                found = error.partial
            assert len(found) <= (arguments[0] if arguments and arguments[0] >= 0 else 999)
            got += found
        assert got + await content.read() == b"".join(pieces)
        assert content.at_eof()

    asyncio.run(check())


@pytest.mark.row("AH-20")
async def test_many_tiny_pieces_take_linear_time():
    def chunks(count):
        return b"1\r\nx\r\n" * count + b"0\r\n\r\n"

    count = 50_000
    exchange = MemoryExchange(
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(count)
    )
    content = Request(exchange).content
    assert len(await content.readline()) == count
    assert content.at_eof()
