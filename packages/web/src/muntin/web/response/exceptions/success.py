"""2xx: the request was received and accepted (RFC 9110 §15.3)."""

from muntin.web.response.exceptions._base import HTTPSuccessful

__all__ = [
    "HTTPAccepted",
    "HTTPCreated",
    "HTTPNoContent",
    "HTTPNonAuthoritativeInformation",
    "HTTPOk",
    "HTTPPartialContent",
    "HTTPResetContent",
]


class HTTPOk(HTTPSuccessful):
    """200: the request has succeeded."""

    status_code = 200


class HTTPCreated(HTTPSuccessful):
    """201: a resource was made; Location says where."""

    status_code = 201


class HTTPAccepted(HTTPSuccessful):
    """202: it will be done later."""

    status_code = 202


class HTTPNonAuthoritativeInformation(HTTPSuccessful):
    """203: a proxy changed the content."""

    status_code = 203


class HTTPNoContent(HTTPSuccessful):
    """204: the request has succeeded, and the response has no content."""

    status_code = 204
    empty_body = True


class HTTPResetContent(HTTPSuccessful):
    """205: the request has succeeded; the client should clear its form."""

    status_code = 205
    empty_body = True


class HTTPPartialContent(HTTPSuccessful):
    """206: the part of the representation that was asked for."""

    status_code = 206
