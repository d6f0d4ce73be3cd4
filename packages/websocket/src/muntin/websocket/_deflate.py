"""permessage-deflate (RFC 7692): the four parameters, and the two streams.

Knows zlib and the parameters' grammar and meaning for each side. Must not know frames or messages.

Two facts of zlib shape this file. It cannot deflate with a window of 2^8 bytes, so where a peer asks for
that we code without back-references, which fits any window. And an inflater takes any smaller window as
well, so what the peer announces for itself only ever lets us save memory.
"""

import zlib
from dataclasses import dataclass
from typing import NamedTuple

from muntin.websocket.errors import InvalidData, MessageTooBig

__all__ = [
    "EXTENSION_NAME",
    "Deflate",
    "Deflater",
    "Inflater",
    "Setup",
    "accept_offer",
    "check_response",
    "format_offer",
    "make_deflater",
    "make_inflater",
]

EXTENSION_NAME = "permessage-deflate"
_TAIL = (
    b"\x00\x00\xff\xff"  # of an empty stored block: left out by the sender (§7.2.1), put back by the receiver
)
_MIN_ZLIB_WINDOW = 9
# At the end of a stream zlib copies the input that it leaves, and a stream may be two bytes long: small slices keep
# that linear. A sender has one stream in a message, or one in each of its parts; endless ones are there to cost time.
_SLICE = 16384
_MAX_RESTARTS = 1000
_WINDOW_BITS = {str(bits): bits for bits in range(8, 16)}  # §7.1.2.1: decimal, no leading zero


@dataclass(frozen=True, slots=True)
class Deflate:
    """What to ask for, or what was agreed.

    Memory of a connection that has compressed once is about 2^(window bits + 2) + 2^(memory level + 9)
    bytes to send and 2^(window bits) to receive; with no context takeover it is kept only while a message
    is under way.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15
    level: int = 6
    """zlib's level of our own stream, 0 to 9; not negotiated."""
    memory_level: int = 8
    """zlib's memory level of our own stream, 1 to 9; not negotiated."""

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {value!r}, not between {low} and {high}")


_RANGES = (
    ("server_max_window_bits", 8, 15),
    ("client_max_window_bits", 8, 15),
    ("level", 0, 9),
    ("memory_level", 1, 9),
)

Parameters = tuple[tuple[str, str | None], ...]


def format_offer(wish: Deflate) -> str:
    """Give what a client puts into Sec-WebSocket-Extensions to ask for `wish` (§7.1)."""
    parts = [EXTENSION_NAME, *_format_switches(wish)]
    if wish.server_max_window_bits < 15:
        parts.append(f"server_max_window_bits={wish.server_max_window_bits}")
    # Without a value it says that the server may limit our window (§7.1.2.2).
    limit = wish.client_max_window_bits
    parts.append("client_max_window_bits" if limit == 15 else f"client_max_window_bits={limit}")
    return "; ".join(parts)


def accept_offer(offer: Parameters, wish: Deflate) -> tuple[Deflate, str] | None:
    """Give what a server agrees to and its answer, or None where the offer cannot be taken (§7.1).

    `wish` is what the server would like itself; it never exceeds what the offer allows.
    """
    asked = _parse(offer, value_needed=False)
    if asked is None:
        return None
    client_bits = asked.get("client_max_window_bits", 15)
    agreed = Deflate(
        server_no_context_takeover=wish.server_no_context_takeover or "server_no_context_takeover" in asked,
        client_no_context_takeover=wish.client_no_context_takeover or "client_no_context_takeover" in asked,
        server_max_window_bits=min(wish.server_max_window_bits, asked.get("server_max_window_bits", 15)),
        # A client that does not name the parameter does not know how to limit its window (§7.1.2.2).
        client_max_window_bits=(
            min(wish.client_max_window_bits, client_bits) if "client_max_window_bits" in asked else 15
        ),
        level=wish.level,
        memory_level=wish.memory_level,
    )
    parts = [EXTENSION_NAME, *_format_switches(agreed)]
    for name in ("server_max_window_bits", "client_max_window_bits"):
        if getattr(agreed, name) < 15:
            parts.append(f"{name}={getattr(agreed, name)}")
    return agreed, "; ".join(parts)


def check_response(answer: Parameters, wish: Deflate) -> Deflate | None:
    """Give what a server's answer to our offer of `wish` means, None if it answers something else (§7.1)."""
    given = _parse(answer, value_needed=True)
    if given is None:
        return None
    if wish.server_no_context_takeover and "server_no_context_takeover" not in given:
        return None
    server_bits = given.get("server_max_window_bits", 15)
    if server_bits > wish.server_max_window_bits:
        return None
    return Deflate(
        server_no_context_takeover="server_no_context_takeover" in given,
        client_no_context_takeover=(wish.client_no_context_takeover or "client_no_context_takeover" in given),
        server_max_window_bits=server_bits,
        client_max_window_bits=min(wish.client_max_window_bits, given.get("client_max_window_bits", 15)),
        level=wish.level,
        memory_level=wish.memory_level,
    )


def _format_switches(deflate: Deflate) -> list[str]:
    names = ("server_no_context_takeover", "client_no_context_takeover")
    return [name for name in names if getattr(deflate, name)]


