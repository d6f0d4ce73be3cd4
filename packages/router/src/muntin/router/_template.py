"""Path templates: text such as `/users/{id}/{file:.+}`, taken apart once and put together many times.

A template knows its literals and variables, the expression that matches it, and how its parts make a path. It must
not know methods, handlers, or which other templates exist.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ._quoting import decode_part, encode_part, requote
from ._regex import DEFAULT, compile_regex, is_slash_free, needs_unencoded_text
from .converters import CONVERTERS, Converter
from .errors import PartError, TemplateError, TemplateWarning

__all__ = ["Segment", "Template", "Variable"]

# One token of a template at a time; inside a variable, braces nest, and in an escape or a set they are just characters.
_SPECIAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[{}]", re.DOTALL)
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::(.+))?", re.DOTALL)
_CONVERTER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\(\)")


class Variable(NamedTuple):
    """A variable of a template: its name, the expression for its encoded text, and its converter if it has one."""

    name: str
    regex: str
    converter: Converter | None

    @property
    def spans(self) -> bool:
        """Whether the text may reach over slashes, or depend on what stands beside it."""
        return self.regex != DEFAULT and not is_slash_free(self.regex)

    def format(self, value: object) -> str:
        """Spell a value as encoded text; a `TypeError` names the variable when the value is of no use."""
        if self.converter is not None and not isinstance(value, str):
            value = self.converter.format(value)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"part {self.name!r} must be str or int, not {type(value).__name__}")
        return encode_part(str(value), keep_slash=self.spans)


class Segment(NamedTuple):
    """What a template says between two slashes: a literal beginning, an expression, a literal end.

    `middle` is None where the segment is only its `prefix`. One that `spans` stands for the whole rest of the path.
    """

    prefix: str
    middle: str | None = None
    suffix: str = ""
    spans: bool = False


class Template:
    """A path template, checked, in its canonical spelling."""

    def __init__(self, text: str, converters: Mapping[str, Converter] = CONVERTERS) -> None:
        if text and not text.startswith("/"):
            raise TemplateError(f"path {text!r} must be empty or start with '/'")
        self.text = text
        self.parts: tuple[str | Variable, ...] = tuple(_parse_parts(text, converters))
        self.variables = tuple(part for part in self.parts if isinstance(part, Variable))
        names = [variable.name for variable in self.variables]
        for name in names:
            if names.count(name) > 1:
                raise TemplateError(f"path {text!r} has two variables named {name!r}")
        if any(variable.regex != DEFAULT for variable in self.variables):
            self.regex  # noqa: B018  (an expression of the user's may be wrong only in its place: find out now)

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
    def is_simple(self) -> bool:
        """Whether each variable is a whole segment and takes any text, so that splitting the path is matching it."""
        return all(segment.middle is None or segment == Segment("", DEFAULT) for segment in self.segments)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments behind each slash, in order; the last may stand for all the rest."""
        rows: list[list[str | Variable]] = [[]]
        for part in self.parts:
            if isinstance(part, Variable):
                rows[-1].append(part)
                continue
            head, *tail = part.split("/")
            rows[-1].append(head)
            rows.extend([piece] for piece in tail)
        found: list[Segment] = []
        for index, row in enumerate(rows[1:], start=1):
            if any(isinstance(part, Variable) and part.spans for part in row):
                rest = [part for later in rows[index:] for part in ("/", *later)][1:]
                return (*found, _read_segment(rest, spans=True))
            found.append(_read_segment(row))
        return tuple(found)

    @cached_property
    def is_typed(self) -> bool:
        """Whether a variable has a converter."""
        return any(variable.converter is not None for variable in self.variables)

    def format(self, parts: Mapping[str, object]) -> str:
        """Put values in the place of the variables, percent-encoded; all of them, and no others (`PartError`)."""
        names = [variable.name for variable in self.variables]
        missing = [name for name in names if name not in parts]
        extra = [name for name in parts if name not in names]
        if missing or extra:
            said = [f"misses {', '.join(map(repr, missing))}"] if missing else []
            said += [f"has no {', '.join(map(repr, extra))}"] if extra else []
            raise PartError(f"the URL of {self.canonical!r} {' and '.join(said)}")
        return "".join(
            part if isinstance(part, str) else part.format(parts[part.name]) for part in self.parts
        )

    def read(self, path: str) -> dict[str, str] | None:
        """Give the decoded values of the variables if the canonical path matches, else None."""
        match = self.regex.fullmatch(path)
        if match is None:
            return None
        # A group of the user's own inside an expression gives a value too, if it took part.
        return {name: decode_part(text) for name, text in match.groupdict().items() if text is not None}

    def convert(self, variables: Mapping[str, str]) -> Mapping[str, object] | None:
        """Give the values in their types, or None where a converter refuses the text."""
        values: dict[str, object] = dict(variables)
        for name, _, converter in self.variables:
            if converter is not None:
                try:
                    values[name] = converter.parse(variables[name])
                except ValueError:
                    return None
        return values


def _parse_parts(text: str, converters: Mapping[str, Converter]) -> Iterator[str | Variable]:
    position = 0
    while (start := text.find("{", position)) >= 0:
        yield from _parse_literal(text, position, start)
        position = _find_end(text, start)
        yield _parse_variable(text, text[start + 1 : position - 1], converters)
    yield from _parse_literal(text, position, len(text))


def _parse_literal(text: str, start: int, end: int) -> Iterator[str]:
    literal = text[start:end]
    if "}" in literal:
        raise TemplateError(f"path {text!r} has a '}}' without a '{{'")
    if literal:
        yield requote(literal)


def _find_end(text: str, start: int) -> int:
    depth = 0
    for match in _SPECIAL.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0 and match[0] == "}":
            return match.end()
    raise TemplateError(f"path {text!r} has a '{{' without its '}}'")


def _parse_variable(text: str, inside: str, converters: Mapping[str, Converter]) -> Variable:
    match = _VARIABLE.fullmatch(inside)
    if match is None:
        raise TemplateError(f"path {text!r}: {{{inside}}} is neither {{name}} nor {{name:regex}}")
    name, regex = match.groups()
    if regex is None:
        return Variable(name, DEFAULT, None)
    call = _CONVERTER.fullmatch(regex)
    converter = converters.get(call[1]) if call else None
    if converter is not None:
        regex = converter.regex
    try:
        compile_regex(regex)
    except re.error as error:
        raise TemplateError(f"bad regular expression for {name!r} in path {text!r}: {error}") from None
    if needs_unencoded_text(regex):
        warnings.warn(
            f"the expression for {name!r} in path {text!r} names characters beyond ASCII, and matches no path: "
            "paths are percent-encoded when they are matched, so write the expression so too",
            TemplateWarning,
            stacklevel=2,
        )
    return Variable(name, regex, converter)


def _read_segment(row: list[str | Variable], *, spans: bool = False) -> Segment:
    """Split one row of parts into literal beginning, expression and literal end."""
    first = next((index for index, part in enumerate(row) if isinstance(part, Variable)), None)
    if first is None:
        return Segment("".join(map(str, row)))
    last = max(index for index, part in enumerate(row) if isinstance(part, Variable))
    middle = "".join(
        re.escape(part) if isinstance(part, str) else part.regex if first == last else f"(?:{part.regex})"
        for part in row[first : last + 1]
    )
    suffix = "".join(part for part in row[last + 1 :] if isinstance(part, str))
    prefix = "".join(part for part in row[:first] if isinstance(part, str))
    return Segment(prefix, middle, suffix, spans)
