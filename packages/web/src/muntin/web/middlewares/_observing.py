"""What may be told of requests to those who count: values of which there are few, whatever clients send.

It knows the names of the semantic conventions for HTTP (OpenTelemetry, stable since 1.23). How they are kept is for
`muntin.web.middlewares.metrics` and `muntin.web.middlewares.telemetry`.
"""

from typing import Any, Final

from muntin.web.request import Request
from muntin.web.response.exceptions import HTTPException

__all__ = ["BUCKETS", "OTHER", "find_method", "find_route", "find_size", "find_status"]

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of durations in seconds, as the conventions advise."""

OTHER: Final = "_OTHER"
"""Any method that is not known: everybody can make up more."""

_METHODS: Final = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
)


def find_method(request: Request) -> str:
    """Give the method, or one word for all that are not known."""
    return request.method if request.method in _METHODS else OTHER


def find_route(request: Request) -> str | None:
    """Give the template of the route, prefixes of applications included: never the path. None for no route."""
    info = request.match_info
    if info.http_exception is not None:
        return None
    resource: Any = info.route.resource
    return None if resource is None else str(resource.canonical)


def find_status(answer: object) -> int:
    """Give the status of a response, or of the answer to what was raised."""
    if isinstance(answer, BaseException) and not isinstance(answer, HTTPException):
        return 500
    return int(getattr(answer, "status", 500))


def find_size(response: Any) -> int | None:
    """Give the bytes of a body that was sent, or will be; None where they are not known."""
    size: int | None = getattr(response, "body_length", 0) or getattr(response, "content_length", None)
    return size
