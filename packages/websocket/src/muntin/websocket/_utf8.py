"""UTF-8 that arrives in pieces, refused at its first bad byte (RFC 6455 §8.1, RFC 3629)."""

from codecs import getincrementaldecoder

from muntin.websocket.errors import InvalidData

__all__ = ["Utf8Validator", "decode_text"]

_Decoder = getincrementaldecoder("utf-8")


def decode_text(data: bytes | bytearray) -> str:
    """Return the text of a whole message.

    Raises:
        InvalidData: it is not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidData(f"text is not UTF-8: {error.reason}") from None


class Utf8Validator:
    """A check of one text, piece by piece."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = _Decoder()

    def check(self, piece: bytes, *, final: bool) -> None:
        """Check the next piece; `final` marks the last piece of the text.

        Raises:
            InvalidData: the text is not UTF-8; raised at the first bad byte.
        """
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            raise InvalidData(f"text is not UTF-8: {error.reason}") from None
        # Python's decoder waits for the third byte of an encoded surrogate, but the second byte already shows it:
        # ED A0 to ED BF.
        pending = self._decoder.getstate()[0]
        if len(pending) == 2 and pending[0] == 0xED and pending[1] >= 0xA0:
            raise InvalidData("text is not UTF-8: encoded surrogate")
