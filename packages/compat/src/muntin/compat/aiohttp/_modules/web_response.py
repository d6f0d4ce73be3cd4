"""`aiohttp.web_response`: responses.

aiohttp-sse derives from `StreamResponse`, and reads its request and its writer by their private names.
"""

from typing import Any

from muntin import web
from muntin.web import ContentCoding, Response, json_bytes_response, json_response

__all__ = ["ContentCoding", "Response", "StreamResponse", "json_bytes_response", "json_response"]


class _AnyStreamResponse(type(web.StreamResponse)):  # type: ignore[misc]  # the metaclass, whatever it is
    """Makes every response of ours an instance of the class that plugins know."""

    def __instancecheck__(cls, instance: object) -> bool:
        return cls.__subclasscheck__(type(instance))

    def __subclasscheck__(cls, subclass: type) -> bool:
        # By its order of bases: the class of ours asks its subclasses, of which this is one.
        return (web.StreamResponse if cls.__module__ == __name__ else cls) in subclass.__mro__


class _Writer:
    """Where a response is written to, as far as plugins use it.

    Args:
        response: the response, which has sent its head.
    """

    def __init__(self, response: "StreamResponse") -> None:
        self._response = response

    @property
    def transport(self) -> Any:
        """The transport of the connection; None when the peer is gone."""
        request = self._response._req  # noqa: SLF001 - of this module
        return None if request is None else request.transport

    @property
    def output_size(self) -> int:
        """How many bytes of the body were sent."""
        return self._response.body_length

    async def write(self, data: bytes) -> None:
        """Send a part of the body."""
        await self._response.write(data)

    async def drain(self) -> None:
        """Wait until the peer has taken enough of what was sent."""
        await self._response.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the rest of the body."""
        await self._response.write_eof(data)


class StreamResponse(web.StreamResponse, metaclass=_AnyStreamResponse):
    """A response whose body is written piece by piece; the arguments are those of `muntin.web`."""

    _req: Any = None
    """The request; None before `prepare`."""
    _payload_writer: _Writer | None = None
    """Where the body goes; None before `prepare`."""

    async def prepare(self, request: Any) -> _Writer:  # type: ignore[override]  # ours returns nothing
        """Send the head, and return where the body goes; aiohttp-asgi writes there."""
        self._req = request
        await super().prepare(request)
        if self._payload_writer is None:
            self._payload_writer = _Writer(self)
        return self._payload_writer
