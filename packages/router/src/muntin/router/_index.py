"""The index of a table: a tree of path segments, in which a path finds every template that may match it.

Its work grows with the segments of the path, not with the templates. A node has one way for each literal segment, one
for "any segment", and one for each *different* expression that stands at this place; templates that share a
beginning share the nodes. What cannot be told apart by segments, such as `{tail:.*}`, is filed at its node by the
literal text at both ends of the rest, and tried.

So the work is bounded by how many beginnings of templates the path really matches, and by how many different
expressions stand beside one another at one place: a hundred different `{x:regex}` there are a hundred attempts.

What is found is a superset in registration order; the claims decide. It knows segments; it must not know methods.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from ._affixes import Affixes
from ._regex import DEFAULT, compile_regex
from ._template import Segment, Template

__all__ = ["Index", "Ordered"]


class Ordered(Protocol):
    """Something with a place in the order of registration."""

    order: int


C = TypeVar("C", bound=Ordered)


class _Node(Generic[C]):
    """A place in the tree: everything that begins with the same segments."""

    __slots__ = ("below", "ends", "is_straight", "literals", "patterns", "rests", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[C]] = {}
        self.variable: _Node[C] | None = None
        self.patterns: Affixes[dict[str, _Node[C]]] = Affixes()
        self.rests: Affixes[list[C]] = Affixes()
        self.below: list[C] = []
        """Those that take every path that goes on from here."""
        self.ends: list[C] = []
        """Those whose template ends here."""
        self.is_straight = True
        """Whether literals and a variable are the only ways on."""

    def step(self, segment: Segment) -> "_Node[C]":
        """Give the node behind a segment of a template, made now if there is none."""
        prefix, middle, suffix, _ = segment
        if middle is None:
            return self.literals.setdefault(prefix, _Node())
        if middle == DEFAULT and not prefix and not suffix:
            if self.variable is None:
                self.variable = _Node()
            return self.variable
        self.is_straight = False
        return self.patterns.file(prefix, suffix, dict).setdefault(middle, _Node())


class Index(Generic[C]):
    """Claims, found by path."""

    def __init__(self) -> None:
        self._root: _Node[C] = _Node()

    def add(self, template: Template, claim: C) -> None:
        """File a claim under a template; claims are filed in their order."""
        node = self._root
        for segment in template.segments:
            if segment.spans:
                node.is_straight = False
                make: Callable[[], list[C]] = list
                node.rests.file(segment.prefix, segment.suffix, make).append(claim)
                return
            node = node.step(segment)
        node.ends.append(claim)

    def add_below(self, prefix: str, claim: C, *, inclusive: bool) -> None:
        """File a claim under all paths below a prefix, and under the prefix itself if `inclusive`."""
        node = self._root
        for literal in prefix.split("/")[1:]:
            node = node.step(Segment(literal))
        node.is_straight = False
        node.below.append(claim)
        if inclusive:
            node.ends.append(claim)

    def find(self, segments: list[str]) -> list[C]:
        """Give the claims on a canonical path, split at its slashes, in their order."""
        node = self._root
        for depth, segment in enumerate(segments):
            if depth == 0:
                if segment:
                    return []
                continue
            literal = node.literals.get(segment)
            if not node.is_straight or (literal is not None and node.variable is not None):
                return self._spread(node, segments, depth)
            if literal is None:
                literal = node.variable if segment else None
                if literal is None:
                    return []
            node = literal
        return node.ends

    def _spread(self, node: _Node[C], segments: list[str], depth: int) -> list[C]:
        """Go on from a node by all its ways at once."""
        found: list[C] = []
        nodes = [node]
        for position in range(depth, len(segments)):
            segment = segments[position]
            reached: list[_Node[C]] = []
            for node in nodes:
                if not node.is_straight:
                    self._try_patterns(node, segment, reached)
                    self._collect_open(node, segments, position, found)
                literal = node.literals.get(segment)
                if literal is not None:
                    reached.append(literal)
                if node.variable is not None and segment:
                    reached.append(node.variable)
            nodes = reached
            if not nodes:
                break
        for node in nodes:
            found.extend(node.ends)
        found.sort(key=attrgetter("order"))
        return found

    @staticmethod
    def _try_patterns(node: _Node[C], segment: str, reached: list[_Node[C]]) -> None:
        for middle, ways in node.patterns.find(segment):
            for regex, way in ways.items():
                if compile_regex(regex).fullmatch(middle):
                    reached.append(way)

    @staticmethod
    def _collect_open(node: _Node[C], segments: list[str], position: int, found: list[C]) -> None:
        found.extend(node.below)
        for _, claims in node.rests.find("/".join(segments[position:])):
            found.extend(claims)
