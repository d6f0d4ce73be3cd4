"""What can be wrong with a multipart body."""

from muntin.http_core.errors import RemoteProtocolError

__all__ = ["MultipartError"]


class MultipartError(RemoteProtocolError):
    """A multipart body is malformed (status 400) or more than a limit allows (413)."""
