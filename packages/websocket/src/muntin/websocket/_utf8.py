"""UTF-8 that arrives in pieces, refused at its first bad byte (RFC 6455 §8.1, RFC 3629).

Knows text encoding only. Must not know frames or messages.
"""

from codecs import getincrementaldecoder

from muntin.websocket.errors import InvalidData

__all__ = ["Utf8Validator", "decode_text"]

_Decoder = getincrementaldecoder("utf-8")


def decode_text(data: bytes | bytearray) -> str:
    """Give the text of a whole message; raises InvalidData."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidData(f"text is not UTF-8: {error.reason}") from None


class Utf8Validator:
    """Checks pieces of one text after the other."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = _Decoder()

    def check(self, piece: bytes, *, final: bool) -> None:
        """Take the next piece, or the `final` one of a text; raises InvalidData at the first bad byte."""
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            raise InvalidData(f"text is not UTF-8: {error.reason}") from None
        # Python waits for the third byte of an encoded surrogate, though the second one gives it away: ED
        # A0 to ED BF.
        pending = self._decoder.getstate()[0]
        if len(pending) == 2 and pending[0] == 0xED and pending[1] >= 0xA0:
            raise InvalidData("text is not UTF-8: encoded surrogate")
