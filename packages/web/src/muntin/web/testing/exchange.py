"""An exchange in memory: a request from bytes, and the response for a test.

It is the runner's exchange over the real engine, without sockets, so a test sees what a client would see, but for the
Date field. The peer does what the test says: send more, stop reading, go away.

```python
import asyncio

from muntin import web
from muntin.web.testing.exchange import MemoryExchange

exchange = MemoryExchange(b"GET /hello HTTP/1.1\\r\\nHost: example.org\\r\\n\\r\\n")
asyncio.run(web.Response(text="Hello").deliver(web.Request(exchange)))
assert exchange.answer.status == 200 and exchange.answer.body == b"Hello"
```
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from muntin.http_core import DEFAULT_LIMITS, Limits
from muntin.runner.carriers import Http1Exchange
from muntin.web.testing.carrier import MemoryCarrier
from muntin.web.testing.peer import MemoryPeer
from muntin.web.testing.response import TestResponse, parse_response

__all__ = ["MemoryExchange"]

if TYPE_CHECKING:
    _Seam = Http1Exchange
else:
    # The runner's exchange may be compiled, and then no interpreted class can inherit from it: what it has is looked up
    # in an instance.
    _Seam = object


class MemoryExchange(_Seam):
    """One request and its response: all of `muntin.runner.Exchange`, and what the peer does and sees.

    Args:
        request: the bytes of the request, or pieces of them; more can be fed later.
        peer: who sends it.
        limits: how much it may send.

    Raises:
        RemoteProtocolError: the head is refused, with the status of the response.
        ValueError: the head is not complete.
    """

    peer: MemoryPeer

    def __init__(
        self,
        request: bytes | Iterable[bytes] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        *,
        peer: MemoryPeer | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.peer = peer or MemoryPeer()
        self._carrier = MemoryCarrier(self.peer, limits)
        self._transport = self.peer.transport = self._carrier.transport
        self._exchange = self._carrier.begin([request] if isinstance(request, bytes) else list(request))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "_exchange":
                raise AttributeError(name)  # there is none if the head was refused
            return getattr(self._exchange, name)

    # What the peer does

    def feed(self, data: bytes) -> None:
        """Let the peer send more of its request, or bytes of another protocol after an upgrade."""
        self._transport.feed(data)

    def stall(self) -> None:
        """Let the peer stop reading."""
        self._transport.stall()

    def resume(self) -> None:
        """Let the peer read again."""
        self._transport.resume()

    def disconnect(self) -> None:
        """Let the peer go away."""
        self._transport.lose(ConnectionResetError("the peer is gone"))

    def shut_down(self) -> None:
        """Let the server begin to end its connections, which a connection after an upgrade may be waiting for."""
        self._carrier.shut_down()

    # What the peer sees

    @property
    def sent(self) -> bytes:
        """All bytes sent to the peer, as on the wire."""
        return b"".join(self._transport.writes)

    @property
    def writes(self) -> list[bytes]:
        """The same, write by write."""
        return self._transport.writes

    @property
    def answer(self) -> TestResponse:
        """The final response, parsed.

        Raises:
            ValueError: there is none, or it is not complete.
        """
        return parse_response(self.sent, self.head.method)
