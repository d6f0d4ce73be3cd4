"""The content coding of a response (RFC 9110 §8.4): which one, and what it does to the fields.

It knows what the client accepts and what is installed. The codings themselves are in `muntin.http_core.coding`.
"""

from dataclasses import dataclass
from enum import Enum

from multidict import CIMultiDict

from muntin.http_core import coding as codings
from muntin.http_core import headers as families

__all__ = ["Compression", "ContentCoding"]


class ContentCoding(Enum):
    """The codings that a response can have."""

    deflate = "deflate"
    gzip = "gzip"
    br = "br"
    zstd = "zstd"
    identity = "identity"


@dataclass(frozen=True, slots=True)
class Compression:
    """The compression that `enable_compression` asked for.

    Args:
        forced: the coding to use whatever the client accepts; None to let it choose.
        level: from fast to small, see `muntin.http_core.coding.encoder.ContentEncoder`; None for the usual one.
        strategy: of zlib's codings, see there.
    """

    forced: ContentCoding | None
    level: int | None
    strategy: int

    def negotiate(
        self, accepted: str | None, headers: CIMultiDict[str], *, status: int, is_empty: bool
    ) -> str | None:
        """Choose a coding, and state in the fields which one, and that others might get another response.

        Args:
            accepted: the Accept-Encoding of the request; None without one.
            headers: of the response; they are changed.
            status: of the response.
            is_empty: whether there is no content, so nothing to encode.

        Returns:
            The coding of the content; None for none.
        """
        _add_vary(headers)
        is_decided = "Content-Encoding" in headers or "Content-Range" in headers or status == 206
        if is_decided or (is_empty and status != 304):
            return None
        chosen = self._choose(accepted)
        if chosen is None:
            return None
        # A 304 has the fields of the 200 that it stands for, but not its coding (RFC 9110 §15.4.5).
        _describe_encoded(headers)
        if is_empty:
            return None
        headers["Content-Encoding"] = chosen
        return chosen

    def _choose(self, accepted: str | None) -> str | None:
        if self.forced is None:
            return families.accept.negotiate_encoding(accepted, codings.registry.available_codings())
        return None if self.forced is ContentCoding.identity else self.forced.value

    def make_encoder(self, coding: str) -> "codings.encoder.ContentEncoder":
        """Return an encoder for a body that is sent in pieces."""
        return codings.encoder.ContentEncoder(coding, self.level, strategy=self.strategy)

    def encode(self, body: bytes, coding: str) -> bytes:
        """Encode a whole body."""
        return codings.encoder.encode_content(body, coding, self.level, strategy=self.strategy)


def _describe_encoded(headers: CIMultiDict[str]) -> None:
    """Change the fields that would not be true of content which is encoded while it is sent."""
    headers.pop("Content-Length", None)
    # Ranges are of the encoded bytes (RFC 9110 §14.2), and nobody keeps those.
    headers.pop("Accept-Ranges", None)
    tag = families.etags.parse_etag(headers.get("ETag", ""))
    if tag is not None and not tag.is_weak:
        # RFC 9110 §8.8.1: a strong tag promises these very bytes, and the encoded ones are others.
        headers["ETag"] = families.etags.format_etag(tag._replace(is_weak=True))


def _add_vary(headers: CIMultiDict[str]) -> None:
    listed = {name.strip().lower() for value in headers.getall("Vary", []) for name in value.split(",")}
    if not listed & {"accept-encoding", "*"}:
        headers.add("Vary", "Accept-Encoding")
