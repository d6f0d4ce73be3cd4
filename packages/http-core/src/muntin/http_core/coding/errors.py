"""The error of encoded content."""

from muntin.http_core.errors import RemoteProtocolError

__all__ = ["ContentCodingError"]


class ContentCodingError(RemoteProtocolError):
    """Content is corrupt or cut off (status 400), in an unknown coding (415), or beyond a limit (413)."""
