"""Media types, as in Content-Type (RFC 9110 §8.3.1): their grammar, for any type."""

import re
from typing import Final, NamedTuple

from muntin.http_core.headers._parameters import (
    Parameters,
    follows_value,
    format_parameters,
    iterate_parameters,
    unquote_string,
)
from muntin.http_core.tokens import TOKEN, is_token

__all__ = ["MAX_MEDIA_PARAMETERS", "MediaType", "format_media_type", "parse_media_type"]

MAX_MEDIA_PARAMETERS: Final = 32
"""The number of parameters of a media type that are read. Registered types have three or four."""

_ESSENCE: Final = re.compile(rf"({TOKEN})/({TOKEN})")


class MediaType(NamedTuple):
    """A media type with its parameters; `parse_media_type` makes all names lower case."""

    type: str
    subtype: str
    parameters: Parameters = ()

    @property
    def essence(self) -> str:
        """Type and subtype, such as ``text/html``."""
        return f"{self.type}/{self.subtype}"

    @property
    def charset(self) -> str | None:
        """The value of the parameter ``charset``, as it was sent; None if it is missing or empty."""
        return self.parameter("charset") or None

    def parameter(self, name: str) -> str | None:
        """Return the value of a parameter by its name in lower case, or None."""
        for found, value in self.parameters:
            if found == name:
                return value
        return None


def parse_media_type(text: str, *, limit: int = MAX_MEDIA_PARAMETERS) -> MediaType | None:
    """Parse a Content-Type field; return None if type or subtype is malformed.

    Parameters are read as leniently as browsers do: a value without quotes ends at the next semicolon. A parameter that
    is malformed is left out, and so are those beyond `limit`, and those that come twice with two values: of two values,
    two readers may take different ones, and a filter that reads the one is bypassed by the other.
    """
    match = _ESSENCE.match(text)
    if match is None or not follows_value(text, match.end()):
        return None
    found: dict[str, str | None] = {}
    for name, value in iterate_parameters(text, match.end()):
        if value is not None and value.startswith('"'):
            value = unquote_string(value)
        if name in found:
            found[name] = value if value == found[name] else None
        elif len(found) < limit:
            found[name] = value
    parameters = tuple((name, value) for name, value in found.items() if value is not None)
    return MediaType(match[1].lower(), match[2].lower(), parameters)


def format_media_type(media: MediaType) -> str:
    """Format a media type.

    Raises:
        ValueError: a name is not a token, or a value has a control character.
    """
    if not (is_token(media.type) and is_token(media.subtype)):
        raise ValueError(f"not a media type: {media.essence!r}")
    return media.essence + format_parameters(media.parameters)
