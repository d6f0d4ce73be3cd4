"""The events of a multipart body.

Their order is ``(PartBegin PartData* PartEnd)* Finished``; NEED_DATA may come between any two of them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from muntin.http_core.headers.disposition import Disposition, parse_disposition
from muntin.http_core.headers.media import MediaType, parse_media_type

__all__ = ["NEED_DATA", "Finished", "Headers", "MultipartEvent", "PartBegin", "PartData", "PartEnd"]

Headers = tuple[tuple[str, str], ...]


class _Signal(Enum):
    NEED_DATA = "need data"

    def __repr__(self) -> str:
        return self.name


NEED_DATA: Final = _Signal.NEED_DATA
"""No event is complete: pass more bytes to `receive`, or ``b""`` at the end of the body."""


@dataclass(frozen=True, slots=True)
class PartBegin:
    """The head of a part."""

    headers: Headers
    """The fields in order; names as sent, values decoded as UTF-8, or as latin-1 where they are not UTF-8."""

    def get(self, name: str) -> str | None:
        """Return the value of the first field of a name, in any case, or None."""
        name = name.lower()
        for found, value in self.headers:
            if found.lower() == name:
                return value
        return None

    @property
    def disposition(self) -> Disposition | None:
        """The Content-Disposition; None if it is missing or malformed."""
        value = self.get("content-disposition")
        return None if value is None else parse_disposition(value)

    @property
    def media_type(self) -> MediaType | None:
        """The Content-Type; None if it is malformed, or missing, which means text/plain."""
        value = self.get("content-type")
        return None if value is None else parse_media_type(value)


@dataclass(frozen=True, slots=True)
class PartData:
    """A piece of a part's content, never empty, still in its transfer encoding."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The body is complete: the closing delimiter and the end of the input were read."""


MultipartEvent = PartBegin | PartData | PartEnd | Finished | Literal[_Signal.NEED_DATA]
