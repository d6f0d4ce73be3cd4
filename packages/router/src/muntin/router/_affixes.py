"""Affixes: finding, among many patterns with literal ends, the few that a text can match.

Patterns are filed by their literal beginning and end, so that a look-up costs one step for each pair of *lengths* in
use, however many patterns there are. The meaning of a pattern is no
concern of this module.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Affixes"]

T = TypeVar("T")


class Affixes(Generic[T]):
    """Values filed by a prefix and a suffix."""

    __slots__ = ("_tables",)

    def __init__(self) -> None:
        self._tables: dict[tuple[int, int], dict[tuple[str, str], T]] = {}

    def file(self, prefix: str, suffix: str, make: Callable[[], T]) -> T:
        """Return the value filed under the two; make it if there is none."""
        table = self._tables.setdefault((len(prefix), len(suffix)), {})
        key = (prefix, suffix)
        if key not in table:
            table[key] = make()
        return table[key]

    def find(self, text: str) -> list[tuple[str, T]]:
        """Return the values filed under a beginning and an end of the text, each with the text between the two."""
        rows: list[tuple[str, T]] = []
        for (head, tail), table in self._tables.items():
            end = len(text) - tail
            if end >= head:
                found = table.get((text[:head], text[end:]))
                if found is not None:
                    rows.append((text[head:end], found))
        return rows
