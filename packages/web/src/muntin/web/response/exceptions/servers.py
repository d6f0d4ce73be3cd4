"""5xx: the server cannot serve a request that may well be right (RFC 9110 §15.6)."""

from muntin.web.response.exceptions._base import HTTPError

__all__ = [
    "HTTPBadGateway",
    "HTTPGatewayTimeout",
    "HTTPInsufficientStorage",
    "HTTPInternalServerError",
    "HTTPNetworkAuthenticationRequired",
    "HTTPNotExtended",
    "HTTPNotImplemented",
    "HTTPServerError",
    "HTTPServiceUnavailable",
    "HTTPVariantAlsoNegotiates",
    "HTTPVersionNotSupported",
]


class HTTPServerError(HTTPError):
    """5xx: the request may be right, and yet cannot be served."""


class HTTPInternalServerError(HTTPServerError):
    """500: the server has failed."""

    status_code = 500


class HTTPNotImplemented(HTTPServerError):
    """501: the server does not support what the request needs."""

    status_code = 501


class HTTPBadGateway(HTTPServerError):
    """502: the upstream server sent an invalid response."""

    status_code = 502


class HTTPServiceUnavailable(HTTPServerError):
    """503: the server cannot respond now; Retry-After says when to try again."""

    status_code = 503


class HTTPGatewayTimeout(HTTPServerError):
    """504: the upstream server did not respond in time."""

    status_code = 504


class HTTPVersionNotSupported(HTTPServerError):
    """505: the server does not support that version of HTTP."""

    status_code = 505


class HTTPVariantAlsoNegotiates(HTTPServerError):
    """506: the negotiation goes round in circles (RFC 2295)."""

    status_code = 506


class HTTPInsufficientStorage(HTTPServerError):
    """507: there is no room for it (RFC 4918)."""

    status_code = 507


class HTTPNotExtended(HTTPServerError):
    """510: an extension is missing (RFC 2774)."""

    status_code = 510


class HTTPNetworkAuthenticationRequired(HTTPServerError):
    """511: the client has to log in to the network first (RFC 6585)."""

    status_code = 511
