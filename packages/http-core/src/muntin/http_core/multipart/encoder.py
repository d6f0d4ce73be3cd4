"""The multipart encoder: parts in, bytes out (RFC 2046 §5.1, RFC 7578).

It writes delimiters and heads. The caller sends the content between the bytes of two calls.
"""

from collections.abc import Iterable

from muntin.http_core.headers.media import MediaType, format_media_type
from muntin.http_core.multipart._part_head import format_part_head
from muntin.http_core.multipart.boundary import is_boundary, make_boundary

__all__ = ["MultipartEncoder"]


class MultipartEncoder:
    """Frames the parts of one multipart body.

    For each part, send what `begin_part` returns and then the content as it is. At last, send what `finish` returns.

    Args:
        boundary: the boundary between parts; None for a random one.

    Raises:
        ValueError: the boundary is malformed.
    """

    def __init__(self, boundary: str | None = None) -> None:
        boundary = make_boundary() if boundary is None else boundary
        if not is_boundary(boundary):
            raise ValueError(f"not a multipart boundary: {boundary!r}")
        self._boundary = boundary
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._has_parts = False
        self._is_finished = False

    @property
    def boundary(self) -> str:
        """The boundary between parts."""
        return self._boundary

    def content_type(self, subtype: str = "form-data") -> str:
        """Format the Content-Type of the whole body.

        Raises:
            ValueError: the subtype is not a token.
        """
        return format_media_type(MediaType("multipart", subtype, (("boundary", self._boundary),)))

    def begin_part(self, headers: Iterable[tuple[str, str]] = ()) -> bytes:
        """Return the bytes before the content of the next part: a delimiter and a head.

        Raises:
            ValueError: a field would break the head, or the body is finished.
        """
        self._check_open()
        opening = self._opening(headers, is_first=not self._has_parts)
        self._has_parts = True
        return opening

    def finish(self) -> bytes:
        """Return the bytes after the content of the last part.

        Raises:
            ValueError: the body is finished.
        """
        self._check_open()
        self._is_finished = True
        return self._closing(is_empty=not self._has_parts)

    def size_of(self, parts: Iterable[tuple[Iterable[tuple[str, str]], int | None]]) -> int | None:
        """Return the exact size of a whole body with these parts, or None if the size of one is unknown.

        Args:
            parts: the fields of each part, and the size of its content (bytes) or None.

        Raises:
            ValueError: a field would break a head.
        """
        total, count = 0, 0
        is_known = True
        for headers, size in parts:
            total += len(self._opening(headers, is_first=count == 0)) + (size or 0)
            is_known = is_known and size is not None
            count += 1
        return total + len(self._closing(is_empty=count == 0)) if is_known else None

    def _opening(self, headers: Iterable[tuple[str, str]], *, is_first: bool) -> bytes:
        return b"".join(
            (self._delimiter[2:] if is_first else self._delimiter, b"\r\n", format_part_head(headers))
        )

    def _closing(self, *, is_empty: bool) -> bytes:
        return (self._delimiter[2:] if is_empty else self._delimiter) + b"--\r\n"

    def _check_open(self) -> None:
        if self._is_finished:
            raise ValueError("the multipart body is finished")
