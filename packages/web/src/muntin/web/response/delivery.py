"""Delivery: how a response is sent. Nothing else in web sends anything by an exchange.

A response describes its head (`MutableHead`), its body (`BodyKind`) and what else was asked for (`DeliveryOptions`).
`choose` decides from these, once a request, which way it goes; each way has one sender:

=======  ==================================================================
WHOLE    `Exchange.respond`: head and body in one write
FILE     `Exchange.respond_file`: the same with a file, by the kernel where it can
STREAM   `Exchange.start`, then a `BodyWriter`: `send`, `send_file`, `finish`
UPGRADE  `Exchange.upgrade`: the head, then another protocol
=======  ==================================================================
"""

from abc import abstractmethod
from collections.abc import Coroutine
from dataclasses import replace
from enum import Enum, auto
from typing import Any, Final

from muntin.http_core import Fields, ResponseHead, forbids_body
from muntin.http_core import coding as codings
from muntin.runner import Duplex, Exchange
from muntin.web.response.body import Body, BodyData, BodyKind, FileStretch, as_bytes, kind_of
from muntin.web.response.eager import DONE, Eager
from muntin.web.response.head import MutableHead
from muntin.web.response.options import NOTHING_ASKED, DeliveryOptions
from muntin.web.response.overriding import LEFT_TO_US, sends_by_itself, standard
from muntin.web.response.served_request import ServedRequest

__all__ = ["HARD_BUFFER_LIMIT", "BodyWriter", "Deliverable", "Way", "choose"]

HARD_BUFFER_LIMIT: Final = 16 << 20
"""Bytes that may wait for a peer that does not read before another `write` cuts the connection. A program that awaits
its writes never comes near it.
"""


# The decision


class Way(Enum):
    """The ways in which a response can be sent."""

    WHOLE = auto()
    FILE = auto()
    STREAM = auto()
    UPGRADE = auto()


_WAYS: Final = {
    #                         as it is     encoded
    BodyKind.BYTES:          (Way.WHOLE,   Way.WHOLE),
    BodyKind.FILE_IN_MEMORY: (Way.WHOLE,   Way.STREAM),
    BodyKind.FILE:           (Way.FILE,    Way.STREAM),
    BodyKind.PIECES:         (Way.STREAM,  Way.STREAM),
    BodyKind.WRITTEN:        (Way.STREAM,  Way.STREAM),
    BodyKind.SOCKET:         (Way.UPGRADE, Way.UPGRADE),
}  # fmt: skip


def choose(kind: BodyKind, *, is_encoded: bool, in_pieces: bool) -> Way:
    """Choose how a response is sent.

    Args:
        kind: what is known of the body.
        is_encoded: whether it gets a content coding on the way.
        in_pieces: whether a body that is known is to be sent as a stream all the same.
    """
    way = _WAYS[kind][is_encoded]
    return Way.STREAM if in_pieces and way is not Way.UPGRADE else way


_SET_BY_SENDING: Final = frozenset(("_coding", "_encoded", "_whole_length", "_writer"))


# The senders


