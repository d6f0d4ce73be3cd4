"""The character encodings that a form may name (RFC 7578 §4.6 and §5.1.2).

A client names them, so they are looked up in a table that has encodings of text alone. Python's registry also has
codecs that decompress, that take quadratic time (punycode, idna), or that are no encodings at all (rot13). It never
gets a name that a client chose: it would keep every spelling, known or not, as long as the process lives.
"""

import re
from encodings.aliases import aliases
from typing import Final

from muntin.http_core.multipart.errors import MultipartError

__all__ = ["decode_text", "find_charset"]

_PUNCTUATION: Final = re.compile(r"[^0-9a-z]+")
# By their names in `codecs`.
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


def _normalize(name: str) -> str:
    """Return a name as Python's registry compares it: in lower case, with one separator between its words."""
    return _PUNCTUATION.sub("_", name.lower()).strip("_")


def _list_spellings() -> dict[str, str]:
    """Return Python's name of each encoding, by all of its spellings."""
    # The module of an encoding has a name of its own, and aliases are names of modules.
    modules = {aliases.get(spelling := _normalize(name), spelling): name for name in _CHARSETS}
    found = {
        _normalize(spelling): modules[module] for spelling, module in aliases.items() if module in modules
    }
    return found | modules | {_normalize(name): name for name in _CHARSETS}


_SPELLINGS: Final = _list_spellings()


def find_charset(name: str) -> str | None:
    """Return Python's name of the encoding that `name` means, or None if it is no encoding of text."""
    # The longest name in use has some twenty characters.
    if not name.isascii() or len(name) > 40:
        return None
    return _SPELLINGS.get(_normalize(name))


def decode_text(data: bytes, charset: str = "utf-8") -> str:
    """Decode the text of a form's field.

    Raises:
        MultipartError: 400 if the encoding is unknown, or the bytes are not in it.
    """
    known = find_charset(charset)
    if known is None:
        raise MultipartError(400, "unknown charset of a form field")
    try:
        return data.decode(known)
    except UnicodeDecodeError:
        raise MultipartError(400, "a form field is not in its charset") from None
