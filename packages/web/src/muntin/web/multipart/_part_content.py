"""The content of a part of a multipart body: transfer encoding and content coding are decoded, piece by piece.

Both are named by the head of the part.
"""

from collections.abc import Mapping

from muntin.http_core.coding.content_encoding import parse_content_encoding
from muntin.http_core.coding.decoder import ContentDecoder
from muntin.http_core.coding.limits import DecodingLimits
from muntin.http_core.multipart.transfer import make_transfer_decoder

__all__ = ["PartDecoder"]


class PartDecoder:
    """Decodes the content of one part.

    Args:
        headers: of the part.
        max_size: the largest decoded size (bytes); None for no limit.

    Raises:
        RemoteProtocolError: 400 or 415, an encoding is not known here.
    """

    __slots__ = ("_coding", "_transfer")

    def __init__(self, headers: Mapping[str, str], max_size: int | None) -> None:
        self._transfer = make_transfer_decoder(headers.get("Content-Transfer-Encoding"))
        codings = parse_content_encoding(headers.get("Content-Encoding", ""))
        self._coding = ContentDecoder(codings, DecodingLimits(output=max_size)) if codings else None

    def decode(self, data: bytes) -> bytes:
        """Decode the next bytes.

        Raises:
            RemoteProtocolError: 400 malformed, 413 beyond a limit.
        """
        data = self._transfer.receive(data)
        return data if self._coding is None else b"".join(self._coding.decode(data))

    def finish(self) -> bytes:
        """Decode the rest.

        Raises:
            RemoteProtocolError: 400, something is missing.
        """
        rest = self._transfer.finish()
        if self._coding is None:
            return rest
        rest = b"".join(self._coding.decode(rest))
        self._coding.finish()
        return rest
