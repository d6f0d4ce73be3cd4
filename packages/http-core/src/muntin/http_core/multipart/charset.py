"""The character encodings that a form may name (RFC 7578 §4.6 and §5.1.2).

A client names them, so only encodings of text are known here, by a list of our own: the registry of Python
also has codecs that decompress, that run in quadratic time (punycode, idna), or that are no encodings at
all (rot13).
"""

import codecs
from typing import Final

from muntin.http_core.multipart.errors import MultipartError

# By the names that `codecs` gives them.
_CHARSETS: Final = frozenset(
    (
        *(
            "ascii",
            "utf-8",
            "utf-8-sig",
            "utf-16",
            "utf-16-be",
            "utf-16-le",
            "utf-32",
            "utf-32-be",
            "utf-32-le",
        ),
        *(f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
        *(f"cp{page}" for page in (437, 850, 866, 874, 932, 949, *range(1250, 1259))),
        *("koi8-r", "koi8-u", "mac-roman", "tis-620"),
        *("big5", "big5hkscs", "gb18030", "gb2312", "gbk"),
        *("euc_jp", "euc_kr", "iso2022_jp", "shift_jis"),
    )
)


def find_charset(name: str) -> str | None:
    """Give Python's name of the encoding that `name` means, or None when it is none of text."""
    # The longest name in use has some twenty characters; a lookup normalises and remembers whatever it is
    # given.
    if not name.isascii() or len(name) > 40:
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _CHARSETS else None


def decode_text(data: bytes, charset: str = "utf-8") -> str:
    """Give the text of a form's field.

    Raises:
        MultipartError: 400, the encoding is unknown, or the bytes are not in it.
    """
    known = find_charset(charset)
    if known is None:
        raise MultipartError(400, "unknown charset of a form field")
    try:
        return data.decode(known)
    except UnicodeDecodeError:
        raise MultipartError(400, "a form field is not in its charset") from None
