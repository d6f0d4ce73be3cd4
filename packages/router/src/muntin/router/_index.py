"""The index of a table: a tree of path segments, in which a path finds every template that may match it.

Its work grows with the segments of the path, not with the templates. A node has one way for each literal segment, one
for "any segment", and one for each *different* expression that stands at this place; templates that share a
beginning share the nodes. A template that segments cannot tell from others, such as `{tail:.*}`, is filed at its
node by the literal text at both ends of the rest, and tried.

So the work is bounded by how many beginnings of templates the path really matches, and by how many different
expressions stand beside one another at one place: a hundred different `{x:regex}` there are a hundred attempts.

The result is a superset, in the order of the claims; each claim decides whether it matches. Methods play no part here.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from muntin.router._affixes import Affixes
from muntin.router._segments import Segment
from muntin.router._template import Template

__all__ = ["Index", "Ordered"]


class Ordered(Protocol):
    """A claim with its place in the order."""

    order: int


C = TypeVar("C", bound=Ordered)


_Ways = dict[str, tuple[Callable[[str], object], "_Node[C]"]]
"""Next nodes by expression: a test of the text, and the node behind it."""


class _Node(Generic[C]):
    """A place in the tree: everything that begins with the same segments."""

    __slots__ = ("affixed", "below", "ends", "expressions", "is_open", "literals", "rests", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[C]] = {}
        self.variable: _Node[C] | None = None
        self.expressions: _Ways[C] = {}
        """The next nodes by the expression that the whole segment must match."""
        self.affixed: Affixes[_Ways[C]] | None = None
        """The next nodes for segments with literals beside their variables."""
        self.rests: Affixes[list[C]] | None = None
        self.below: list[C] = []
        """The claims that take every path that continues from here."""
        self.ends: list[C] = []
        """The claims whose template ends here."""
        self.is_open = False
        """True if there is more than literals and a variable to follow."""

    def step(self, segment: Segment) -> "_Node[C]":
        """Return the node behind a segment of a template; make it if there is none."""
        middle = segment.middle
        if middle is None:
            return self.literals.setdefault(segment.prefix, _Node())
        if segment.is_default:
            if self.variable is None:
                self.variable = _Node()
            return self.variable
        self.is_open = True
        ways = self.expressions
        if segment.prefix or segment.suffix:
            make: Callable[[], _Ways[C]] = dict
            if self.affixed is None:
                self.affixed = Affixes()
            ways = self.affixed.file(segment.prefix, segment.suffix, make)
        if middle not in ways:
            ways[middle] = (segment.takes_middle, _Node())
        return ways[middle][1]


class Index(Generic[C]):
    """Claims, found by path."""

    def __init__(self) -> None:
        self._root: _Node[C] = _Node()

    def add(self, template: Template, claim: C) -> None:
        """File a claim under a template; claims are filed in their order."""
        node = self._root
        for segment in template.segments[1:]:
            if segment.spans:
                node.is_open = True
                make: Callable[[], list[C]] = list
                if node.rests is None:
                    node.rests = Affixes()
                node.rests.file(segment.prefix, segment.suffix, make).append(claim)
                return
            node = node.step(segment)
        node.ends.append(claim)

    def add_below(self, prefix: str, claim: C) -> None:
        """File a claim under a prefix and all paths below it."""
        node = self._root
        for literal in prefix.split("/")[1:]:
            node = node.step(Segment(literal))
        node.is_open = True
        node.below.append(claim)
        node.ends.append(claim)

    def find(self, segments: list[str]) -> list[C]:
        """Return the claims on a canonical path, split at its slashes, in their order."""
        found: list[C] = []
        pending: list[tuple[_Node[C], int]] = []
        size = len(segments)
        # The root is behind the slash that a path begins with.
        node, depth = self._root, 1
        if segments[0]:
            return found
        while True:
            while depth < size:
                segment = segments[depth]
                if node.is_open:
                    self._open(node, segments, depth, found, pending)
                depth += 1
                literal = node.literals.get(segment)
                variable = node.variable if segment else None
                if literal is None:
                    if variable is None:
                        break
                    node = variable
                else:
                    if variable is not None:
                        pending.append((variable, depth))
                    node = literal
            else:
                found += node.ends
            if not pending:
                break
            node, depth = pending.pop()
        if len(found) > 1:
            found.sort(key=attrgetter("order"))
        return found

    @staticmethod
    def _open(
        node: _Node[C], segments: list[str], depth: int, found: list[C], pending: list[tuple[_Node[C], int]]
    ) -> None:
        """Add to `found` and `pending` all that is more than literals and a variable at a node."""
        for takes, way in node.expressions.values():
            if takes(segments[depth]):
                pending.append((way, depth + 1))
        if node.below:
            found += node.below
        if node.affixed is not None:
            for middle, ways in node.affixed.find(segments[depth]):
                pending += [(way, depth + 1) for takes, way in ways.values() if takes(middle)]
        if node.rests is not None:
            for _, claims in node.rests.find("/".join(segments[depth:])):
                found += claims
