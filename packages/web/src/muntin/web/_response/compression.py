"""The content coding of a response (RFC 9110 §8.4): which one, and what it does to the fields.

Knows what the client accepts and what is at hand. The codings themselves are in `muntin.http_core.coding`.
"""

from enum import Enum

from multidict import CIMultiDict

from muntin.http_core import coding
from muntin.http_core import headers as families

__all__ = ["Compression", "ContentCoding"]


class ContentCoding(Enum):
    """The codings that a response can have."""

    deflate = "deflate"
    gzip = "gzip"
    br = "br"
    zstd = "zstd"
    identity = "identity"


class Compression:
    """What was asked for by `enable_compression`, and what came of it for one request.

    Args:
        forced: the coding to use whatever the client accepts; None to let it choose.
        level: from fast to small, see `muntin.http_core.coding.ContentEncoder`; None for the usual one.
        strategy: of zlib's codings, see there.
    """

    __slots__ = ("_level", "_strategy", "chosen", "encoder", "forced")

    def __init__(self, forced: ContentCoding | None, level: int | None, strategy: int) -> None:
        self.forced = forced
        self._level = level
        self._strategy = strategy
        self.chosen: str | None = None
        """The coding in use; None for none."""
        self.encoder: coding.ContentEncoder | None = None
        """Encodes a streamed body."""

    def apply(self, accepted: str | None, headers: CIMultiDict[str]) -> None:
        """Choose, and say in the fields what was chosen and that others might get another answer."""
        _vary(headers)
        if "Content-Encoding" in headers or "Content-Range" in headers:
            return
        if self.forced is None:
            self.chosen = families.negotiate_encoding(accepted, coding.available_codings())
        elif self.forced is not ContentCoding.identity:
            self.chosen = self.forced.value
        if self.chosen is None:
            return
        headers["Content-Encoding"] = self.chosen
        headers.pop("Content-Length", None)
        tag = families.parse_etag(headers.get("ETag", ""))
        if tag is not None and not tag.is_weak:
            # RFC 9110 §8.8.1: the encoded bytes are others, so a strong tag would be a lie.
            headers["ETag"] = families.format_etag(tag._replace(is_weak=True))

    def open(self) -> None:
        """Get ready to encode a streamed body."""
        if self.chosen is not None:
            self.encoder = coding.ContentEncoder(self.chosen, self._level, strategy=self._strategy)

    def encode(self, body: bytes) -> bytes:
        """Give a whole body encoded."""
        if self.chosen is None:
            return body
        return coding.encode_content(body, self.chosen, self._level, strategy=self._strategy)


def _vary(headers: CIMultiDict[str]) -> None:
    listed = {name.strip().lower() for value in headers.getall("Vary", []) for name in value.split(",")}
    if not listed & {"accept-encoding", "*"}:
        headers.add("Vary", "Accept-Encoding")
