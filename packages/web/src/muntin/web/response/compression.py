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
        level: from fast to small, see `muntin.http_core.coding.encoder.ContentEncoder`; None for the usual one.
        strategy: of zlib's codings, see there.
    """

    __slots__ = ("_level", "_strategy", "chosen", "encoder", "forced")

    def __init__(self, forced: ContentCoding | None, level: int | None, strategy: int) -> None:
        self.forced = forced
        self._level = level
        self._strategy = strategy
        self.chosen: str | None = None
        """The coding in use; None for none."""
        self.encoder: coding.encoder.ContentEncoder | None = None
        """Encodes a streamed body."""

    def apply(self, accepted: str | None, headers: CIMultiDict[str], *, status: int, is_empty: bool) -> None:
        """Choose, and say in the fields what was chosen and that others might get another response.

        Args:
            accepted: the Accept-Encoding of the request; None without one.
            headers: of the response.
            status: of the response.
            is_empty: whether there is no content, so nothing to encode.
        """
        _vary(headers)
        is_settled = "Content-Encoding" in headers or "Content-Range" in headers or status == 206
        if is_settled or (is_empty and status != 304):
            return
        chosen = self._choose(accepted)
        if chosen is None:
            return
        # A 304 tells the fields of the 200 that it stands for, but not its coding (RFC 9110 §15.4.5).
        _describe_encoded(headers)
        if not is_empty:
            self.chosen = headers["Content-Encoding"] = chosen

    def _choose(self, accepted: str | None) -> str | None:
        if self.forced is None:
            return families.accept.negotiate_encoding(accepted, coding.registry.available_codings())
        return None if self.forced is ContentCoding.identity else self.forced.value

    def open(self) -> None:
        """Get ready to encode a streamed body."""
        if self.chosen is not None:
            self.encoder = coding.encoder.ContentEncoder(self.chosen, self._level, strategy=self._strategy)

    def encode(self, body: bytes) -> bytes:
        """Give a whole body encoded."""
        if self.chosen is None:
            return body
        return coding.encoder.encode_content(body, self.chosen, self._level, strategy=self._strategy)


def _describe_encoded(headers: CIMultiDict[str]) -> None:
    """Let the fields be true of content that is encoded while it is sent."""
    headers.pop("Content-Length", None)
    # Ranges are of the encoded bytes (RFC 9110 §14.2), which nobody can find again.
    headers.pop("Accept-Ranges", None)
    tag = families.etags.parse_etag(headers.get("ETag", ""))
    if tag is not None and not tag.is_weak:
        # RFC 9110 §8.8.1: the encoded bytes are others, so a strong tag would be a lie.
        headers["ETag"] = families.etags.format_etag(tag._replace(is_weak=True))


def _vary(headers: CIMultiDict[str]) -> None:
    listed = {name.strip().lower() for value in headers.getall("Vary", []) for name in value.split(",")}
    if not listed & {"accept-encoding", "*"}:
        headers.add("Vary", "Accept-Encoding")
