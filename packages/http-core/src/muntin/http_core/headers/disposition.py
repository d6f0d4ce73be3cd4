"""Content-Disposition: of a message (RFC 6266), and of a part of a form (RFC 7578 §4.2).

Knows both ways to name a file, plain and extended (RFC 8187). Does not open files, nor trust their names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from muntin.http_core.headers._parameters import (
    QUOTED_STRING,
    Parameters,
    follows_value,
    is_free_of_controls,
    iterate_parameters,
    quote_string,
)
from muntin.http_core.headers.filenames import sanitize_filename
from muntin.http_core.tokens import TOKEN, is_token

__all__ = [
    "MAX_DISPOSITION_PARAMETERS",
    "Disposition",
    "format_disposition",
    "format_raw_disposition",
    "parse_disposition",
]

MAX_DISPOSITION_PARAMETERS: Final = 16
"""How many parameters a disposition may have: eight are registered."""

_TYPE: Final = re.compile(TOKEN)
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
_EXTENDED: Final = re.compile(
    r"(utf-8|iso-8859-1)'[0-9A-Za-z-]*+'((?:[!#$&+\-.^_`|~0-9A-Za-z]++|%[0-9A-Fa-f]{2})*)",
    re.IGNORECASE | re.ASCII,
)
# Browsers once sent whole paths such as C:\dir\file, unescaped: a backslash escapes only what must be
# escaped.
_ESCAPED: Final = re.compile(r'\\(["\\])')
_PERCENT_ESCAPED: Final = re.compile(r"%(22|0D|0A)")
# What every recipient reads alike inside a quoted string: see RFC 6266, appendix D.
_NOT_PLAIN: Final = re.compile(r'[^\x20-\x7e]|["\\%]')


@dataclass(frozen=True, slots=True)
class Disposition:
    """How a message or part wants to be presented."""

    type: str
    """In lower case: ``inline``, ``attachment``, ``form-data`` …; an unknown one means attachment (RFC 6266
    §4.2).
    """
    parameters: Parameters = ()
    """Names in lower case, values as sent: an extended one (``filename*``) is still encoded."""

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        return self.parameter("name")

    @property
    def filename(self) -> str | None:
        """The file's name exactly as the client chose it, paths and all: never open a file by it."""
        return self.parameter("filename")

    @property
    def safe_filename(self) -> str | None:
        """The file's name as `sanitize_filename` leaves it, or None when nothing of it is left."""
        raw = self.filename
        return None if raw is None else sanitize_filename(raw)

    def parameter(self, name: str) -> str | None:
        """Give the value of a parameter by its name in lower case.

        An extended form (``filename*``) comes before the plain one, and that before one in numbered pieces
        (``filename*0``), which mail programs make of long values (RFC 2231 §3).
        """
        found = dict(self.parameters)
        extended = _decode_extended(found.get(f"{name}*", ""))
        if extended is not None:
            return extended
        return found[name] if name in found else _join_pieces(found, name)


def _join_pieces(found: dict[str, str], name: str) -> str | None:
    """Join the pieces to one ext-value, and decode that; the first piece says whether there is a charset."""
    pieces: list[str] = []
    for index in range(len(found)):
        if (piece := found.get(f"{name}*{index}*")) is None:
            if (plain := found.get(f"{name}*{index}")) is None:
                break
            piece = quote(plain, safe=_ATTR_CHARS)
        pieces.append(piece)
    if not pieces:
        return None
    charset = "" if f"{name}*0*" in found else "utf-8''"
    return _decode_extended(charset + "".join(pieces))


def _decode_extended(text: str) -> str | None:
    """Decode an ext-value (RFC 8187 §3.2); None for one to ignore."""
    match = _EXTENDED.fullmatch(text)
    if match is None:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(match[1].lower())
    except UnicodeDecodeError:
        return None


def _unescape_string(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _unescape_form_value(text: str) -> str:
    return _PERCENT_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


# Both ways to quote a value, the standard's first. Python, curl and RFC 7578 escape quotes and backslashes. Browsers
# escape neither (WHATWG HTML, "multipart/form-data encoding algorithm"), so ``name="a\\"`` is a name that ends in a
# backslash: as a quoted string it would not be closed.
_QUOTINGS: Final = (
    (re.compile(QUOTED_STRING), _unescape_string),
    (re.compile(r'"[^"\x00-\x08\x0a-\x1f\x7f]*+"'), _unescape_form_value),
)


def parse_disposition(text: str, *, limit: int = MAX_DISPOSITION_PARAMETERS) -> Disposition | None:
    """Return what a Content-Disposition field says.

    Where the values do not parse as quoted strings, they are read as browsers write them in forms: only ``%22``,
    ``%0D`` and ``%0A`` are escapes. What is not quoted goes on to the next semicolon.

    None when it is malformed, has a parameter twice, or more than `limit` of them.
    """
    match = _TYPE.match(text)
    if match is None or not follows_value(text, match.end()):
        return None
    for quoted, unescape in _QUOTINGS:
        pairs = [_unquote(*pair, unescape) for pair in iterate_parameters(text, match.end(), quoted)]
        parameters = tuple((name, value) for name, value in pairs if value is not None)
        if len(parameters) == len(pairs):
            is_clear = len(dict(parameters)) == len(parameters) <= limit
            return Disposition(match[0].lower(), parameters) if is_clear else None
    return None


def _unquote(name: str, value: str | None, unescape: Callable[[str], str]) -> tuple[str, str | None]:
    """Return a parameter with its value as text; None where it cannot be read, or has a quote inside."""
    if value is None or not value.startswith('"'):
        return name, None if value is None or '"' in value else value
    return name, unescape(value[1:-1])


def format_disposition(type: str, **parameters: str) -> str:
    """Give a Content-Disposition field.

    A value that recipients read differently (not ASCII; quotes, backslashes, percent signs) is sent twice:
    extended, and plain with those characters replaced by ``_``. Only ``form-data`` has no extended form
    (RFC 7578 §4.2): its values stand as they are, for the encoder of the part to write in UTF-8.

    Raises:
        ValueError: the type or a name is not a token, or a value has a control character or a lone surrogate.
    """
    is_form = type.lower() == "form-data"
    return _join(type, parameters, _format_form_value if is_form else _format_value)


def format_raw_disposition(type: str, **parameters: str) -> str:
    """Give a Content-Disposition field whose values stand as they are, as in `form-data`, whatever the type.

    Raises:
        ValueError: as `format_disposition`.
    """
    return _join(type, parameters, _format_form_value)


def _join(type: str, parameters: Mapping[str, str], format_value: Callable[[str, str], Sequence[str]]) -> str:
    for token in (type, *parameters):
        if not is_token(token):
            raise ValueError(f"not a token of a Content-Disposition: {token!r}")
    pieces = [type]
    for name, value in parameters.items():
        if not is_free_of_controls(value):
            raise ValueError(f"the value of {name} cannot hold control characters: {value!r}")
        value.encode()  # refuses lone surrogates, which no field can carry
        pieces += format_value(name, value)
    return "; ".join(pieces)


def _format_form_value(name: str, value: str) -> list[str]:
    return [f"{name}={quote_string(value)}"]


def _format_value(name: str, value: str) -> list[str]:
    plain = _NOT_PLAIN.sub("_", value)
    pieces = [f'{name}="{plain}"']
    if plain != value:
        pieces.append(f"{name}*=UTF-8''{quote(value, safe=_ATTR_CHARS)}")
    return pieces
