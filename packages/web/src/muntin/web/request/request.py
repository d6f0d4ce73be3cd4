"""`Request`: the argument of a handler.

It reads an exchange by its parts in `_request`: the head (`fields`), the addresses (`address`) and the body
(`reading`). It is a mapping for middlewares and handlers, and lives as long as its exchange.
"""

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from multidict import CIMultiDictProxy
from yarl import URL

from muntin.http_core import RequestHead
from muntin.http_core import headers as families
from muntin.runner import Exchange
from muntin.web.content import CLIENT_MAX_FIELDS, CLIENT_MAX_SIZE
from muntin.web.keys import RequestKey
from muntin.web.request.address import (
    build_absolute_url,
    check_host,
    format_local_host,
    host_of_target,
    ip_of,
)
from muntin.web.request.fields import decode_fields
from muntin.web.request.reading import RequestReading
from muntin.web.request.replaced_head import replace_head
from muntin.web.response.exceptions import HTTPBadRequest
from muntin.web.response.headers import LooseHeaders, check_fields
from muntin.web.response.json import DEFAULT_CODEC, JSON, JSONCodec, json_response
from muntin.web.response.served_request import EndUpgraded, PrepareSignal
from muntin.web.response.whole import Response
from muntin.web.routing.match_info import describe_match
from muntin.web.storage import Storage

if TYPE_CHECKING:
    from muntin.router import Match
    from muntin.web.app.application import Application
    from muntin.web.routing._pipeline import Pipeline
    from muntin.web.routing.match_info import UrlMappingMatchInfo

__all__ = ["BaseRequest", "Request", "keep_encoded"]

AnyRequest = TypeVar("AnyRequest", bound="BaseRequest")


class _Replaced(NamedTuple):
    """The values that `trust_forwarded` set in place of those of the connection."""

    scheme: str | None = None
    host: str | None = None
    remote: str | None = None
    prefix: str = ""


_NOTHING_REPLACED = _Replaced()


