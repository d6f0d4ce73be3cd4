"""2xx: it worked (RFC 9110 §15.3)."""

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
    """200: it worked."""

    status_code = 200


class HTTPCreated(HTTPSuccessful):
    """201: something was made; Location says where."""

    status_code = 201


class HTTPAccepted(HTTPSuccessful):
    """202: it will be done later."""

    status_code = 202


class HTTPNonAuthoritativeInformation(HTTPSuccessful):
    """203: a proxy changed the content."""

    status_code = 203


class HTTPNoContent(HTTPSuccessful):
    """204: it worked, and there is nothing to say."""

    status_code = 204
    empty_body = True


class HTTPResetContent(HTTPSuccessful):
    """205: it worked: clear the form."""

    status_code = 205
    empty_body = True


class HTTPPartialContent(HTTPSuccessful):
    """206: a part, as was asked for."""

    status_code = 206
