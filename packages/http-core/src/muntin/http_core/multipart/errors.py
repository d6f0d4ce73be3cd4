"""The error of multipart bodies."""

from muntin.http_core.errors import RemoteProtocolError

__all__ = ["MultipartError"]


class MultipartError(RemoteProtocolError):
    """A multipart body is malformed (status 400) or exceeds a limit (413)."""
