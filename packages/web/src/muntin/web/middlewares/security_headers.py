"""Security headers: fields that tell browsers what they must not do with a response.

A Content-Security-Policy beyond framing depends on the pages, so it is left to the application.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._amending import amend_response
from muntin.web.request.request import Request
from muntin.web.response.headers import check_fields
from muntin.web.response.stream import StreamResponse

__all__ = ["SECURITY_HEADERS", "security_headers_middleware"]

_HSTS: Final = "strict-transport-security"

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # The declared type is the type: nothing uploaded becomes a script by looking like one (Fetch §3.6).
        "X-Content-Type-Options": "nosniff",
        # Other origins learn the origin, not the path and its secrets; plain HTTP learns nothing.
        "Referrer-Policy": "strict-origin-when-cross-origin",
        # Against clickjacking; the second is for browsers that do not know the first (CSP 3 §6.4.2).
        "Content-Security-Policy": "frame-ancestors 'self'",
        "X-Frame-Options": "SAMEORIGIN",
        # Windows of other origins get no handle on ours (HTML §7.1.3).
        "Cross-Origin-Opener-Policy": "same-origin",
        # A year, for this host alone: subdomains may not be ours to promise (RFC 6797 §6.1).
        "Strict-Transport-Security": "max-age=31536000",
    }
)
"""The fields that are sent by default."""


def security_headers_middleware(changes: Mapping[str, str | None] = MappingProxyType({})) -> Middleware:
    """Make a middleware that adds `SECURITY_HEADERS` to all responses, errors included.

    A field that the handler has set stays as it is. Strict-Transport-Security is sent only where the scheme is
    ``https`` (RFC 6797 §7.2), so behind proxies this middleware stands inside of `trusted_proxies_middleware`.

    Args:
        changes: values in place of those of the table, and fields besides; None leaves a field out.

    Raises:
        ValueError: a name or value of a field is malformed.
    """
    secure = _merge(changes)
    plain = [pair for pair in secure if pair[0].lower() != _HSTS]

    @middleware
    async def protect(request: Request, handler: Handler) -> StreamResponse:
        fields = secure if request.secure else plain

        def amend(response: StreamResponse) -> None:
            headers = response.headers
            for name, value in fields:
                headers.setdefault(name, value)

        return await amend_response(request, handler, amend)

    return protect


def _merge(changes: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Return the fields of the table with the changes; names match in any case."""
    merged: dict[str, tuple[str, str | None]] = {
        name.lower(): (name, value) for table in (SECURITY_HEADERS, changes) for name, value in table.items()
    }
    fields = [(name, value) for name, value in merged.values() if value is not None]
    check_fields(fields)
    return fields
