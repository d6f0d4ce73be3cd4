"""`StreamResponse`: a head, and a body that is written piece by piece.

It describes and asks the exchange to send. It knows nothing of framing: the exchange makes of the pieces what the
peer understands.
"""

import asyncio
import warnings
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import NoneType
from typing import Any, Final, Protocol

from multidict import CIMultiDict

from muntin.http_core import ResponseHead, forbids_body
from muntin.runner import Exchange
from muntin.web.response.compression import Compression, ContentCoding
from muntin.web.response.eager import DONE, Eager
from muntin.web.response.head import ResponseFields, checked_reason, checked_status
from muntin.web.response.headers import CheckedHeaders, LooseHeaders
from muntin.web.response.packet_mode import PacketMode

__all__ = ["HARD_BUFFER_LIMIT", "Answerable", "PrepareSignal", "StreamResponse"]

HARD_BUFFER_LIMIT: Final = 16 << 20
"""Bytes that may wait for a peer that does not read before another `write` cuts the connection. Who awaits his
writes never comes near it.
"""

PrepareSignal = Callable[[Any, Any], Awaitable[None]]
"""Called with request and response when the head is about to be sent."""


class Answerable(Protocol):
    """What a response needs of the request that it answers."""

    @property
    def exchange(self) -> Exchange: ...

    @property
    def prepare_signals(self) -> Sequence[PrepareSignal]: ...


