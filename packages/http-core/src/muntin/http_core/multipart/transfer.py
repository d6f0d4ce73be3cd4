"""Content-Transfer-Encoding of a part (RFC 2045 §6): base64, quoted-printable, and the three that change nothing.

RFC 7578 §4.7 deprecates it, but some clients still send it. Everything here is streaming: the output of a decoder is
never larger than its input, and it keeps at most one line.
"""

import binascii
import re
from typing import Final, Protocol

from muntin.http_core.multipart.errors import MultipartError

__all__ = [
    "Base64Decoder",
    "Base64Encoder",
    "IdentityDecoder",
    "QuotedPrintableDecoder",
    "QuotedPrintableEncoder",
    "TransferDecoder",
    "make_transfer_decoder",
]

# White space that may end a line has to be kept. RFC 2045 allows 76 characters in a line; this is what SMTP allows.
_MAX_HELD: Final = 998
_LINE: Final = 57  # bytes that make 76 characters of base64

_BAD_ESCAPE: Final = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+\r?\n)")
_TRAILING_SPACE: Final = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")


class TransferDecoder(Protocol):
    """Decodes one transfer encoding."""

    def receive(self, data: bytes) -> bytes:
        """Decode the next bytes, and return the output so far, which may be empty.

        Raises:
            MultipartError: 400 if the bytes are malformed.
        """

    def finish(self) -> bytes:
        """Return the rest of the output, at the end of the part.

        Raises:
            MultipartError: 400 if the encoded bytes are cut off.
        """


class IdentityDecoder:
    """7bit, 8bit and binary: no change."""

    def receive(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class Base64Decoder:
    """Base64, with line breaks anywhere and padding at the end."""

    def __init__(self) -> None:
        self._held = b""
        self._is_padded = False

    def receive(self, data: bytes) -> bytes:
        text = self._held + data.translate(None, b"\r\n\t ")
        if text and self._is_padded:
            raise MultipartError(400, "base64 continues after its padding")
        whole = len(text) - len(text) % 4
        self._held = text[whole:]
        self._is_padded = self._is_padded or text.endswith(b"=", 0, whole)
        try:
            return binascii.a2b_base64(text[:whole], strict_mode=True)
        except binascii.Error:
            raise MultipartError(400, "malformed base64") from None

    def finish(self) -> bytes:
        if self._held:
            raise MultipartError(400, "base64 is cut off")
        return b""


class QuotedPrintableDecoder:
    """Quoted-printable; characters that RFC 2045 wants to be escaped are accepted without escapes, too."""

    def __init__(self) -> None:
        self._held = b""

    def receive(self, data: bytes) -> bytes:
        text = self._held + data
        end = _find_decided_end(text)
        self._held = text[end:]
        if len(self._held) > _MAX_HELD:
            raise MultipartError(400, "malformed quoted-printable")
        return _decode_lines(text[:end])

    def finish(self) -> bytes:
        # White space at the end was added on the way, and a soft line break at the end joins nothing.
        rest = self._held.rstrip(b" \t\r")
        if rest not in (b"", b"="):
            raise MultipartError(400, "quoted-printable is cut off")
        return b""


def _find_decided_end(text: bytes) -> int:
    """Return the end of the bytes whose meaning does not depend on the next ones."""
    end = len(text.removesuffix(b"\r").rstrip(b" \t"))
    escape = text.rfind(b"=", max(end - 2, 0), end)
    return end if escape < 0 else escape


def _decode_lines(text: bytes) -> bytes:
    if _BAD_ESCAPE.search(text):
        raise MultipartError(400, "malformed quoted-printable")
    return binascii.a2b_qp(_TRAILING_SPACE.sub(b"", text))


class Base64Encoder:
    """Base64 in lines of 76 characters."""

    def __init__(self) -> None:
        self._held = b""

    def encode(self, data: bytes) -> bytes:
        """Encode content, and return the complete lines, which may be none."""
        text = self._held + data
        whole = len(text) - len(text) % _LINE
        self._held = text[whole:]
        lines = [binascii.b2a_base64(text[at : at + _LINE], newline=False) for at in range(0, whole, _LINE)]
        return b"\r\n".join([*lines, b""])

    def finish(self) -> bytes:
        """Return the last line."""
        held, self._held = self._held, b""
        return binascii.b2a_base64(held, newline=False)

    @staticmethod
    def size_of(size: int) -> int:
        """Return the number of bytes that `size` bytes of content become."""
        lines, rest = divmod(size, _LINE)
        return lines * 78 + (rest + 2) // 3 * 4


class QuotedPrintableEncoder:
    """Quoted-printable that keeps every byte; line ends are escaped."""

    def encode(self, data: bytes) -> bytes:
        """Encode content; the output of each call has lines of its own."""
        if not data:
            return b""
        lines = binascii.b2a_qp(data, quotetabs=True, istext=False)
        # Line ends of the content are escaped, so the others are soft breaks, whose style depends on the content.
        return lines.replace(b"=\r\n", b"=\n").replace(b"=\n", b"=\r\n") + b"=\r\n"

    def finish(self) -> bytes:
        """Return b"": the output of every call is complete."""
        return b""


_DECODERS: Final[dict[str, type[TransferDecoder]]] = {
    "7bit": IdentityDecoder,
    "8bit": IdentityDecoder,
    "binary": IdentityDecoder,
    "base64": Base64Decoder,
    "quoted-printable": QuotedPrintableDecoder,
}


def make_transfer_decoder(encoding: str | None) -> TransferDecoder:
    """Return a new decoder for the value of a Content-Transfer-Encoding field; None if there is no such field.

    Raises:
        MultipartError: 400 if the encoding is unknown.
    """
    decoder = IdentityDecoder if encoding is None else _DECODERS.get(encoding.lower())
    if decoder is None:
        raise MultipartError(400, "unknown transfer encoding of a part")
    return decoder()
