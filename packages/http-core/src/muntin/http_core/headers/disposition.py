"""Content-Disposition: of a message (RFC 6266), and of a part of a form (RFC 7578 §4.2).

File names have two forms, plain and extended (RFC 8187). A name that a client sent must not be trusted.
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
"""The number of parameters that a disposition may have. Eight are registered."""

_TYPE: Final = re.compile(TOKEN)
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
_EXTENDED: Final = re.compile(
    r"(utf-8|iso-8859-1)'[0-9A-Za-z-]*+'((?:[!#$&+\-.^_`|~0-9A-Za-z]++|%[0-9A-Fa-f]{2})*)",
    re.IGNORECASE | re.ASCII,
)
# Old browsers sent whole paths such as C:\dir\file without escapes: so a backslash escapes only quotes and backslashes.
_ESCAPED: Final = re.compile(r'\\(["\\])')
_PERCENT_ESCAPED: Final = re.compile(r"%(22|0D|0A)")
# Characters that recipients read differently inside a quoted string: see RFC 6266, appendix D.
_NOT_PLAIN: Final = re.compile(r'[^\x20-\x7e]|["\\%]')


@dataclass(frozen=True, slots=True)
class Disposition:
    """A Content-Disposition field."""

    type: str
    """In lower case: ``inline``, ``attachment``, ``form-data`` …; an unknown one means attachment (RFC 6266 §4.2)."""
    parameters: Parameters = ()
    """Names in lower case, values as sent: an extended one (``filename*``) is still encoded."""

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        return self.parameter("name")

    @property
    def filename(self) -> str | None:
        """The file's name exactly as the client sent it, perhaps with a path: never open a file by it."""
        return self.parameter("filename")

    @property
    def safe_filename(self) -> str | None:
        """The file's name after `sanitize_filename`, or None if nothing of it is left."""
        raw = self.filename
        return None if raw is None else sanitize_filename(raw)

    def parameter(self, name: str) -> str | None:
        """Return the decoded value of a parameter by its name in lower case, or None.

        The extended form (``filename*``) is preferred to the plain one, and that to numbered pieces (``filename*0``),
        into which mail programs split long values (RFC 2231 §3).
        """
        found = dict(self.parameters)
        extended = _decode_extended(found.get(f"{name}*", ""))
        if extended is not None:
            return extended
        return found[name] if name in found else _join_pieces(found, name)


def _join_pieces(found: dict[str, str], name: str) -> str | None:
    """Join the numbered pieces to one ext-value and decode it; the first piece determines whether it has a charset."""
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
    """Decode an ext-value (RFC 8187 §3.2); return None for one that is to be ignored."""
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
# escape neither (WHATWG HTML, "multipart/form-data encoding algorithm"): from them, ``name="a\\"`` is a name that ends
# in a backslash, while as a quoted string it is not closed.
_QUOTINGS: Final = (
    (re.compile(QUOTED_STRING), _unescape_string),
    (re.compile(r'"[^"\x00-\x08\x0a-\x1f\x7f]*+"'), _unescape_form_value),
)


def parse_disposition(text: str, *, limit: int = MAX_DISPOSITION_PARAMETERS) -> Disposition | None:
    """Parse a Content-Disposition field; return None if it is malformed, or has too many parameters or one twice.

    Values that do not parse as quoted strings are read as browsers write them in forms: only ``%22``, ``%0D`` and
    ``%0A`` are escapes. A value without quotes ends at the next semicolon.
    """
    match = _TYPE.match(text)
    if match is None or not follows_value(text, match.end()):
        return None
    for quoted, unescape in _QUOTINGS:
        pairs = [_unquote(*pair, unescape) for pair in iterate_parameters(text, match.end(), quoted)]
        parameters = tuple((name, value) for name, value in pairs if value is not None)
        if len(parameters) == len(pairs):
            is_accepted = len(dict(parameters)) == len(parameters) <= limit
            return Disposition(match[0].lower(), parameters) if is_accepted else None
    return None


def _unquote(name: str, value: str | None, unescape: Callable[[str], str]) -> tuple[str, str | None]:
    """Return a parameter with its decoded value; None for a value that cannot be parsed, or has a quote inside."""
    if value is None or not value.startswith('"'):
        return name, None if value is None or '"' in value else value
    return name, unescape(value[1:-1])


def format_disposition(type: str, **parameters: str) -> str:
    """Format a Content-Disposition field.

    A value that recipients read differently (beyond ASCII, or with quotes, backslashes or percent signs) is sent twice:
    extended, and plain with those characters replaced by ``_``. Only ``form-data`` has no extended form (RFC 7578
    §4.2): its values are not changed, and the encoder of the part writes them in UTF-8.

    Raises:
        ValueError: the type or a name is not a token, or a value has a control character or a lone surrogate.
    """
    is_form = type.lower() == "form-data"
    return _join(type, parameters, _format_form_value if is_form else _format_value)


def format_raw_disposition(type: str, **parameters: str) -> str:
    """Format a Content-Disposition field whose values are not changed, as in `form-data`, whatever its type.

    Raises:
        ValueError: as for `format_disposition`.
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
