"""4xx: the request cannot be served as it is (RFC 9110 §15.5, RFC 6585, RFC 7725)."""

from collections.abc import Iterable
from typing import Any

from yarl import URL

from muntin.web.response.exceptions._base import HTTPError
from muntin.web.response.exceptions.redirects import StrOrURL, format_location
from muntin.web.response.headers import LooseHeaders, check_fields

__all__ = [
    "HTTPBadRequest",
    "HTTPClientError",
    "HTTPConflict",
    "HTTPExpectationFailed",
    "HTTPFailedDependency",
    "HTTPForbidden",
    "HTTPGone",
    "HTTPLengthRequired",
    "HTTPMethodNotAllowed",
    "HTTPMisdirectedRequest",
    "HTTPNotAcceptable",
    "HTTPNotFound",
    "HTTPPaymentRequired",
    "HTTPPreconditionFailed",
    "HTTPPreconditionRequired",
    "HTTPProxyAuthenticationRequired",
    "HTTPRequestEntityTooLarge",
    "HTTPRequestHeaderFieldsTooLarge",
    "HTTPRequestRangeNotSatisfiable",
    "HTTPRequestTimeout",
    "HTTPRequestURITooLong",
    "HTTPTooManyRequests",
    "HTTPUnauthorized",
    "HTTPUnavailableForLegalReasons",
    "HTTPUnprocessableEntity",
    "HTTPUnsupportedMediaType",
    "HTTPUpgradeRequired",
]


class HTTPClientError(HTTPError):
    """4xx: the request cannot be served as it is."""


class HTTPMethodNotAllowed(HTTPClientError):
    """405: the resource does not support that method.

    Args:
        method: of the request.
        allowed_methods: those that the resource supports; Allow lists them, sorted.
        headers, reason, body, text, content_type: as `HTTPException`.

    Raises:
        ValueError: `allowed_methods` is one text, or has what is no method.
    """

    status_code = 405

    def __init__(
        self,
        method: str,
        allowed_methods: Iterable[str],
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        if isinstance(allowed_methods, str):
            raise ValueError(f"pass a collection of methods, such as [{allowed_methods!r}]")
        super().__init__(headers=headers, reason=reason, body=body, text=text, content_type=content_type)
        self._method = method.upper()
        self._allowed_methods = frozenset(allowed_methods)
        allow = ",".join(sorted(self._allowed_methods))
        check_fields([("Allow", allow)])
        self.headers["Allow"] = allow

    @property
    def method(self) -> str:
        """The method of the request."""
        return self._method

    @property
    def allowed_methods(self) -> frozenset[str]:
        """The methods that the resource supports."""
        return self._allowed_methods


class HTTPRequestEntityTooLarge(HTTPClientError):
    """413: the body is larger than it may be.

    Args:
        max_size: how large it may be (bytes).
        actual_size: how large it is, as far as is known (bytes).
        kwargs: as `HTTPException`.
    """

    status_code = 413

    def __init__(self, max_size: float, actual_size: float = 0, **kwargs: Any) -> None:
        if kwargs.get("body") is None:
            kwargs.setdefault("text", f"Maximum request body size {max_size} exceeded.")
        super().__init__(**kwargs)
        self.max_size = max_size
        self.actual_size = actual_size


class HTTPUnavailableForLegalReasons(HTTPClientError):
    """451: a law forbids it (RFC 7725).

    Args:
        link: the page of the party that demands it; None for none.
        headers, reason, body, text, content_type: as `HTTPException`.
    """

    status_code = 451

    def __init__(
        self,
        link: StrOrURL | None,
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        super().__init__(headers=headers, reason=reason, body=body, text=text, content_type=content_type)
        self._link = URL(link) if link else None
        if self._link is not None:
            self.headers["Link"] = f'<{format_location(self._link)}>; rel="blocked-by"'

    @property
    def link(self) -> URL | None:
        """The page of the party that demands it."""
        return self._link


class HTTPBadRequest(HTTPClientError):
    """400: the request is malformed."""

    status_code = 400


class HTTPUnauthorized(HTTPClientError):
    """401: the client has to authenticate; needs WWW-Authenticate."""

    status_code = 401


class HTTPPaymentRequired(HTTPClientError):
    """402: reserved."""

    status_code = 402


class HTTPForbidden(HTTPClientError):
    """403: the client may not do that."""

    status_code = 403


class HTTPNotFound(HTTPClientError):
    """404: there is no such resource."""

    status_code = 404


class HTTPNotAcceptable(HTTPClientError):
    """406: there is no representation that the client accepts."""

    status_code = 406


class HTTPProxyAuthenticationRequired(HTTPClientError):
    """407: the client has to authenticate itself to the proxy."""

    status_code = 407


class HTTPRequestTimeout(HTTPClientError):
    """408: the request took too long."""

    status_code = 408


class HTTPConflict(HTTPClientError):
    """409: it conflicts with the state of the resource."""

    status_code = 409


class HTTPGone(HTTPClientError):
    """410: the resource was removed for good."""

    status_code = 410


class HTTPLengthRequired(HTTPClientError):
    """411: the request needs a Content-Length."""

    status_code = 411


class HTTPPreconditionFailed(HTTPClientError):
    """412: a precondition of the request is false."""

    status_code = 412


class HTTPRequestURITooLong(HTTPClientError):
    """414: the target is too long."""

    status_code = 414


class HTTPUnsupportedMediaType(HTTPClientError):
    """415: the body is of a type or in a coding that is not supported."""

    status_code = 415


class HTTPRequestRangeNotSatisfiable(HTTPClientError):
    """416: the representation has nothing in that range."""

    status_code = 416


class HTTPExpectationFailed(HTTPClientError):
    """417: the server cannot meet what Expect asks for."""

    status_code = 417


class HTTPMisdirectedRequest(HTTPClientError):
    """421: the server does not serve that host."""

    status_code = 421


class HTTPUnprocessableEntity(HTTPClientError):
    """422: the body is well-formed, and its content is wrong."""

    status_code = 422


class HTTPFailedDependency(HTTPClientError):
    """424: another request, on which this one depends, has failed."""

    status_code = 424


class HTTPUpgradeRequired(HTTPClientError):
    """426: the server responds only over another protocol; needs Upgrade."""

    status_code = 426


class HTTPPreconditionRequired(HTTPClientError):
    """428: the request needs a precondition."""

    status_code = 428


class HTTPTooManyRequests(HTTPClientError):
    """429: too many requests; Retry-After says when to try again."""

    status_code = 429


class HTTPRequestHeaderFieldsTooLarge(HTTPClientError):
    """431: the fields are too large."""

    status_code = 431
