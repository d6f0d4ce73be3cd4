"""`StreamResponse`: a head, and a body that is written piece by piece.

It describes, and `delivery` sends. How the body is framed is up to the exchange.
"""

import asyncio
import warnings
import zlib
from collections.abc import Coroutine
from types import NoneType
from typing import Any, ClassVar

from multidict import CIMultiDict

from muntin.web.response.body import Body, BodyData, BodyKind
from muntin.web.response.compression import Compression, ContentCoding
from muntin.web.response.delivery import BodyWriter, Deliverable
from muntin.web.response.eager import DONE
from muntin.web.response.headers import CheckedHeaders, LooseHeaders
from muntin.web.response.overriding import standard
from muntin.web.response.packet_mode import PacketMode

__all__ = ["StreamResponse"]


class StreamResponse(Deliverable):
    """A response whose body is written while it is sent, and a mapping for what others ought to know.

    Args:
        status: the status code.
        reason: the reason phrase; None for the registered one.
        headers: fields, as a mapping, a multidict or pairs.

    Raises:
        ValueError: something has a character that it may not have.
    """

    _usual_packet_mode: ClassVar[PacketMode] = PacketMode.NODELAY

    def __init__(
        self, *, status: int = 200, reason: str | None = None, headers: LooseHeaders | None = None
    ) -> None:
        super().__init__(status, reason, headers)

    def _describe_body(self) -> Body:
        return BodyKind.WRITTEN

    # How far it is

    @property
    def prepared(self) -> bool:
        """True if the head was sent."""
        return self._exchange is not None

    @property
    def finished(self) -> bool:
        """True if the whole response was sent."""
        return self._exchange is not None and self._exchange.is_finished

    @property
    def keep_alive(self) -> bool | None:
        """True if the connection serves another request after this one; None while that is not decided."""
        if self._options.closes:
            return False
        return None if self._exchange is None else self._exchange.keeps_alive

    @property
    def body_length(self) -> int:
        """Bytes of the body sent so far, as they go out: after any compression."""
        return self._whole_length if self._writer is None else self._writer.length

    @property
    def output_length(self) -> int:
        """The same by its other name: the bytes that frame the body are the protocol's business."""
        return self.body_length

    @property
    def task(self) -> "asyncio.Task[Any] | None":
        """The task that responds to the request, if the handler asks for it; None before the head was sent."""
        return None if self._exchange is None else asyncio.current_task()

    # What can be asked for

    def force_close(self) -> None:
        """Make this the last response on its connection."""
        self._ask(closes=True)

    @property
    def chunked(self) -> bool:
        """True if `enable_chunked_encoding` was called."""
        return self._options.is_chunked

    def enable_chunked_encoding(self, chunk_size: int | None = None) -> None:
        """Declare that the length is not known beforehand.

        The protocol frames such a body by itself, so this only makes sure that no length was declared.

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
        self._ask(is_chunked=True)

    @property
    def compression(self) -> bool:
        """True if `enable_compression` was called."""
        return self._options.compression is not None

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
        self._ask(compression=Compression(force or None, level, zlib_strategy))

    @property
    def trailers(self) -> CIMultiDict[str]:
        """Fields to send after the body, where the protocol can carry them (RFC 9110 §6.5)."""
        trailers = self._options.trailers
        if trailers is None:
            trailers = CheckedHeaders()
            self._ask(trailers=trailers)
        return trailers

    # Sending by hand

    @standard
    async def prepare(self, request: Any) -> None:
        """Send the head, after the signals of the application have seen it; once only.

        Raises:
            LocalProtocolError: the head holds what must not be sent.
            ConnectionResetError: the peer is gone.
            RuntimeError: this response was sent to another request.
        """
        if self._is_fresh(request):
            await self._complete_head(request)
            self._start(request.exchange)

    def _require_writer(self) -> BodyWriter:
        if self._exchange is None:
            raise RuntimeError("nothing can be written before prepare()")
        if self._writer is None:
            raise RuntimeError("nothing can be written after write_eof()")
        return self._writer

    @standard
    def write(self, data: BodyData) -> Coroutine[Any, Any, None]:
        """Queue a piece of the body, now; awaiting the result waits until there is room for more.

        With a coding, too, the peer can read each piece as soon as it arrives: none waits for others.

        Raises:
            TypeError: `data` is not bytes.
            RuntimeError: before `prepare` or after `write_eof`.
            LocalProtocolError: more than Content-Length declares.
            ConnectionResetError: the peer is gone, or was cut off: it does not read, and nobody awaited.
        """
        return self._require_writer().write(data)

    def drain(self) -> Coroutine[Any, Any, None]:
        """Wait until there is room for more.

        Raises:
            ConnectionResetError: when awaited: the peer is gone.
        """
        return DONE if self._writer is None else self._writer.drain()

    @standard
    def write_eof(self, data: BodyData = b"") -> Coroutine[Any, Any, None]:
        """Write the last piece and end the body, now; awaiting the result waits until there is room.

        Raises:
            TypeError, RuntimeError, LocalProtocolError, ConnectionResetError: as `write`.
            LocalProtocolError: less than Content-Length declares: the connection is cut.
        """
        if self.finished:
            return DONE
        waiting = self._require_writer().finish(data, list((self._options.trailers or {}).items()))
        if self._options.packet_mode is not None and self._exchange is not None:
            PacketMode.NODELAY.apply(self._exchange.peer)
        return waiting

    # Packets

    @property
    def _packet_mode(self) -> PacketMode:
        return self._options.packet_mode or self._usual_packet_mode

    @property
    def tcp_nodelay(self) -> bool:
        """True if small pieces are sent at once."""
        return self._packet_mode is PacketMode.NODELAY

    @property
    def tcp_cork(self) -> bool:
        """True if only full packets are sent until the body ends."""
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
        self._ask(packet_mode=mode)
        if self._exchange is not None:
            mode.apply(self._exchange.peer)

    def __repr__(self) -> str:
        state = "finished" if self.finished else "prepared" if self.prepared else "not prepared"
        return f"<{type(self).__name__} {self._status} {self.reason} {state}>"