class StreamResponse(ResponseFields):
    """A response whose body is written while it is sent, and a mapping for what others ought to know.

    Args:
        status: the status code.
        reason: the reason phrase; None for the registered one.
        headers: fields, as a mapping, a multidict or pairs.

    Raises:
        ValueError: something has a character that it may not have.
    """

    _packet_mode = PacketMode.NODELAY

    def __init__(
        self, *, status: int = 200, reason: str | None = None, headers: LooseHeaders | None = None
    ) -> None:
        self._begin(status, reason, headers)

    def _begin(self, status: int, reason: str | None, headers: LooseHeaders | None) -> None:
        # The head:
        self._status = status if status.__class__ is int and 200 <= status <= 999 else checked_status(status)
        self._reason = reason if reason is None else checked_reason(reason)
        self._content_type = None
        self._headers = None
        self._cookies = None
        self._stored = None
        # The body:
        self._exchange: Exchange | None = None
        """The exchange that this answers, from the sending of the head on."""
        self._compression: Compression | None = None
        self._trailers: CIMultiDict[str] | None = None
        self._is_chunked = False
        self._is_last = False
        self._is_unusual = False
        """Whether sending takes more than a head and a body: closing, a coding, trailers."""
        self._body_length = 0
        if headers is not None:
            self._headers = CheckedHeaders(headers)

    # What is known

    @property
    def prepared(self) -> bool:
        """Whether the head was sent."""
        return self._exchange is not None

    @property
    def finished(self) -> bool:
        """Whether the whole answer was sent."""
        return self._exchange is not None and self._exchange.is_finished

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection serves another request after this; None when that is not decided here."""
        if self._is_last:
            return False
        return None if self._exchange is None else self._exchange.keeps_alive

    @property
    def chunked(self) -> bool:
        """Whether `enable_chunked_encoding` was called."""
        return self._is_chunked

    @property
    def body_length(self) -> int:
        """Bytes of the body sent so far, as they go out: after any compression."""
        return self._body_length

    @property
    def output_length(self) -> int:
        """The same, by its other name: what frames the body is the protocol's business."""
        return self._body_length

    @property
    def task(self) -> "asyncio.Task[Any] | None":
        """The task that answers the request, when it is asked for by the handler; None before the head was sent."""
        return None if self._exchange is None else asyncio.current_task()

    # What can be asked for

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Set the status code, and the reason phrase: the registered one for None.

        Raises:
            ValueError: not a status of an answer, or a reason with control characters.
            RuntimeError: the head was sent.
        """
        if self._exchange is not None:
            raise RuntimeError("the status was sent: set it before prepare()")
        super().set_status(status, reason)

    def force_close(self) -> None:
        """Let this be the last answer on its connection."""
        self._is_last = self._is_unusual = True

    def enable_chunked_encoding(self, chunk_size: int | None = None) -> None:
        """Say that the length is not known beforehand.

        The protocol frames such a body by itself, so this only takes care that no length was declared.

        Args:
            chunk_size: an older argument without a meaning: chunks are the pieces that are written.

        Raises:
            RuntimeError: a Content-Length was set.
        """
        if chunk_size is not None:
            warnings.warn(
                "chunks are the pieces that are written: leave chunk_size out",
                DeprecationWarning,
                stacklevel=2,
            )
        if self._headers is not None and "Content-Length" in self._headers:
            raise RuntimeError("chunked encoding and a Content-Length exclude each other")
        self._is_chunked = self._is_unusual = True

    @property
    def compression(self) -> bool:
        """Whether `enable_compression` was called."""
        return self._compression is not None

    def enable_compression(
        self,
        force: bool | ContentCoding | None = None,
        strategy: int | None = None,
        *,
        level: int | None = None,
    ) -> None:
        """Compress the body by the coding that the client likes best: zstd, br, gzip or deflate.

        Args:
            force: this coding, whatever the client accepts; True for deflate.
            strategy: how zlib looks for repetition, such as `zlib.Z_FILTERED`, where the coding is gzip or deflate.
            level: from fast to small; the range is the coding's own.

        Raises:
            TypeError: `force` is something else than a `ContentCoding` or a bool.
        """
        if not isinstance(force, (ContentCoding, bool, NoneType)):
            raise TypeError(f"a coding is a ContentCoding, not {force!r}")
        if force is True:
            force = ContentCoding.deflate
        zlib_strategy = zlib.Z_DEFAULT_STRATEGY if strategy is None else strategy
        self._compression = Compression(force or None, level, zlib_strategy)
        self._is_unusual = True

    @property
    def trailers(self) -> CIMultiDict[str]:
        """Fields to send after the body, where the protocol can carry them (RFC 9110 §6.5)."""
        if self._trailers is None:
            self._trailers = CheckedHeaders()
            self._is_unusual = True
        return self._trailers

    # Sending the head

    async def prepare(self, request: Any) -> None:
        """Send the head, after the signals of the application have seen it; once only.

        Raises:
            LocalProtocolError: the head holds what must not be sent.
            ConnectionResetError: the peer is gone.
            RuntimeError: this response has answered another request.
        """
        if self._check_fresh(request):
            await self._settle(request)
            self._start(request.exchange)

    def _check_fresh(self, request: Answerable) -> bool:
        """Tell whether the head is still to be sent."""
        if self._exchange is None:
            return True
        if self._exchange is not request.exchange:
            raise RuntimeError(f"{self!r} has answered another request already: make one for each")
        return False

    async def _settle(self, request: Answerable) -> None:
        """Decide everything about the head."""
        if request.prepare_signals:
            self._put_defaults()
            for signal in request.prepare_signals:
                await signal(request, self)
        self._negotiate(request.exchange)

    def _negotiate(self, exchange: Exchange) -> None:
        if self._compression is not None:
            lines = exchange.head.get_all(b"accept-encoding")
            accepted = b", ".join(lines).decode("latin-1") if lines else None
            self._compression.apply(accepted, self.headers, status=self._status, is_empty=self._is_empty())
        if self._is_last:
            exchange.close_after()

    def _is_empty(self) -> bool:
        """Return whether it is known that there is no content (RFC 9110 §15.3.6 for 205)."""
        return forbids_body(self._status) or self._status == 205 or self.content_length == 0

    def _start(self, exchange: Exchange) -> None:
        """Send the head of a streamed body."""
        exchange.start(ResponseHead(self._status, self._fields_to_send(), self._reason))
        self._exchange = exchange
        self._open_encoder()
        if "_packet_mode" in self.__dict__:
            self._packet_mode.apply(exchange.peer)

    def _open_encoder(self) -> None:
        if self._compression is not None:
            self._compression.open()

    # Sending the body

    def _require_open(self) -> Exchange:
        exchange = self._exchange
        if exchange is None:
            raise RuntimeError("nothing can be written before prepare()")
        if exchange.is_finished:
            raise RuntimeError("nothing can be written after write_eof()")
        return exchange

    def write(self, data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
        """Queue a piece of the body, now; awaiting the result waits until there is room for more.

        With a coding, too, the peer can read each piece as soon as it arrives: none waits for others.

        Raises:
            TypeError: not bytes.
            RuntimeError: before `prepare` or after `write_eof`.
            LocalProtocolError: more than Content-Length declares.
            ConnectionResetError: the peer is gone, or was cut off: it does not read, and nobody awaited.
        """
        exchange = self._require_open()
        self._write(exchange, data, is_last=False)
        return Eager(exchange.drain) if exchange.write_buffer_size else DONE

    def _write(self, exchange: Exchange, data: bytes | bytearray | memoryview, *, is_last: bool) -> None:
        if data.__class__ is not bytes:
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(f"a body is made of bytes, not of {type(data).__name__}")
            data = bytes(data)
        if not data:
            return
        if self._compression is not None and self._compression.encoder is not None:
            encoder = self._compression.encoder
            # The last piece is flushed by the end, which costs nothing of the compression.
            data = encoder.encode(data) if is_last else encoder.encode(data) + encoder.flush()
            if not data:
                return
        if exchange.write_buffer_size > HARD_BUFFER_LIMIT:
            exchange.abort()
            raise ConnectionResetError("cut off: the peer does not read, and nobody waited for it")
        exchange.send(data)
        self._body_length += len(data)

    def drain(self) -> Coroutine[Any, Any, None]:
        """Wait until there is room for more.

        Raises:
            ConnectionResetError: when awaited: the peer is gone.
        """
        exchange = self._exchange
        return Eager(exchange.drain) if exchange is not None and exchange.write_buffer_size else DONE

    def write_eof(self, data: bytes = b"") -> Coroutine[Any, Any, None]:
        """Write the last piece and end the body, now; awaiting the result waits until there is room.

        Raises:
            TypeError, RuntimeError, LocalProtocolError, ConnectionResetError: as `write`.
            LocalProtocolError: less than Content-Length declares: the connection is cut.
        """
        if self.finished:
            return DONE
        exchange = self._require_open()
        if data:
            self._write(exchange, data, is_last=True)
        self._end(exchange)
        return Eager(exchange.drain) if exchange.write_buffer_size else DONE

    def _end(self, exchange: Exchange) -> None:
        if self._compression is not None and self._compression.encoder is not None:
            rest = self._compression.encoder.finish()
            if rest:
                exchange.send(rest)
                self._body_length += len(rest)
        exchange.finish(list((self._trailers or {}).items()))
        if "_packet_mode" in self.__dict__:
            PacketMode.NODELAY.apply(exchange.peer)

    # What the application calls

    def deliver_nowait(self, request: Any) -> bool:
        """Send everything, if nothing has to be waited for; tell whether that was so.

        Raises:
            RuntimeError: this response has answered another request.
            LocalProtocolError, ConnectionResetError: as `prepare`.
        """
        return not self._check_fresh(request) and self.finished

    async def deliver(self, request: Any) -> None:
        """Send what of head and body was not sent yet.

        Raises:
            RuntimeError, LocalProtocolError, ConnectionResetError: as `prepare`.
        """
        await self.prepare(request)
        if not self.finished:
            await self.write_eof()

    # Packets

    @property
    def tcp_nodelay(self) -> bool:
        """Whether small pieces are sent at once."""
        return self._packet_mode is PacketMode.NODELAY

    @property
    def tcp_cork(self) -> bool:
        """Whether only full packets are sent until the body ends."""
        return self._packet_mode is PacketMode.CORK

    def set_tcp_nodelay(self, value: bool) -> None:
        """Switch Nagle's algorithm off, or on again; either also ends `tcp_cork`."""
        self._set_packet_mode(PacketMode.NODELAY if value else self._without(PacketMode.NODELAY))

    def set_tcp_cork(self, value: bool) -> None:
        """Hold back packets that are not full, or send them again; the former also ends `tcp_nodelay`.

        Where the system cannot, Nagle's algorithm is all there is.
        """
        self._set_packet_mode(PacketMode.CORK if value else self._without(PacketMode.CORK))

    def _without(self, mode: PacketMode) -> PacketMode:
        return PacketMode.NAGLE if self._packet_mode is mode else self._packet_mode

    def _set_packet_mode(self, mode: PacketMode) -> None:
        self._packet_mode = mode
        if self._exchange is not None:
            mode.apply(self._exchange.peer)

    def __repr__(self) -> str:
        state = "finished" if self.finished else "prepared" if self.prepared else "not prepared"
        return f"<{type(self).__name__} {self._status} {self.reason} {state}>"
