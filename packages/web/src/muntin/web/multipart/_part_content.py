"""The content of a part of a multipart body: its transfer encoding and content coding undone, piece by piece.

Knows what the part's head says of both. Does not know what the content means.
"""

from collections.abc import Mapping

from muntin.http_core.coding.content_encoding import parse_content_encoding
from muntin.http_core.coding.decoder import ContentDecoder
from muntin.http_core.coding.limits import DecodingLimits
from muntin.http_core.multipart.transfer import make_transfer_decoder

__all__ = ["PartDecoder"]


class PartDecoder:
    """Undoes what was done to one part.

    Args:
        headers: of the part.
        max_size: how much may come out (bytes); None for whatever does.

    Raises:
        RemoteProtocolError: 400 or 415, something was done that is not known here.
    """

    __slots__ = ("_coding", "_transfer")

    def __init__(self, headers: Mapping[str, str], max_size: int | None) -> None:
        self._transfer = make_transfer_decoder(headers.get("Content-Transfer-Encoding"))
        codings = parse_content_encoding(headers.get("Content-Encoding", ""))
        self._coding = ContentDecoder(codings, DecodingLimits(output=max_size)) if codings else None

    def decode(self, data: bytes) -> bytes:
        """Give what the next bytes say.

        Raises:
            RemoteProtocolError: 400 malformed, 413 beyond a limit.
        """
        data = self._transfer.receive(data)
        return data if self._coding is None else b"".join(self._coding.decode(data))

    def finish(self) -> bytes:
        """Give the rest.

        Raises:
            RemoteProtocolError: 400, something is missing.
        """
        rest = self._transfer.finish()
        if self._coding is None:
            return rest
        rest = b"".join(self._coding.decode(rest))
        self._coding.finish()
        return rest