class BaseRequest(RequestReading, Storage):
    """A request, without an application: it is made for each exchange, so values are computed when they are first used.

    Args:
        exchange: from the protocol below.
        client_max_size: the largest body that is read whole (bytes); 0 for any size.
        client_max_fields: the most fields that a form may have.
    """

    __slots__ = ("__weakref__", "_end_upgraded", "_original", "_replaced", "_stored", "prepare_signals")
    _key_type = RequestKey

    def __init__(
        self,
        exchange: Exchange,
        client_max_size: int = CLIENT_MAX_SIZE,
        client_max_fields: int = CLIENT_MAX_FIELDS,
    ) -> None:
        # Of the connection:
        self.exchange = exchange
        self.client_max_size = client_max_size
        self.client_max_fields = client_max_fields
        self.prepare_signals: Sequence[PrepareSignal] = ()
        """Called before a response sends its head, those of the outer application first."""
        self._end_upgraded: EndUpgraded | None = None
        self._original: BaseRequest | None = None
        """The request that this is a copy of."""
        self._replaced: _Replaced = _NOTHING_REPLACED
        self._stored: dict[Any, Any] | None = None
        # Of the head, and computed when first used:
        self._head = head = exchange.head
        self.method = head.method
        self._target = None
        self._rel_url = None
        self._query = None
        self._headers = None
        self._media_type = None
        self._cookies = None
        # Of the body:
        self._content = None
        self._whole = None
        self._post = None

    def _open_storage(self) -> dict[Any, Any]:
        stored = self._stored
        if stored is None:
            stored = self._stored = {}
        return stored

    # Addresses

    @property
    def scheme(self) -> str:
        """``https`` under TLS and else ``http``: by the connection, not by the target."""
        return self._replaced.scheme or ("https" if self.exchange.peer.is_secure else "http")

    @property
    def secure(self) -> bool:
        """True if the scheme is ``https``."""
        return self.scheme == "https"

    @property
    def host(self) -> str:
        """The host that the peer named, with its port if there is one; else our own address."""
        if self._replaced.host is not None:
            return self._replaced.host
        raw = self._head.get(b"host")
        if raw:
            return raw.decode("ascii", "surrogateescape")
        return host_of_target(self._head.target) or format_local_host(self.exchange.peer.local_address)

    @property
    def remote(self) -> str | None:
        """The peer's IP address; None where the connection has none."""
        return self._replaced.remote or ip_of(self.exchange.peer.address)

    @property
    def prefix(self) -> str:
        """The path below which a proxy publishes the application, such as ``/shop``; empty without a trusted one.

        It is part of `url`, and of no other path here: routes are matched without it. Put it before the paths of links.
        """
        return self._replaced.prefix

    @property
    def url(self) -> URL:
        """The requested URL, of `scheme`, `host`, `prefix` and target.

        Raises:
            HTTPBadRequest: the peer named a malformed port, or a host that cannot be decoded (a malformed ``xn--``
                label).
        """
        try:
            return build_absolute_url(self.scheme, self.host, self.method, self.target, self.prefix)
        except ValueError:
            raise HTTPBadRequest(text="400: malformed Host") from None

    @property
    def forwarded(self) -> tuple[Mapping[str, str], ...]:
        """The elements of Forwarded (RFC 7239), that of the nearest proxy last; any client can forge them.

        Each has those of ``by``, ``for``, ``host`` and ``proto`` that were sent and are well-formed. Of a longer
        field, only the last 32 elements.
        """
        text = self.get_field("forwarded")
        if text is None:
            return ()
        elements = [*islice(families.forwarded.walk_forwarded(text), families.forwarded.MAX_HOPS)]
        return tuple(_describe_hop(element) for element in reversed(elements))

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The fields behind a chunked body (RFC 9110 §6.5), once that was read; never merged into `headers`."""
        return decode_fields(self.exchange.body.trailers)

    # The connection

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport of the connection; None when the peer is gone. Bytes written to it are sent as they are."""
        transport: asyncio.Transport = self.exchange.peer.transport
        return None if self.exchange.is_disconnected else transport

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return extra information of the transport: "peername", "sslcontext", "socket" …"""
        return self.exchange.peer.get_extra_info(name, default)

    @property
    def keep_alive(self) -> bool:
        """True if the peer lets the connection persist."""
        return self._head.keep_alive

    @property
    def task(self) -> "asyncio.Task[Any] | None":
        """The current task, which is that of the request inside of its handler."""
        return asyncio.current_task()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running event loop."""
        return asyncio.get_running_loop()

    async def wait_for_disconnection(self) -> None:
        """Wait until the peer goes away."""
        await self.exchange.wait_disconnected()

    def send_informational(self, status: int = 103, headers: LooseHeaders = ()) -> None:
        """Send an interim response, such as 103 with Link fields for the client to load early (RFC 8297).

        Nothing is sent to clients of HTTP/1.0.

        Args:
            status: 100, or 102 to 199.
            headers: its fields.

        Raises:
            ValueError: a field has a forbidden character.
            LocalProtocolError: the status is another one, or the response has begun.
            ConnectionResetError: the peer is gone.
        """
        fields = list(headers.items() if isinstance(headers, Mapping) else headers)
        check_fields(fields)
        self.exchange.inform(status, fields)

    def trust_forwarded(
        self,
        *,
        scheme: str | None = None,
        host: str | None = None,
        remote: str | None = None,
        prefix: str | None = None,
    ) -> None:
        """Replace the addresses of the connection by those that a trusted proxy named; None keeps a value.

        Raises:
            ValueError: not a host.
        """
        known = self._replaced
        self._replaced = _Replaced(
            scheme or known.scheme,
            known.host if host is None else check_host(host),
            remote or known.remote,
            known.prefix if prefix is None else prefix,
        )

    @property
    def end_upgraded(self) -> EndUpgraded | None:
        """Ends the protocol that the exchange was upgraded to, when the handler has failed; None while it is HTTP."""
        return self._end_upgraded

    @end_upgraded.setter
    def end_upgraded(self, end: EndUpgraded | None) -> None:
        self._end_upgraded = end
        if self._original is not None:  # which the server has, where the handler got the copy
            self._original.end_upgraded = end

    # Copies

    def clone(
        self,
        *,
        method: str | None = None,
        rel_url: URL | str | None = None,
        headers: LooseHeaders | None = None,
        scheme: str | None = None,
        host: str | None = None,
        remote: str | None = None,
        client_max_size: int | None = None,
        client_max_fields: int | None = None,
    ) -> Self:
        """Return a copy with some values replaced, for middlewares that know the proxies in front.

        Body and storage are those of the original: the body can be read once, by either.

        Raises:
            RuntimeError: the body was read already.
            ValueError: not a host, a path that does not begin with a slash, or a field has a forbidden character.
        """
        if self._is_read:
            raise RuntimeError("a request cannot be cloned after its body was read")
        duplicate = copy(self)
        duplicate._replace(replace_head(self._head, method, rel_url, headers), original=self)
        duplicate.trust_forwarded(scheme=scheme, host=host, remote=remote)
        if client_max_size is not None:
            duplicate.client_max_size = client_max_size
        if client_max_fields is not None:
            duplicate.client_max_fields = client_max_fields
        return duplicate

    def _replace(self, head: RequestHead, *, original: "BaseRequest") -> None:
        """Replace the head, and drop the values that were computed from it."""
        self._original = original
        self._head = head
        self.method = head.method
        self._target = self._rel_url = self._query = self._headers = self._media_type = self._cookies = None
        self._stored = None if self._stored is None else dict(self._stored)

    def __repr__(self) -> str:
        path = self.target.path.encode("ascii", "backslashreplace").decode("ascii")
        return f"<{type(self).__name__} {self.method} {path}>"