def _parse(parameters: Parameters, *, value_needed: bool) -> dict[str, int] | None:
    """Give each parameter's number, None if one is unknown, doubled, or has a wrong value."""
    found: dict[str, int] = {}
    for name, value in parameters:
        if name in found:
            return None
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if value is not None:
                return None
            found[name] = 1
        elif name in ("server_max_window_bits", "client_max_window_bits"):
            if value is None and (value_needed or name == "server_max_window_bits"):
                return None
            bits = 15 if value is None else _WINDOW_BITS.get(value)
            if bits is None:
                return None
            found[name] = bits
        else:
            return None
    return found


class Setup(NamedTuple):
    """What decides how a message looks once it is compressed from an empty history."""

    window_bits: int
    level: int
    memory_level: int

    def start(self, level: int | None = None) -> "zlib._Compress":
        """Give a stream with an empty history, of another `level` where one is given."""
        level = self.level if level is None else level
        if self.window_bits < _MIN_ZLIB_WINDOW:
            bits, strategy = _MIN_ZLIB_WINDOW, zlib.Z_HUFFMAN_ONLY
        else:
            bits, strategy = self.window_bits, zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(level, zlib.DEFLATED, -bits, self.memory_level, strategy)

    def deflate(self, data: bytes) -> bytes:
        """Give a whole message compressed by itself."""
        stream = self.start()
        return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


class Deflater:
    """One side's outgoing stream."""

    __slots__ = ("_stream", "_takeover", "setup")

    def __init__(self, setup: "Setup", *, takeover: bool) -> None:
        self.setup = setup
        self._takeover = takeover
        self._stream: zlib._Compress | None = None

    def deflate(self, data: bytes, *, final: bool, level: int | None = None) -> bytes:
        """Give a piece of a message compressed; `final` ends the message.

        Another `level` starts a stream of its own: old history would not fit what the peer has seen.
        """
        stream = self._stream
        if stream is None or level is not None:
            stream = self._stream = self.setup.start(level)
        out = stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
        if not final:
            return out
        if level is not None or not self._takeover:
            self._stream = None
        return out[: -len(_TAIL)]

    def forget(self) -> None:
        """Drop the history: the peer has inflated something that this stream did not make."""
        self._stream = None


class Inflater:
    """The other side's stream."""

    __slots__ = ("_bits", "_restarts", "_stream", "_takeover", "ended")

    def __init__(self, window_bits: int, *, takeover: bool) -> None:
        self._bits = max(window_bits, _MIN_ZLIB_WINDOW)
        self._takeover = takeover
        self._stream: zlib._Decompress | None = None
        self._restarts = 0  # in the message under way
        self.ended = 0
        """How many streams have ended so far, each of which has cost some time."""

    def inflate(self, data: bytes, room: int, *, final: bool) -> bytes:
        """Give a piece of a message inflated, at most `room` bytes; `final` ends the message.

        Raises MessageTooBig as soon as there is more, having made `room` + 1 bytes at most; InvalidData for
        bytes that are not DEFLATE, and for a message that begins anew more than 1000 times.
        """
        if final:
            data += _TAIL
        if len(data) <= _SLICE:
            out = self._run(data, room + 1)
        else:
            pieces, left = [], room + 1
            for start in range(0, len(data), _SLICE):
                piece = self._run(data[start : start + _SLICE], left)
                pieces.append(piece)
                left -= len(piece)
                if not left:
                    break
            out = b"".join(pieces)
        if len(out) > room:
            raise MessageTooBig("message inflates to more than the limit")
        if final:
            self._restarts = 0
            if not self._takeover:
                self._stream = None
        return out

    def _run(self, data: bytes, room: int) -> bytes:
        pieces: list[bytes] = []
        while True:
            stream = self._stream
            if stream is None:
                stream = self._stream = zlib.decompressobj(-self._bits)
            try:
                piece = stream.decompress(data, room)
            except zlib.error as error:
                raise InvalidData(f"compressed data is invalid: {error}") from None
            data = stream.unused_data
            if stream.eof:
                # A block marked as the last (§7.2.3.4): what follows is a stream with an empty history.
                self._stream = None
                self.ended += 1
                self._restarts += 1
                if self._restarts > _MAX_RESTARTS:
                    raise InvalidData(f"message of more than {_MAX_RESTARTS} compressed streams")
            room -= len(piece)
            if not pieces and not (data and room):
                return piece
            pieces.append(piece)
            if not (data and room):
                return b"".join(pieces)


def make_deflater(agreed: Deflate, *, is_client: bool) -> Deflater:
    """Return the outgoing stream of one side."""
    bits = agreed.client_max_window_bits if is_client else agreed.server_max_window_bits
    return Deflater(
        Setup(bits, agreed.level, agreed.memory_level),
        takeover=not (agreed.client_no_context_takeover if is_client else agreed.server_no_context_takeover),
    )


def make_inflater(agreed: Deflate, *, is_client: bool) -> Inflater:
    """Return the stream that undoes the other side's."""
    return Inflater(
        agreed.server_max_window_bits if is_client else agreed.client_max_window_bits,
        takeover=not (agreed.server_no_context_takeover if is_client else agreed.client_no_context_takeover),
    )