class BodyWriter:
    """Writes the body of one response, encoded where a coding was chosen.

    Args:
        exchange: its head was sent.
        encoder: None for no coding.
    """

    __slots__ = ("_encoder", "_exchange", "length")

    def __init__(self, exchange: Exchange, encoder: "codings.encoder.ContentEncoder | None" = None) -> None:
        self._exchange = exchange
        self._encoder = encoder
        self.length = 0
        """Bytes sent so far, as they go out."""

    @property
    def method(self) -> str:
        """The method of the request."""
        return self._exchange.head.method

    def write(self, data: BodyData) -> Coroutine[Any, Any, None]:
        """Send a piece, now; awaiting the result waits until there is room for more.

        Raises:
            TypeError: `data` is not bytes.
            RuntimeError: after `finish`.
            LocalProtocolError: more than Content-Length declares.
            ConnectionResetError: the peer is gone, or was cut off, as it does not read and nobody waited for it.
        """
        if self._exchange.is_finished:
            raise RuntimeError("nothing can be written after write_eof()")
        data = as_bytes(data)
        if data and self._encoder is not None:
            # The peer can read each piece as soon as it arrives: the encoder keeps nothing back.
            data = self._encoder.encode(data) + self._encoder.flush()
        self._send(data)
        return self.drain()

    async def write_file(self, stretch: FileStretch) -> None:
        """Send a piece of a file as it is.

        Raises:
            LocalProtocolError, ConnectionResetError: as `Exchange.send_file`.
        """
        file, offset, length, chunk_size = stretch
        await self._exchange.send_file(file, offset, length, chunk_size=chunk_size)
        self.length += length

    def finish(self, data: BodyData = b"", trailers: Fields = ()) -> Coroutine[Any, Any, None]:
        """Send the last piece and end the body, now; awaiting the result waits until there is room.

        Raises:
            TypeError, LocalProtocolError, ConnectionResetError: as `write`.
            LocalProtocolError: less than Content-Length declares: the connection is cut.
        """
        data = as_bytes(data)
        if self._encoder is not None:
            # Not flushed before the end, which would cost some of the compression.
            data = (self._encoder.encode(data) if data else b"") + self._encoder.finish()
        self._send(data)
        self._exchange.finish(trailers)
        return self.drain()

    def _send(self, data: bytes) -> None:
        if not data:
            return
        exchange = self._exchange
        if exchange.write_buffer_size > HARD_BUFFER_LIMIT:
            exchange.abort()
            raise ConnectionResetError("cut off: the peer does not read, and nobody waited for it")
        exchange.send(data)
        self.length += len(data)

    def drain(self) -> Coroutine[Any, Any, None]:
        """Wait until there is room for more.

        Raises:
            ConnectionResetError: when awaited: the peer is gone.
        """
        return Eager(self._exchange.drain) if self._exchange.write_buffer_size else DONE


