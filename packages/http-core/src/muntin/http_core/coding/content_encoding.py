"""The Content-Encoding field of a message (RFC 9110 §8.4)."""

from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DEFAULT_DECODING_LIMITS
from muntin.http_core.coding.registry import canonical_coding, is_available
from muntin.http_core.tokens import is_token

__all__ = ["parse_content_encoding"]


def parse_content_encoding(text: str, *, limit: int = DEFAULT_DECODING_LIMITS.codings) -> tuple[str, ...]:
    """Parse a Content-Encoding field into its codings, in the order in which they were applied, without ``identity``.

    Raises:
        ContentCodingError: 400 if the field is malformed; 415 if a coding is unknown or not installed, or there are
            more than `limit`.
    """
    codings: list[str] = []
    for element in text.split(","):
        if not (element := element.strip(" \t")):
            continue
        if not is_token(element):
            raise ContentCodingError(400, "malformed Content-Encoding")
        coding = canonical_coding(element)
        if coding == "identity":
            continue
        if not is_available(coding):
            raise ContentCodingError(415, "unknown content coding")
        if len(codings) == limit:
            raise ContentCodingError(415, "too many content codings")
        codings.append(coding)
    return tuple(codings)
