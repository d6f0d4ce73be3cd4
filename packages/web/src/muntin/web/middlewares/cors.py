"""Cross-origin resource sharing (Fetch §3.3): which pages of other origins may read our responses.

It does not protect handlers: a request whose response may not be read was handled nevertheless, unless it needed a
preflight.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from multidict import CIMultiDict

from muntin.http_core.tokens import is_token
from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._amending import amend_response
from muntin.web.middlewares._names import check_collection
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPForbidden
from muntin.web.response.headers import check_fields
from muntin.web.response.stream import StreamResponse
from muntin.web.response.whole import Response

__all__ = ["cors_middleware"]

_ANY: Final = "*"
# As browsers write it (Fetch §3.2): lower case, a port that is not the default, nothing behind it.
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.\-]*://(?:[a-z0-9_.\-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS: Final = (("http://", ":80"), ("https://", ":443"))
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_MOST_HEADERS: Final = 64
"""Names that a preflight may ask for; scripts set a handful."""
_VARY_PREFLIGHT: Final = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")


def cors_middleware(
    origins: Iterable[str] | Callable[[str], bool],
    *,
    methods: Iterable[str] = _METHODS,
    headers: Iterable[str] = ("Content-Type", "Authorization"),
    exposed: Iterable[str] = (),
    credentials: bool = False,
    private_network: bool = False,
    max_age: int = 600,
) -> Middleware:
    """Make a middleware that lets pages of other origins read the responses, and responds to their preflights.

    The response to a preflight is made here, for any path: 204, or 403 if the request is not allowed.

    Args:
        origins: exact origins, such as ``https://example.com``; ``"*"`` for all; or a function that
            returns whether an origin, as it was sent, is allowed.
        methods: those that may be used.
        headers: request fields that may be set; ``"*"`` for all.
        exposed: response fields that may be read, besides the few that always may.
        credentials: whether requests may carry cookies and the like.
        private_network: whether pages of the public network may reach us in a private one.
        max_age: how long browsers may cache the response to a preflight (seconds).

    Raises:
        ValueError: an origin, method or field is malformed, or credentials are allowed for all origins.
    """
    allows = _read_origins(origins, credentials=credentials)
    is_open = origins == _ANY
    preflights = _Preflights(methods, headers, max_age, private_network=private_network)
    plain = CIMultiDict[str]()
    if credentials:
        plain["Access-Control-Allow-Credentials"] = "true"
    if names := _check_names(exposed):
        plain["Access-Control-Expose-Headers"] = ", ".join(names)

    @middleware
    async def share(request: Request, handler: Handler) -> StreamResponse:
        origin = request.get_field("Origin")
        is_allowed = origin is not None and allows(origin)

        def amend(response: StreamResponse) -> None:
            _vary(response.headers, ("Origin",))
            if origin is not None and is_allowed:
                response.headers["Access-Control-Allow-Origin"] = _ANY if is_open else origin
                response.headers.update(plain)

        if origin is None or not _is_preflight(request):
            return await amend_response(request, handler, amend)
        response = preflights.respond(request) if is_allowed else _refuse("this origin")
        amend(response)
        _vary(response.headers, _VARY_PREFLIGHT)
        return response

    return share


class _Preflights:
    """The response to preflights of allowed origins."""

    def __init__(
        self, methods: Iterable[str], headers: Iterable[str], max_age: int, *, private_network: bool
    ) -> None:
        self._methods = _check_names(methods)
        self._takes_all = headers == _ANY
        self._headers = () if self._takes_all else _check_names(headers)
        self._known = frozenset(name.lower() for name in self._headers)
        self._private_network = private_network
        if max_age < 0:
            raise ValueError(f"max_age is a time in seconds, not {max_age!r}")
        self._max_age = str(max_age)

    def respond(self, request: Request) -> Response:
        """Return the response to the preflight of an allowed origin."""
        asked = request.headers
        if asked["Access-Control-Request-Method"] not in self._methods:
            return _refuse("this method")
        wanted = _parse_names(asked.getall("Access-Control-Request-Headers", []))
        if wanted is None or not (self._takes_all or self._known.issuperset(map(str.lower, wanted))):
            return _refuse("one of these headers")
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = ", ".join(self._methods)
        # Never the wildcard: with credentials it would be a name, and it does not mean Authorization.
        if allowed := wanted if self._takes_all else self._headers:
            response.headers["Access-Control-Allow-Headers"] = ", ".join(allowed)
        response.headers["Access-Control-Max-Age"] = self._max_age
        if self._private_network and asked.get("Access-Control-Request-Private-Network") == "true":
            response.headers["Access-Control-Allow-Private-Network"] = "true"
        return response


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and request.get_field("Access-Control-Request-Method") is not None


def _refuse(what: str) -> Response:
    return HTTPForbidden(text=f"403: {what} is not allowed across origins")


def _read_origins(
    origins: Iterable[str] | Callable[[str], bool], *, credentials: bool
) -> Callable[[str], bool]:
    if callable(origins):
        return origins
    if origins == _ANY:
        if credentials:
            raise ValueError(
                "credentials need origins that are named: any page could read what only its user may"
            )
        return lambda origin: True
    known = frozenset(check_collection("origins", origins))
    for origin in known:
        _check_origin(origin)
    return known.__contains__


def _check_origin(origin: str) -> None:
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"not an origin as browsers send it, such as https://example.com: {origin!r}")
    if any(origin.startswith(scheme) and origin.endswith(port) for scheme, port in _DEFAULT_PORTS):
        raise ValueError(f"browsers leave out the default port: {origin!r}")


def _check_names(names: Iterable[str]) -> tuple[str, ...]:
    checked = check_collection("names", names)
    check_fields((name, "") for name in checked)
    return checked


def _parse_names(lines: Iterable[str]) -> tuple[str, ...] | None:
    """Parse a list of names; None if there are too many, or one is malformed."""
    names = tuple(item.strip(" \t") for line in lines for item in line.split(",", _MOST_HEADERS + 1))
    if names in ((), ("",)):
        return ()
    is_sound = len(names) <= _MOST_HEADERS and all(map(is_token, names))
    return names if is_sound else None


def _vary(headers: CIMultiDict[str], names: Iterable[str]) -> None:
    """Add names to Vary: a cache must not return the response for one origin to another."""
    listed = {item.strip().lower() for line in headers.getall("Vary", []) for item in line.split(",")}
    missing = [name for name in names if name.lower() not in listed]
    if missing and _ANY not in listed:
        headers.add("Vary", ", ".join(missing))