class Deliverable(MutableHead):
    """A head with a body, and how far its sending is. What the body is, subclasses say."""

    _body: Any = None
    """All of the body, where it is bytes."""
    _encoded: bytes | None = None
    """All of the body in its content coding, once it was encoded whole."""
    _options: DeliveryOptions = NOTHING_ASKED
    _coding: str | None = None
    """The content coding that was chosen for this request."""
    _writer: BodyWriter | None = None
    """Writes the body of a stream, from the sending of the head on."""
    _whole_length = 0
    """Bytes of a body that was sent at once."""

    # What subclasses describe

    @abstractmethod
    def _describe_body(self) -> Body:
        """Return what is known of the body: a kind, all of it where it is in a file, or how another protocol begins."""

    def _determine_body(self, request: ServedRequest) -> None:
        """Find out what the body is, where that depends on the request."""

    def _takes_long_to_encode(self) -> bool:
        """Return whether encoding the body is nothing for the event loop's thread."""
        return False

    async def _write_body(self, writer: BodyWriter) -> None:
        """Write what `write_eof` does not write."""

    # By hand

    @abstractmethod
    async def prepare(self, request: Any) -> None:
        """Send the head."""

    @abstractmethod
    def write(self, data: BodyData) -> Coroutine[Any, Any, None]:
        """Send a piece of the body."""

    @abstractmethod
    def write_eof(self, data: bytes = b"") -> Coroutine[Any, Any, None]:
        """Send what is left of the body, and end it."""

    # What the server calls

    def deliver_nowait(self, request: Any) -> bool:
        """Send everything, if nothing has to be waited for; return whether that was so.

        Raises:
            RuntimeError: this response was sent to another request.
            LocalProtocolError, ConnectionResetError: as `prepare`.
        """
        body = self._body
        if (
            body.__class__ is bytes
            and self._options is NOTHING_ASKED
            and self._exchange is None
            and not request.prepare_signals
            and self.__class__ in LEFT_TO_US
        ):
            # The first cell of the table, in as few steps as can be: most responses end here.
            exchange = request.exchange
            exchange.respond(self._whole_head(), body)
            self._exchange = exchange
            self._whole_length = len(body)
            return True
        return self._deliver_if_whole(request)

    def _deliver_if_whole(self, request: ServedRequest) -> bool:
        options = self._options
        if not self._is_fresh(request):
            return request.exchange.is_finished and not options.held
        if request.prepare_signals or sends_by_itself(type(self)):
            return False
        self._determine_body(request)
        # Whether the client accepts a coding is not known yet: sent at once is what goes out whole in either case.
        is_encoded = options.compression is not None
        way = choose(kind_of(self._describe_body()), is_encoded=is_encoded, in_pieces=options.in_pieces)
        if way is not Way.WHOLE or options.held or (is_encoded and self._takes_long_to_encode()):
            return False
        self._negotiate(request.exchange)
        if options.compression is not None and self._coding is not None:
            self._encoded = options.compression.encode(self._body or b"", self._coding)
        self._respond(request.exchange)
        return True

    @standard
    async def deliver(self, request: Any) -> None:
        """Send what of head and body was not sent yet.

        Raises:
            RuntimeError, LocalProtocolError, ConnectionResetError: as `prepare`.
        """
        try:
            if self._is_fresh(request) and not sends_by_itself(type(self)):
                await self._send(request)
            else:
                await self.prepare(request)
                if not request.exchange.is_finished:
                    await self.write_eof()
        finally:
            await self._close_held()

    async def _close_held(self) -> None:
        held = self._options.held
        if held:
            self._ask(held=())
            for payload in held:
                await payload.close()

    def _ask(self, **changes: Any) -> None:
        """Ask for something besides head and body."""
        self._options = replace(self._options, **changes)

    def _unsent(self) -> dict[str, Any]:
        """Return the attributes of this response as they were before it was sent."""
        kept = {name: value for name, value in self.__dict__.items() if name not in _SET_BY_SENDING}
        return {**kept, "_exchange": None}

    def _is_fresh(self, request: ServedRequest) -> bool:
        """Return whether the head is still to be sent.

        Raises:
            RuntimeError: it was sent to another request.
        """
        if self._exchange is None:
            return True
        if self._exchange is not request.exchange:
            raise RuntimeError(f"{self!r} was sent to another request already: make one for each")
        return False

    # The head

    async def _complete_head(self, request: ServedRequest) -> None:
        """Have the signals see the head, and decide what is left to decide about it."""
        if request.prepare_signals:
            self._put_defaults()
            for signal in request.prepare_signals:
                await signal(request, self)
        self._negotiate(request.exchange)

    def _negotiate(self, exchange: Exchange) -> None:
        options = self._options
        if options.compression is not None:
            lines = exchange.head.get_all(b"accept-encoding")
            accepted = b", ".join(lines).decode("latin-1") if lines else None
            self._coding = options.compression.negotiate(
                accepted, self.headers, status=self._status, is_empty=self._is_empty()
            )
        if options.closes:
            exchange.close_after()

    def _is_empty(self) -> bool:
        """Return whether it is known that there is no content (RFC 9110 §15.3.6 for 205)."""
        return forbids_body(self._status) or self._status == 205 or self.content_length == 0

    # One sender for each way

    async def _send(self, request: ServedRequest) -> None:
        """Send everything."""
        await self._complete_head(request)
        in_pieces = self._options.in_pieces
        body = self._describe_body()
        way = choose(kind_of(body), is_encoded=self._coding is not None, in_pieces=in_pieces)
        if way is Way.WHOLE:
            self._respond(request.exchange)
        elif way is Way.STREAM or isinstance(body, BodyKind):
            await self._write_body(self._start(request.exchange))
            await self.write_eof()
        elif isinstance(body, FileStretch):
            await self._send_file(request.exchange, body)
        else:
            body(self._upgrade(request.exchange), request)

    def _respond(self, exchange: Exchange) -> None:
        body: bytes = (self._body or b"") if self._encoded is None else self._encoded
        exchange.respond(self._whole_head(), body)
        self._exchange = exchange
        self._whole_length = len(body)

    async def _send_file(self, exchange: Exchange, stretch: FileStretch) -> None:
        file, offset, length, chunk_size = stretch
        self._exchange = exchange
        head = self._whole_head()
        await exchange.respond_file(head, file, offset, length, chunk_size=chunk_size)
        self._whole_length = length

    def _start(self, exchange: Exchange) -> BodyWriter:
        """Send the head of a body that is written piece by piece."""
        options = self._options
        exchange.start(ResponseHead(self._status, self._all_fields(), self._reason))
        self._exchange = exchange
        encoder = None
        if options.compression is not None and self._coding is not None and self._encoded is None:
            encoder = options.compression.make_encoder(self._coding)
        writer = self._writer = BodyWriter(exchange, encoder)
        if options.packet_mode is not None:
            options.packet_mode.apply(exchange.peer)
        return writer

    def _upgrade(self, exchange: Exchange) -> Duplex:
        """Send the head that ends HTTP on the connection, and return that."""
        duplex = exchange.upgrade(ResponseHead(self._status, self._all_fields(), self._reason))
        self._exchange = exchange
        return duplex
