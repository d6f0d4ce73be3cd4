"""Path templates: text such as `/users/{id}/{file:.+}`, parsed once and formatted many times.

A template has literals and variables, matches paths by an expression, and makes a path of parts. It must not know
methods, handlers, or other templates.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import takewhile
from typing import Any

from muntin.router._explosion import Explosion, find_explosion
from muntin.router._foreign import find_foreign
from muntin.router._quoting import decode_part, requote
from muntin.router._segments import Segment, read_segments
from muntin.router._variables import Variable, parse_variable
from muntin.router._warning import warn_author
from muntin.router.converters import CONVERTERS, Converter
from muntin.router.errors import PartError, PartValueError, TemplateError

__all__ = ["Template"]

# One token of a template at a time; inside a variable, braces nest, and in an escape or a set they are just characters.
_SPECIAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[{}]", re.DOTALL)


_REMEDY = (
    "write the expression so that no text can be read in two ways: no repetition right inside another, and none beside "
    "another that takes the same characters"
)


class Template:
    """A path template, checked, in its canonical spelling."""

    def __init__(self, text: str, converters: Mapping[str, Converter[Any]] = CONVERTERS) -> None:
        if text and not text.startswith("/"):
            raise TemplateError(f"path {text!r} must be empty or start with '/'")
        self.text = text
        self.parts: tuple[str | Variable, ...] = tuple(_parse_parts(text, converters))
        self.variables = tuple(part for part in self.parts if isinstance(part, Variable))
        names = [variable.name for variable in self.variables]
        for name in names:
            if names.count(name) > 1:
                raise TemplateError(f"path {text!r} has two variables named {name!r}")
        self._names = frozenset(names)
        if self.has_regex:
            self.regex  # noqa: B018  (a user's expression may be wrong only together with the others: raise now)
            self._check_cost()

    def _check_cost(self) -> None:
        """Warn of expressions that take very long for some paths."""
        for segment in self.segments:
            # A segment whose variables take any text is split at its literals: there is one way to do it.
            if segment.middle is None or segment.literals is not None:
                continue
            found = find_explosion(segment.middle, spans=segment.spans)
            if found is not None:
                warn_author(f"path {self.text!r}: {_describe(found)}; {_REMEDY}")

    @cached_property
    def canonical(self) -> str:
        """The template with names only: `/users/{id}`."""
        return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in self.parts)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression for the whole canonical path."""
        pieces = (
            re.escape(part) if isinstance(part, str) else f"(?P<{part.name}>{part.regex})"
            for part in self.parts
        )
        try:
            return re.compile("".join(pieces))
        except re.error as error:
            raise TemplateError(f"bad regular expression in path {self.text!r}: {error}") from None

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments between the slashes, in order; the last may be all the rest of the path."""
        return read_segments(self.parts)

    @property
    def literal_depth(self) -> int:
        """How many segments are literal before the first with a variable; a slash at the end adds none."""
        literals = list(takewhile(lambda segment: segment.middle is None, self.segments[1:]))
        ends_in_slash = bool(literals) and literals[-1].prefix == "" and not self.variables
        return len(literals) - ends_in_slash

    @cached_property
    def has_regex(self) -> bool:
        """True if a variable has an expression of its own; without any, a path is matched by splitting it."""
        return not all(variable.is_default for variable in self.variables)

    @property
    def places(self) -> list[tuple[str, int]] | None:
        """The names of the variables and which segments they are, if each is a segment of its own."""
        depths = [depth for depth, segment in enumerate(self.segments) if segment.is_variable]
        if len(depths) < len(self.variables):
            return None
        return [(variable.name, depth) for variable, depth in zip(self.variables, depths, strict=True)]

    @cached_property
    def is_typed(self) -> bool:
        """True if a variable has a converter."""
        return any(variable.converter is not None for variable in self.variables)

    def format(self, parts: Mapping[str, object]) -> str:
        """Put values in the place of the variables, percent-encoded.

        Raises:
            PartError: parts are missing, or the template does not have them.
            PartValueError: with these values the template would not match its own path.
            TypeError: a value is neither text nor a number, and has no converter.
        """
        if parts.keys() != self._names:
            missing = [variable.name for variable in self.variables if variable.name not in parts]
            extra = [name for name in parts if name not in self._names]
            said = [f"misses {', '.join(map(repr, missing))}"] if missing else []
            said += [f"has no {', '.join(map(repr, extra))}"] if extra else []
            raise PartError(f"the URL of {self.canonical!r} {' and '.join(said)}")
        path = "".join(
            part if isinstance(part, str) else part.format(parts[part.name]) for part in self.parts
        )
        if self.variables:
            self._check_way_back(path, parts)
        return path

    def _check_way_back(self, path: str, parts: Mapping[str, object]) -> None:
        """Refuse values for which the template does not match its own path.

        Raises:
            PartValueError: it does not, or clients remove a segment of dots from the path (RFC 3986, section 5.2.4).
        """
        for variable in self.variables:
            if not variable.takes(parts[variable.name]):
                raise PartValueError(
                    f"part {variable.name!r} of {self.canonical!r} does not take {parts[variable.name]!r}: "
                    f"it must match {variable.regex!r}"
                )
        dots = {".", ".."} & {*path.split("/")} - {*self.text.split("/")}
        variables = None if dots else self.read(path)
        if variables is None or self.convert(variables) is None:
            because = f"a segment {min(dots)!r} is removed on the way" if dots else "it is not matched"
            raise PartValueError(
                f"the URL of {self.canonical!r} with {dict(parts)!r} does not lead back: {because}"
            )

    def read(self, path: str) -> dict[str, str] | None:
        """Return the decoded values of the variables if the canonical path matches, else None."""
        variables = self._search(path) if self.has_regex else self._split(path)
        if variables is not None and "%" in path:
            return {name: decode_part(text) for name, text in variables.items()}
        return variables

    def _search(self, path: str) -> dict[str, str] | None:
        match = self.regex.fullmatch(path)
        if match is None:
            return None
        variables = match.groupdict()
        if self.regex.groups == len(self.variables):
            return variables
        # A named group inside an expression of the user has a value, too, if it took part.
        return {name: text for name, text in variables.items() if text is not None}

    def _split(self, path: str) -> dict[str, str] | None:
        texts = path.split("/")
        if len(texts) != len(self.segments):
            return None
        pieces: list[str] = []
        for segment, text in zip(self.segments, texts, strict=True):
            split = segment.split(text)
            if split is None:
                return None
            pieces += split
        return {variable.name: piece for variable, piece in zip(self.variables, pieces, strict=True)}

    def convert(self, variables: Mapping[str, str]) -> Mapping[str, object] | None:
        """Return the values in their types, or None if a converter refuses the text."""
        values: dict[str, object] = dict(variables)
        for name, _, converter in self.variables:
            if converter is not None:
                try:
                    values[name] = converter.parse(variables[name])
                except ValueError:
                    return None
        return values


def _parse_parts(text: str, converters: Mapping[str, Converter[Any]]) -> Iterator[str | Variable]:
    position = 0
    while (start := text.find("{", position)) >= 0:
        yield from _parse_literal(text, position, start)
        position = _find_end(text, start)
        yield parse_variable(text[start + 1 : position - 1], converters, template=text)
    yield from _parse_literal(text, position, len(text))


def _parse_literal(text: str, start: int, end: int) -> Iterator[str]:
    literal = text[start:end]
    if "}" in literal:
        raise TemplateError(f"path {text!r} has a '}}' without a '{{'")
    foreign, is_certain = find_foreign(literal)
    if foreign:
        name = foreign.strip("<>:").rpartition(":")[2]
        message = (
            f"path {text!r}: {foreign} is not a variable here, but text: write {{{name}}} for a variable"
        )
        if is_certain:
            raise TemplateError(message)
        warn_author(message)
    if literal:
        yield requote(literal)


def _find_end(text: str, start: int) -> int:
    depth = 0
    for match in _SPECIAL.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0 and match[0] == "}":
            return match.end()
    raise TemplateError(f"path {text!r} has a '{{' without its '}}'")


def _describe(found: Explosion) -> str:
    if not found.pump:
        return "the expression is too complex to tell how long a request can make matching it take"
    growth = "exponentially with" if found.is_exponential else "with the square, or worse, of"
    return (
        f"the time that matching takes can grow {growth} the length of the path: a request that repeats {found.pump!r} "
        "many times and then does not match holds up all others"
    )
