"""Request ids: one id for a request in all the logs on its way.

Ids are texts that are safe in a log. Peers that may send one are known by the address of their connection, never by a
field.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from muntin.middleware import middleware
from muntin.web.keys import RequestKey
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._amending import amend_response
from muntin.web.middlewares._networks import is_within, parse_networks
from muntin.web.request.address import ip_of
from muntin.web.request.request import Request
from muntin.web.response.headers import check_fields
from muntin.web.response.stream import StreamResponse

__all__ = ["REQUEST_ID", "make_request_id", "request_id_middleware"]

REQUEST_ID: Final = RequestKey("REQUEST_ID", str)
"""The key of the id in a request."""

# UUIDs, ULIDs, base64 and the ids of the common proxies; nothing that would end a line of a log, or begin markup.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._~+/=:@\-]{1,128}")


def make_request_id() -> str:
    """Make a new id: 128 random bits in hexadecimal digits."""
    return secrets.token_hex(16)


def request_id_middleware(
    *,
    field: str = "X-Request-ID",
    trusted: Iterable[str] = (),
    make: Callable[[], str] = make_request_id,
) -> Middleware:
    """Make a middleware that stores an id in each request, at `REQUEST_ID`, and sends it in the response.

    Args:
        field: its name in requests and responses.
        trusted: the networks of peers, such as ``10.0.0.0/8``, whose ids are used if they are well-formed: up to
            128 letters, digits and ``._~+/=:@-``.
        make: makes an id.

    Raises:
        ValueError: a network is none, or `field` is not the name of one.
    """
    networks = parse_networks(trusted)
    check_fields([(field, "")])

    @middleware
    async def name(request: Request, handler: Handler) -> StreamResponse:
        # The address of the connection: that of a forwarded client did not write the field.
        is_trusted = is_within(ip_of(request.exchange.peer.address), networks)
        found = (_find_id(request, field) if is_trusted else None) or make()
        request[REQUEST_ID] = found

        def amend(response: StreamResponse) -> None:
            response.headers[field] = found

        return await amend_response(request, handler, amend)

    return name


def _find_id(request: Request, field: str) -> str | None:
    lines = request.headers.getall(field, [])
    return lines[0] if len(lines) == 1 and _WELL_FORMED.fullmatch(lines[0]) else None
