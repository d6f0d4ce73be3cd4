"""permessage-deflate (RFC 7692): its four parameters, and the two compressed streams of a connection.

Two facts of zlib shape this file. It cannot deflate with a window of 2^8 bytes; where a peer requires that, we encode
without back-references, which fits any window. And an inflater also reads data that was made with a smaller window, so
the window that the peer announces for its own stream only tells us how much memory we can save.
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
# At the end of a stream zlib copies the rest of its input, and a stream may be two bytes long: small slices keep the
# total time linear. A sender makes one stream for a message, or one for each of its parts. Only an attacker makes more.
_SLICE = 16384
_MAX_RESTARTS = 1000
_WINDOW_BITS = {str(bits): bits for bits in range(8, 16)}  # §7.1.2.1: decimal, no leading zero


@dataclass(frozen=True, slots=True)
class Deflate:
    """The compression to ask for, or that was agreed on.

    A connection that has compressed once holds about 2^(window bits + 2) + 2^(memory level + 9) bytes to send and
    2^(window bits) bytes to receive. Without context takeover it holds them only while a message is under way.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15
    level: int = 6
    """zlib's level for our own stream, 0 to 9; not negotiated."""
    memory_level: int = 8
    """zlib's memory level for our own stream, 1 to 9; not negotiated."""

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


def format_offer(ours: Deflate) -> str:
    """Format the member of Sec-WebSocket-Extensions by which a client asks for compression (§7.1)."""
    parts = [EXTENSION_NAME, *_format_switches(ours)]
    if ours.server_max_window_bits < 15:
        parts.append(f"server_max_window_bits={ours.server_max_window_bits}")
    # Without a value this parameter says that the server may limit our window (§7.1.2.2).
    limit = ours.client_max_window_bits
    parts.append("client_max_window_bits" if limit == 15 else f"client_max_window_bits={limit}")
    return "; ".join(parts)


def accept_offer(offer: Parameters, ours: Deflate) -> tuple[Deflate, str] | None:
    """Return what a server agrees to, and the member of its response; None if the offer cannot be accepted (§7.1).

    `ours` are the settings that the server would choose; the result never exceeds what the offer allows.
    """
    asked = _parse(offer, value_needed=False)
    if asked is None:
        return None
    client_bits = asked.get("client_max_window_bits", 15)
    agreed = Deflate(
        server_no_context_takeover=ours.server_no_context_takeover or "server_no_context_takeover" in asked,
        client_no_context_takeover=ours.client_no_context_takeover or "client_no_context_takeover" in asked,
        server_max_window_bits=min(ours.server_max_window_bits, asked.get("server_max_window_bits", 15)),
        # A client that does not send the parameter cannot limit its window (§7.1.2.2).
        client_max_window_bits=(
            min(ours.client_max_window_bits, client_bits) if "client_max_window_bits" in asked else 15
        ),
        level=ours.level,
        memory_level=ours.memory_level,
    )
    parts = [EXTENSION_NAME, *_format_switches(agreed)]
    for name in ("server_max_window_bits", "client_max_window_bits"):
        if getattr(agreed, name) < 15:
            parts.append(f"{name}={getattr(agreed, name)}")
    return agreed, "; ".join(parts)


def check_response(response: Parameters, ours: Deflate) -> Deflate | None:
    """Return what a server agreed to by its response to our offer; None if it does not fit (§7.1)."""
    chosen = _parse(response, value_needed=True)
    if chosen is None:
        return None
    if ours.server_no_context_takeover and "server_no_context_takeover" not in chosen:
        return None
    server_bits = chosen.get("server_max_window_bits", 15)
    if server_bits > ours.server_max_window_bits:
        return None
    return Deflate(
        server_no_context_takeover="server_no_context_takeover" in chosen,
        client_no_context_takeover=ours.client_no_context_takeover or "client_no_context_takeover" in chosen,
        server_max_window_bits=server_bits,
        client_max_window_bits=min(ours.client_max_window_bits, chosen.get("client_max_window_bits", 15)),
        level=ours.level,
        memory_level=ours.memory_level,
    )


def _format_switches(deflate: Deflate) -> list[str]:
    names = ("server_no_context_takeover", "client_no_context_takeover")
    return [name for name in names if getattr(deflate, name)]


def _parse(parameters: Parameters, *, value_needed: bool) -> dict[str, int] | None:
    """Return the number of each parameter; None if one is unknown, repeated, or has a wrong value."""
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
    """The settings on which the compressed form of a message depends, when the history is empty."""

    window_bits: int
    level: int
    memory_level: int

    def start(self, level: int | None = None) -> "zlib._Compress":
        """Return a stream with an empty history; `level` replaces the level of the setup."""
        level = self.level if level is None else level
        if self.window_bits < _MIN_ZLIB_WINDOW:
            bits, strategy = _MIN_ZLIB_WINDOW, zlib.Z_HUFFMAN_ONLY
        else:
            bits, strategy = self.window_bits, zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(level, zlib.DEFLATED, -bits, self.memory_level, strategy)

    def deflate(self, data: bytes) -> bytes:
        """Return a whole message, compressed with an empty history."""
        stream = self.start()
        return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


class Deflater:
    """The compressed stream that one side sends."""

    __slots__ = ("_stream", "_takeover", "setup")

    def __init__(self, setup: Setup, *, takeover: bool) -> None:
        self.setup = setup
        self._takeover = takeover
        self._stream: zlib._Compress | None = None

    def deflate(self, data: bytes, *, final: bool, level: int | None = None) -> bytes:
        """Return a piece of a message, compressed; `final` marks the last piece.

        With a `level` a new stream begins, which is not kept beyond the message.
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

    def drop_history(self) -> None:
        """Start a new history: the peer has received data that this stream did not make."""
        self._stream = None


class Inflater:
    """The compressed stream that one side receives."""

    __slots__ = ("_bits", "_restarts", "_stream", "_takeover", "ended")

    def __init__(self, window_bits: int, *, takeover: bool) -> None:
        self._bits = max(window_bits, _MIN_ZLIB_WINDOW)
        self._takeover = takeover
        self._stream: zlib._Decompress | None = None
        self._restarts = 0  # in the message under way
        self.ended = 0
        """The number of streams that have ended so far; each one costs time."""

    def inflate(self, data: bytes, room: int, *, final: bool) -> bytes:
        """Return a piece of a message, inflated; `final` marks the last piece.

        Raises:
            MessageTooBig: there are more than `room` bytes; no more than `room` + 1 bytes are inflated before.
            InvalidData: the data is not DEFLATE, or the message has more than 1000 streams.
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
                # The last block of a stream (§7.2.3.4). Whatever follows is a new stream with an empty history.
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
    """Build the stream that one side sends."""
    bits = agreed.client_max_window_bits if is_client else agreed.server_max_window_bits
    return Deflater(
        Setup(bits, agreed.level, agreed.memory_level),
        takeover=not (agreed.client_no_context_takeover if is_client else agreed.server_no_context_takeover),
    )


def make_inflater(agreed: Deflate, *, is_client: bool) -> Inflater:
    """Build the stream that one side receives."""
    return Inflater(
        agreed.server_max_window_bits if is_client else agreed.client_max_window_bits,
        takeover=not (agreed.server_no_context_takeover if is_client else agreed.client_no_context_takeover),
    )
