"""Explosions: expressions that take a backtracking matcher very long for some text.

The matcher tries every way to read the text before it fails. There are too many ways where

* a loop can read a text in two ways, as `(?:[a-z]+)*` does: each repetition doubles them (exponential);
* two loops follow one another and the text of both can also be read by either, as in `.+.+x`: the border may be
  anywhere (quadratic, and one power more for each further loop).

Both are properties of the automaton, and are found by walking through it several times at once (A. Weber and
H. Seidl, On the degree of ambiguity of finite automata, 1991). They matter only if what follows can fail: `.+/.+`
takes whatever has a slash in it at the first try.

It works on automata, and has no part in templates.
"""

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple

from muntin.router._automaton import Automaton, Step, TooLarge, read_automata
from muntin.router._quoting import LETTERS

__all__ = ["Explosion", "find_explosion"]

EFFORT = 300_000
"""Steps of the search before an expression counts as too complex to be judged: about half a second."""


class Explosion(NamedTuple):
    """The cost of an expression in the worst case."""

    is_exponential: bool
    """True if the time can double with each repetition; otherwise it grows with the square of the length, or worse."""
    pump: str
    """A text that costs so much if it is repeated and something follows that does not match; empty if the expression is
    too complex to find one.
    """


@lru_cache(maxsize=4096)
def find_explosion(regex: str, *, spans: bool) -> Explosion | None:
    """Return the cost of the worst text, or None if the time is proportional to the length of every text.

    Args:
        regex: an expression that is matched against the whole of a text.
        spans: whether the text may have slashes.
    """
    letters = LETTERS if spans else LETTERS.replace("/", "")
    try:
        worst = [_Search(automaton, letters).find() for automaton in read_automata(regex)]
    except (TooLarge, RecursionError):
        return Explosion(is_exponential=False, pump="")
    found = [explosion for explosion in worst if explosion is not None]
    return min(found, key=lambda each: not each.is_exponential, default=None)


class _Node(NamedTuple):
    """The places of several readers of one text, and whether the readers have taken different steps."""

    places: tuple[int, ...]
    is_apart: bool


class _Search:
    """Looks for explosions in one automaton."""

    def __init__(self, automaton: Automaton, letters: str) -> None:
        mask = sum(1 << LETTERS.index(letter) for letter in letters)
        self._steps = [
            [Step(to, taken & mask) for to, taken in steps if taken & mask] for steps in automaton.steps
        ]
        self._ends = automaton.ends
        masks = {taken for steps in self._steps for _, taken in steps}
        bits = [1 << index for index in range(len(LETTERS)) if mask >> index & 1]
        # One letter of all that make no difference.
        self._letters = list({tuple(bit & each for each in masks): bit for bit in bits}.values())
        self._below = [self._reach(place) for place in range(len(self._steps))]
        self._left = EFFORT

    def find(self) -> Explosion | None:
        """Return the worst explosion, or None.

        Raises:
            TooLarge: the search takes more than `EFFORT` steps.
        """
        loops = list(self._find_loops())
        for loop in loops:
            place = min(loop)  # if any place of a loop has two ways back to itself, this one has
            start = _Node((place, place), False)
            word = self._find_word(start, (place, place), (loop, loop))
            if self._may_fail(place, word):
                return Explosion(is_exponential=True, pump=_spell(word))
        for one, other in permutations(loops, 2):
            if min(other) not in self._below[min(one)]:
                continue
            for left, right in product(sorted(one), sorted(other)):
                between = frozenset(
                    place for place in self._below[left] if place == right or right in self._below[place]
                )
                start = _Node((left, left, right), True)
                word = self._find_word(start, (left, right, right), (one, between, other))
                if self._may_fail(left, word):
                    return Explosion(is_exponential=False, pump=_spell(word))
        return None

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooLarge

    def _reach(self, place: int) -> frozenset[int]:
        """Find the places to which one step or more lead."""
        reached: set[int] = set()
        pending = [place]
        while pending:
            for to, _ in self._steps[pending.pop()]:
                if to not in reached:
                    reached.add(to)
                    pending.append(to)
        return frozenset(reached)

    def _find_loops(self) -> Iterator[frozenset[int]]:
        """Find the places that lead back to themselves, those together that lead to one another."""
        seen: set[int] = set()
        for place, below in enumerate(self._below):
            if place in below and place not in seen:
                loop = frozenset(other for other in below if place in self._below[other])
                seen |= loop
                yield loop

    def _find_word(self, start: _Node, goal: tuple[int, ...], where: tuple[frozenset[int], ...]) -> list[int]:
        """Find the shortest text that takes all readers to the goal by different steps, each inside its own places.

        Returns:
            The letters for each step; nothing if there is no such text.
        """
        came: dict[_Node, tuple[_Node, int]] = {}
        pending = deque([start])
        end = _Node(goal, True)
        while pending and end not in came:
            node = pending.popleft()
            for to, letters in self._step_together(node, where):
                if to not in came:
                    came[to] = (node, letters)
                    pending.append(to)
        word: list[int] = []
        if end in came:
            node, letters = came[end]
            word.append(letters)
            while node != start:
                node, letters = came[node]
                word.append(letters)
        return word[::-1]

    def _step_together(self, node: _Node, where: tuple[frozenset[int], ...]) -> Iterator[tuple[_Node, int]]:
        rows: list[tuple[tuple[int, ...], tuple[int, ...], int]] = [((), (), -1)]
        for place, inside in zip(node.places, where, strict=True):
            rows = [
                ((*chosen, index), (*places, to), letters & taken)
                for chosen, places, letters in rows
                for index, (to, taken) in enumerate(self._steps[place])
                if letters & taken and to in inside
            ]
        for chosen, places, letters in rows:
            self._spend()
            yield _Node(places, node.is_apart or len(set(chosen)) > 1), letters

    def _may_fail(self, place: int, word: list[int]) -> bool:
        """Return whether a text can follow many repetitions of a word so that the expression does not match.

        If no text can, the first way to read the repetitions always succeeds, however many ways there are.
        """
        return any(
            self._may_fail_after(place, [pick(letters) for letters in word]) for pick in (_lowest, _highest)
        )

    def _may_fail_after(self, place: int, word: list[int]) -> bool:
        if not word:
            return False
        places = frozenset({place})
        for _ in range(len(self._steps)):
            before = places
            for letter in word:
                places = self._advance(places, letter)
            if places == before:
                break
        seen = {places}
        pending = [places]
        while pending:
            places = pending.pop()
            if not places & self._ends:
                return True
            for letter in self._letters:
                after = self._advance(places, letter)
                if after not in seen:
                    seen.add(after)
                    pending.append(after)
        return False

    def _advance(self, places: frozenset[int], letter: int) -> frozenset[int]:
        self._spend()
        return frozenset(to for place in places for to, taken in self._steps[place] if taken & letter)


def _lowest(letters: int) -> int:
    return letters & -letters


def _highest(letters: int) -> int:
    return 1 << letters.bit_length() - 1


def _spell(word: list[int]) -> str:
    return "".join(LETTERS[_lowest(letters).bit_length() - 1] for letters in word)
