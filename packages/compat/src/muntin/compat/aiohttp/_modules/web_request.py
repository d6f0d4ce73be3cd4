"""`aiohttp.web_request`: requests, with what plugins and tests reach for.

aiohttp-sse reads `request.protocol`. The constructor that takes a message parsed elsewhere is called by
`aiohttp.test_utils.make_mocked_request`, which the tests of most plugins use.
"""

from typing import Any, Final

from muntin import web
from muntin.compat.aiohttp._modules._message import make_exchange
from muntin.compat.aiohttp._modules.web_protocol import Protocol, Writer
from muntin.http_core.headers.etags import ETag
from muntin.web import FileField
from muntin.web.content import CLIENT_MAX_FIELDS, CLIENT_MAX_SIZE

__all__ = ["BaseRequest", "ETag", "FileField", "Request"]

_FILE_SPOOL_MAX_SIZE: Final = 1024 * 1024
"""How much of an uploaded file is kept in memory (bytes)."""


class BaseRequest(web.BaseRequest):
    """A request without an application.

    Args:
        exchange: what the server made; or a parsed message, and then `parts` are those of aiohttp.
        parts: the largest body (bytes) and the most fields of a form; or of a message: its body, its protocol, the
            writer of the response, its task and the loop, of which the first two are used.
        client_max_size: the largest body that is read whole (bytes).
        client_max_fields: the most fields that a form may have.
        state: the values of the request.
        scheme: replaces that of the connection, as `host` and `remote` do.
        host: replaces that of the head.
        remote: replaces the address of the peer.
    """

    def __init__(
        self,
        exchange: Any,
        *parts: Any,
        client_max_size: int = CLIENT_MAX_SIZE,
        client_max_fields: int = CLIENT_MAX_FIELDS,
        state: dict[Any, Any] | None = None,
        scheme: str | None = None,
        host: str | None = None,
        remote: str | None = None,
    ) -> None:
        self._protocol: Any = None
        self._task: Any = None
        if len(parts) > _LIMITS:
            stream, self._protocol, _, self._task, *_ = parts
            exchange = make_exchange(exchange, stream, self._protocol)
        elif parts:
            client_max_size, client_max_fields = parts
        super().__init__(exchange, client_max_size, client_max_fields)
        if state:
            self.update(state)
        if scheme or host or remote:
            self.trust_forwarded(scheme=scheme, host=host, remote=remote)

    @property
    def protocol(self) -> Any:
        """The connection, as far as plugins use it."""
        if self._protocol is None:
            self._protocol = Protocol(self)
        return self._protocol

    @property
    def writer(self) -> Any:
        """Where a response to an expectation is written; aiohttp-asgi sends its 100 (Continue) there."""
        return Writer(self.exchange)

    @property
    def task(self) -> Any:
        """The task of the handler."""
        return self._task or super().task


class Request(BaseRequest, web.Request):
    """A request of an application; the arguments are those of `BaseRequest`."""


_LIMITS: Final = 2
"""How many positional arguments a server passes besides the exchange."""
