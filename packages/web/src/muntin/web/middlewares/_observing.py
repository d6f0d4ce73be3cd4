"""Attributes of requests for metrics and traces, with few values, whatever clients send.

The names are those of the semantic conventions for HTTP (OpenTelemetry, stable since 1.23); they are used by
`muntin.web.middlewares.metrics` and `muntin.web.middlewares.telemetry`.
"""

from typing import Any, Final

from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPException

__all__ = ["BUCKETS", "OTHER", "find_method", "find_route", "find_size", "find_status"]

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of durations in seconds, as the conventions advise."""

OTHER: Final = "_OTHER"
"""The name of all unknown methods: clients can invent any number of them."""

_METHODS: Final = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")
)


def find_method(request: Request) -> str:
    """Return the method, or `OTHER` for an unknown one."""
    return request.method if request.method in _METHODS else OTHER


def find_route(request: Request) -> str | None:
    """Return the template of the route with the prefixes of applications, never the path; None without a route."""
    info = request.match_info
    if info.http_exception is not None:
        return None
    resource: Any = info.route.resource
    return None if resource is None else str(resource.canonical)


def find_status(outcome: object) -> int:
    """Return the status of a response, or of the response to an exception."""
    if isinstance(outcome, BaseException) and not isinstance(outcome, HTTPException):
        return 500
    return int(getattr(outcome, "status", 500))


def find_size(response: Any) -> int | None:
    """Return the size of a body that was sent or will be (bytes); None if it is not known."""
    size: int | None = getattr(response, "body_length", 0) or getattr(response, "content_length", None)
    return size
