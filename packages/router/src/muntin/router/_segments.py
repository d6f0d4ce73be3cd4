"""Segments: the part of a template between two slashes, and how a piece of a path is compared with it.

A segment that has only variables without expressions is matched by looking for its literals from the right, in linear
time whatever the text is; the same in `re` would take polynomial time on text that nearly matches. Names of
variables are no concern of this module.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from muntin.router._regex import DEFAULT, compile_regex
from muntin.router._variables import Variable

__all__ = ["Segment", "read_segments", "split_at"]


class Segment(NamedTuple):
    """A literal beginning, an expression, a literal end.

    `middle` is None if the segment is only its `prefix`. A segment that `spans` is the whole rest of the path.
    `literals` are the texts between the variables, if all of these take any text.
    """

    prefix: str
    middle: str | None = None
    suffix: str = ""
    spans: bool = False
    literals: tuple[str, ...] | None = None
    variables: int = 0
    """The number of variables."""

    @property
    def is_variable(self) -> bool:
        """True if this is one variable and nothing else."""
        return self.variables == 1 and not (self.prefix or self.suffix or self.spans)

    @property
    def is_default(self) -> bool:
        """True if this is one variable that takes any text, and nothing else."""
        return self.is_variable and self.middle == DEFAULT

    @property
    def takes_middle(self) -> Callable[[str], object]:
        """A function that tests the text between the literal beginning and end; its result is true if the text fits."""
        if self.literals is not None:
            return partial(split_at, self.literals)
        return compile_regex(self.middle or "").fullmatch

    def split(self, text: str) -> list[str] | None:
        """Return the texts of the variables, if all of these take any text; None if the text does not match."""
        if self.literals is None:
            return [] if text == self.prefix else None
        end = len(text) - len(self.suffix)
        if end < len(self.prefix) or not text.startswith(self.prefix) or not text.endswith(self.suffix):
            return None
        return split_at(self.literals, text[len(self.prefix) : end])


def split_at(literals: Sequence[str], text: str) -> list[str] | None:
    """Split a text at literals, with one character or more on each side, the first pieces as long as can be."""
    pieces: list[str] = []
    end = len(text)
    for literal in reversed(literals):
        start = text.rfind(literal, 1, end - 1)
        if start < 0:
            return None
        pieces.append(text[start + len(literal) : end])
        end = start
    pieces.append(text[:end])
    pieces.reverse()
    return pieces if end else None


def read_segments(parts: Sequence[str | Variable]) -> tuple[Segment, ...]:
    """Cut the parts of a template at the slashes of its literals; the first that spans includes the rest."""
    rows: list[list[str | Variable]] = [[]]
    for part in parts:
        if isinstance(part, Variable):
            rows[-1].append(part)
            continue
        head, *tail = part.split("/")
        rows[-1].append(head)
        rows.extend([piece] for piece in tail)
    segments: list[Segment] = []
    for index, row in enumerate(rows):
        if any(isinstance(part, Variable) and part.spans for part in row):
            rest = [part for later in rows[index:] for part in ("/", *later)][1:]
            return (*segments, _read_segment(rest, spans=True))
        segments.append(_read_segment(row))
    return tuple(segments)


def _read_segment(row: list[str | Variable], *, spans: bool = False) -> Segment:
    """Split a row of parts into its literal beginning, the expression between, and its literal end."""
    places = [place for place, part in enumerate(row) if isinstance(part, Variable)]
    if not places:
        return Segment(_join(row))
    first, last = places[0], places[-1]
    variables = [part for part in row if isinstance(part, Variable)]
    literals = None
    if all(variable.is_default for variable in variables):
        literals = tuple(_join(row[left + 1 : right]) for left, right in pairwise(places))
    # An expression that stands alone needs no group: it is matched against the whole of the text.
    middle = variables[0].regex if first == last else "".join(map(_as_regex, row[first : last + 1]))
    return Segment(_join(row[:first]), middle, _join(row[last + 1 :]), spans, literals, len(variables))


def _join(row: Sequence[str | Variable]) -> str:
    return "".join(part for part in row if isinstance(part, str))


def _as_regex(part: str | Variable) -> str:
    return re.escape(part) if isinstance(part, str) else f"(?:{part.regex})"
