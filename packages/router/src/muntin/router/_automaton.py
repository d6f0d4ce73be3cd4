"""Automata: a regular expression as the places that a backtracking matcher can stand at, and the steps between them.

Each place is one character of the expression (Glushkov's construction), so that every step reads exactly one letter,
and two ways of the matcher to read the same text are two different rows of steps. Where the same step can be taken for
two reasons, as in `(?:a*)*`, it is there twice.

It reads the syntax tree of `re`, over the letters of canonical paths. What an automaton is used for is no concern here.
"""

import re
from collections.abc import Iterable, Sequence
from re import _constants, _parser  # type: ignore[attr-defined]  # what `sre_parse` was until Python 3.11
from typing import Any, NamedTuple, TypeVar

from muntin.router._quoting import LETTERS

__all__ = ["Automaton", "Step", "TooLarge", "read_automata"]

T = TypeVar("T")

REPEATED = 10
"""Repetitions that get places of their own. More of them become a loop, or only these if each reads one character."""

PLACES = 2_000
"""The most places of an automaton; the expression of a route has about ten."""

_ANYTHING = (1 << len(LETTERS)) - 1
_SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
"""The items that read one character."""

_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


class TooLarge(Exception):
    """An automaton has more places than can be searched."""


class Step(NamedTuple):
    """A step to a place, by reading one of the letters; these are bits, in the order of `LETTERS`."""

    to: int
    letters: int


class _Part(NamedTuple):
    """A part of an expression: the places it begins and ends with, and in how many ways it reads nothing.

    Places are repeated where there are two ways to begin or to end with them. What it ends with names the letters that
    may follow: behind a possessive repeat, none that it would have taken itself.
    """

    first: list[int]
    last: list[tuple[int, int]]
    empty: int


_NOTHING = _Part([], [], 1)


class Automaton:
    """Places and steps; the place 0 is the beginning.

    Attributes:
        steps: the steps from each place.
        ends: the places where the expression may end.
    """

    def __init__(self, tree: Iterable[Any], flags: int, *, is_prefix: bool = False) -> None:
        self._letters: list[int] = [0]
        self.steps: list[list[Step]] = [[]]
        self.looks: list[tuple[Any, int]] = []
        """The expressions of look-arounds, which are matched on their own, and their flags."""
        whole = self._row(list(tree), flags)
        if is_prefix:  # anything may follow it
            whole = self._join(whole, self._loop(self._place(_ANYTHING), 0))
        self._connect([(0, _ANYTHING)], whole.first)
        self.ends = {place for place, _ in whole.last} | ({0} if whole.empty else set())

    def _place(self, letters: int) -> _Part:
        place = len(self.steps)
        if place > PLACES:
            raise TooLarge
        self._letters.append(letters)
        self.steps.append([])
        return _Part([place], [(place, _ANYTHING)], 0)

    def _connect(self, last: Iterable[tuple[int, int]], first: Iterable[int]) -> None:
        for place, letters in last:
            for to in first:
                step = Step(to, letters & self._letters[to])
                if step.letters and self.steps[place].count(step) < 2:
                    self.steps[place].append(step)

    def _join(self, one: _Part, other: _Part) -> _Part:
        self._connect(one.last, other.first)
        first = one.first + other.first * one.empty
        last = other.last + one.last * other.empty
        return _Part(_twice(first), _twice(last), min(2, one.empty * other.empty))

    def _row(self, items: Sequence[Any], flags: int) -> _Part:
        part = _NOTHING
        for item in items:
            part = self._join(part, self._read(item, flags))
        return part

    def _choose(self, ways: Iterable[_Part]) -> _Part:
        parts = list(ways)
        return _Part(
            _twice([place for part in parts for place in part.first]),
            _twice([end for part in parts for end in part.last]),
            min(2, sum(part.empty for part in parts)),
        )

    def _loop(self, part: _Part, least: int) -> _Part:
        self._connect(part.last, part.first)
        return part._replace(empty=min(2, part.empty + (least == 0)))

    def _read(self, item: tuple[Any, Any], flags: int) -> _Part:
        """Add the places of one item of a syntax tree."""
        kind, value = item
        name = str(kind)
        if name in _SINGLE:
            return self._place(_read_letters(item, flags))
        if name == "SUBPATTERN":
            _, more, fewer, items = value
            return self._row(items, (flags | more) & ~fewer)
        if name == "BRANCH":
            return self._choose(self._row(items, flags) for items in value[1])
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, items = value
            return self._repeat(name, least, most, items, flags)
        if name == "ATOMIC_GROUP":
            return self._row(value, flags)
        if name in ("ASSERT", "ASSERT_NOT"):
            self.looks.append((value[1], flags))
        elif name == "GROUPREF_EXISTS":
            _, yes, no = value
            return self._choose([self._row(yes, flags), self._row(no or (), flags)])
        # An anchor, a look-around or a reference: it reads nothing, or the one text that was read before.
        return _NOTHING

    def _repeat(self, name: str, least: int, most: int, items: Sequence[Any], flags: int) -> _Part:
        is_single = len(items) == 1 and str(items[0][0]) in _SINGLE
        is_endless = most >= _constants.MAXREPEAT or (most > REPEATED and not is_single)
        least, most = min(least, REPEATED), min(most, REPEATED)
        if is_endless:
            part = self._loop(self._row(items, flags), least)
            least -= 1
        else:
            part = _NOTHING
            for _ in range(most - least):
                part = self._join(self._row(items, flags), part)
                part = part._replace(empty=min(2, part.empty + 1))
        for _ in range(least):
            part = self._join(self._row(items, flags), part)
        if name == "POSSESSIVE_REPEAT" and is_single and is_endless:
            taken = _read_letters(items[0], flags)
            part = part._replace(last=[(place, letters & ~taken) for place, letters in part.last])
        return part


def _twice(things: list[T]) -> list[T]:
    """Drop what is there more than twice: two ways are as bad as many."""
    return [thing for index, thing in enumerate(things) if things[:index].count(thing) < 2]


def _read_letters(item: tuple[Any, Any], flags: int) -> int:
    """Return the letters that an item of one character takes."""
    kind, value = str(item[0]), item[1]
    if kind == "ANY":
        return _ANYTHING
    members = value if kind == "IN" else [("LITERAL", value)]
    is_negated = kind == "NOT_LITERAL" or str(members[0][0]) == "NEGATE"
    letters = 0
    for index, letter in enumerate(LETTERS):
        spellings = {letter, letter.lower(), letter.upper()} if flags & re.IGNORECASE else {letter}
        if any(_is_member(spelling, member) for spelling in spellings for member in members) != is_negated:
            letters |= 1 << index
    return letters


def _is_member(letter: str, member: tuple[Any, Any]) -> bool:
    kind, value = str(member[0]), member[1]
    if kind == "LITERAL":
        return bool(ord(letter) == value)
    if kind == "RANGE":
        return bool(value[0] <= ord(letter) <= value[1])
    if kind == "CATEGORY":
        return re.match(_CATEGORIES[str(value)], letter) is not None
    return False


def read_automata(regex: str) -> list[Automaton]:
    """Return the automaton of an expression, and those of its look-arounds, which are matched on their own.

    Raises:
        TooLarge: it has more than `PLACES` places.
        re.error: it is no regular expression.
    """
    tree = _parser.parse(regex)
    automata = [Automaton(tree, tree.state.flags)]
    for automaton in automata:  # which grows: a look-around may have some of its own
        automata += [Automaton(items, flags, is_prefix=True) for items, flags in automaton.looks]
    return automata