class Request(BaseRequest):
    """A request that the router of an application has matched."""

    __slots__ = ("_match", "_match_info", "_pipeline")

    _match: "Match[Any]"
    _pipeline: "Pipeline"
    _match_info: "UrlMappingMatchInfo | None"
    """Made of the match and the pipeline when it is first used: most handlers of plain paths never do."""

    def bind(self, match: "Match[Any]", pipeline: "Pipeline") -> None:
        """Set the match of the router and the pipeline that belongs to it."""
        self._match = match
        self._pipeline = pipeline
        self._match_info = None
        self.prepare_signals = pipeline.prepare_signals

    def bind_info(self, match_info: "UrlMappingMatchInfo") -> None:
        """Set match info that was made by another way than the router's, and the signals of its applications."""
        self._match_info = match_info
        self.prepare_signals = match_info.prepare_signals

    @property
    def match_info(self) -> "UrlMappingMatchInfo":
        """The result of matching: a mapping of the path's variables.

        Raises:
            RuntimeError: the request was not matched.
        """
        try:
            info = self._match_info
        except AttributeError:
            raise RuntimeError("this request was not matched by a router") from None
        if info is None:
            # The method of the exchange, as a copy may have another one.
            method = self.exchange.head.method
            info = self._match_info = describe_match(self._match, method, self._pipeline)
        return info

    @property
    def app(self) -> "Application":
        """The application whose handler or middleware is running."""
        try:
            info = self._match_info
        except AttributeError:
            info = self.match_info  # which says what is wrong
        # While nobody has asked for match info, no inner application has begun.
        app: Application = self._pipeline.app if info is None else info.current_app
        return app

    def _replace(self, head: RequestHead, *, original: BaseRequest) -> None:
        super()._replace(head, original=original)
        if isinstance(original, Request) and hasattr(original, "_match_info"):
            # One for both, as it knows whose middleware is running.
            self._match_info = original.match_info

    @property
    def config_dict(self) -> Mapping[Any, Any]:
        """The values of the applications, looked up from the one that matched outwards; read-only."""
        return self.match_info.config_dict

    def _codec(self) -> JSONCodec:
        try:
            info = self._match_info
        except AttributeError:
            return DEFAULT_CODEC
        for app in reversed(self._pipeline.apps if info is None else info.apps):
            # Of an application that a test made up, any key has a value.
            if isinstance(codec := app.get(JSON), JSONCodec):
                return codec
        return DEFAULT_CODEC

    def json_response(self, data: Any, **kwargs: Any) -> Response:
        """Make a response of a value by the encoder of the application (`web.JSON`).

        Args:
            data: the value.
            kwargs: as `muntin.web.json_response`.
        """
        encoded = self._codec().dumps(data)
        if isinstance(encoded, str):
            return json_response(text=encoded, **kwargs)
        return json_response(body=encoded, **kwargs)


def _describe_hop(element: "families.forwarded.ForwardedElement | None") -> Mapping[str, str]:
    if element is None:
        return {}
    said = {
        "by": element.by and families.forwarded.format_node(element.by),
        "for": element.for_ and families.forwarded.format_node(element.for_),
        "host": element.host,
        "proto": element.proto,
    }
    return {name: value for name, value in said.items() if value is not None}


def keep_encoded(kind: type[AnyRequest]) -> type[AnyRequest]:
    """Make a class of requests whose bodies are returned in their content codings, as they were sent."""
    return type(
        f"Encoded{kind.__name__}", (kind,), {"__slots__": (), "__module__": __name__, "_decodes": False}
    )
