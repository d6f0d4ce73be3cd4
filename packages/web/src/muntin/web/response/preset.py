"""HeadFields that many responses have in common: checked once, and written once.

Most responses never have a mapping of fields. A `Preset` is what such a response has instead.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from muntin.http_core import FieldBlock, HeadFields, ResponseHead
from muntin.web.response.content_type import TEXT_PLAIN, format_content_type

__all__ = [
    "PLAIN_TEXT",
    "SERVER",
    "SERVER_FIELD",
    "Preset",
    "preset_of_field",
    "preset_of_text",
    "preset_of_type",
]

SERVER: Final = "muntin/0.1"
"""The product and its version, for the field Server (RFC 9110 §10.2.4). A test compares it with the distribution."""
SERVER_FIELD: Final = ("Server", SERVER)


class _HeadsByStatus(dict[int, ResponseHead]):
    """The heads of a preset by their status, each made when it is first asked for."""

    __slots__ = ("_block",)

    def __init__(self, block: HeadFields) -> None:
        self._block = block

    def __missing__(self, status: int) -> ResponseHead:
        head = self[status] = ResponseHead(status, self._block)
        return head


class Preset:
    """The fields of a response for which no mapping was made.

    Args:
        fields: name and value of each, without Server.
        block: the same with Server, as they are sent with a body whose length the exchange states.
    """

    __slots__ = ("fields", "heads")

    def __init__(self, fields: Sequence[tuple[str, str]], block: HeadFields) -> None:
        self.fields = fields
        self.heads = _HeadsByStatus(block)
        """The head for each status, with the registered reason; as many as there are statuses at most."""

    def get(self, name: str) -> str | None:
        """Return the value of a field by its name in the usual case; None without one."""
        return next((value for known, value in self.fields if known == name), None)


@lru_cache(64)
def preset_of_field(content_type: str) -> Preset:
    """Return the preset of a response whose only field is this Content-Type."""
    fields = (("Content-Type", content_type),)
    return Preset(fields, FieldBlock((*fields, SERVER_FIELD)))


@lru_cache(64)
def preset_of_type(essence: str, charset: str | None) -> Preset:
    """Return the same for a type and a charset.

    Raises:
        ValueError: `essence` is not a type and a subtype, or `charset` no charset.
    """
    return preset_of_field(format_content_type(essence, charset))


@lru_cache(64)
def preset_of_text(essence: str) -> Preset:
    """Return the same for text in UTF-8 of a type; one argument is looked up sooner than two.

    Raises:
        ValueError: `essence` is not a type and a subtype.
    """
    return preset_of_type(essence, "utf-8")


PLAIN_TEXT: Final = preset_of_field(TEXT_PLAIN)
