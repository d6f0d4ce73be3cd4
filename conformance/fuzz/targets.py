"""What fuzzing looks at: functions that take any bytes, and raise where a promise is broken.

Nothing that a peer sends may raise beyond the error that is documented for it, take a time that is not linear, or get
another verdict when it is cut otherwise.
"""

from collections.abc import Callable, Iterator

from conformance.http1.engine import tell
from muntin.http_core.headers.cookies import parse_cookies
from muntin.http_core.headers.ranges import format_ranges, parse_ranges
from muntin.http_core.multipart.decoder import MultipartDecoder
from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.events import PartData

__all__ = ["TARGETS"]


def cut(raw: bytes) -> Iterator[bytes]:
    """Yield the bytes in pieces whose sizes the bytes themselves decide."""
    at = 0
    while at < len(raw):
        size = raw[at] % 13 + 1
        yield raw[at : at + size]
        at += size


def require_equal(one: object, other: object) -> None:
    """Fail where two readings differ."""
    if one != other:
        raise AssertionError(f"{one!r} is not {other!r}")


def read_head(raw: bytes) -> None:
    """A head, from its first byte."""
    require_equal(tell(cut(raw)), tell([raw]))


def read_field(raw: bytes) -> None:
    """Field lines behind a request line."""
    read_head(b"POST / HTTP/1.1\r\nHost: a\r\n" + raw)


def read_chunks(raw: bytes) -> None:
    """A chunked body, its trailers, and what follows."""
    read_head(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)


def read_parts(pieces: Iterator[bytes]) -> list[object]:
    """Return what a multipart decoder tells, its data joined."""
    decoder = MultipartDecoder("b")
    told: list[object] = []
    try:
        for piece in (*pieces, b""):
            decoder.receive(piece)
            for event in decoder.events():
                if isinstance(event, PartData) and told and isinstance(told[-1], PartData):
                    told[-1] = PartData(told[-1].data + event.data)
                else:
                    told.append(event)
    except MultipartError as error:
        told.append(str(error))
    return told


def read_multipart(raw: bytes) -> None:
    """A multipart body."""
    body = b"--b\r\n" + raw
    require_equal(read_parts(cut(body)), read_parts(iter([body])))


def read_cookies(raw: bytes) -> None:
    """A Cookie field."""
    parse_cookies(raw.decode("latin-1"))


def read_ranges(raw: bytes) -> None:
    """A Range field; what is understood is written so that it is understood alike."""
    specs = parse_ranges("bytes=" + raw.decode("latin-1"))
    if specs is not None:
        require_equal(parse_ranges(format_ranges(specs)), specs)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "head": read_head,
    "field": read_field,
    "chunks": read_chunks,
    "multipart": read_multipart,
    "cookies": read_cookies,
    "ranges": read_ranges,
}
