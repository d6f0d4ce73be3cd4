"""Variables of templates: `{name}`, `{name:regex}` and `{name:converter()}`.

A variable has an expression for its encoded text, and encodes values. What stands beside it is no concern of it.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from muntin.router._foreign import is_foreign_type
from muntin.router._quoting import encode_part
from muntin.router._regex import DEFAULT, compile_regex, is_slash_free, needs_unencoded_text
from muntin.router._warning import warn_author
from muntin.router.converters import Converter
from muntin.router.errors import TemplateError

__all__ = ["Variable", "parse_variable"]

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::(.+))?", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CALL = re.compile(rf"({_WORD.pattern})\((?!\?)(.*)\)", re.DOTALL)  # and not a group of an expression


class Variable(NamedTuple):
    """A variable: its name, the expression for its encoded text, and its converter if it has one."""

    name: str
    regex: str = DEFAULT
    converter: Converter[Any] | None = None

    @property
    def is_default(self) -> bool:
        """True if it takes any text of one segment."""
        return self.regex == DEFAULT

    @property
    def spans(self) -> bool:
        """True if the text may have slashes, or depend on the text beside it."""
        return not self.is_default and not is_slash_free(self.regex)

    def format(self, value: object) -> str:
        """Encode a value; raise `TypeError` if it is neither text nor a number, and has no converter."""
        if self.converter is not None and not isinstance(value, str):
            value = self.converter.format(value)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"part {self.name!r} must be str or int, not {type(value).__name__}")
        return encode_part(str(value), keep_slash=self.spans)

    def takes(self, value: object) -> bool:
        """Return whether the expression matches the encoded text of a value."""
        return compile_regex(self.regex).fullmatch(self.format(value)) is not None


def parse_variable(inside: str, converters: Mapping[str, Converter[Any]], *, template: str) -> Variable:
    """Parse the text between the braces; `template` is for messages only."""
    match = _VARIABLE.fullmatch(inside)
    if match is None:
        raise TemplateError(f"path {template!r}: {{{inside}}} is neither {{name}} nor {{name:regex}}")
    name, regex = match.groups()
    if regex is None:
        return Variable(name)
    converter = _find_converter(name, regex, converters, template)
    if converter is not None:
        regex = converter.regex
    try:
        compile_regex(regex)
    except re.error as error:
        raise TemplateError(f"bad regular expression for {name!r} in path {template!r}: {error}") from None
    if needs_unencoded_text(regex):
        warn_author(
            f"the expression for {name!r} in path {template!r} names characters beyond ASCII, and matches no path: "
            "paths are percent-encoded when they are matched, so write the expression so too"
        )
    return Variable(name, regex, converter)


def _find_converter(
    name: str, regex: str, converters: Mapping[str, Converter[Any]], template: str
) -> Converter[Any] | None:
    """Return the converter that is named behind the colon, or None if an expression stands there.

    Raises:
        TemplateError: the converter does not exist, or is written in a wrong way.
    """
    call = _CALL.fullmatch(regex)
    word = call[1] if call else regex
    known = ", ".join(f"{each}()" for each in converters)
    if word in converters:
        if call and not call[2]:
            return converters[word]
        said = "takes no arguments" if call else "is written with parentheses"
        raise TemplateError(
            f"path {template!r}: the converter {word!r} of {name!r} {said}: write {{{name}:{word}()}}"
        )
    if call and not call[2].strip():
        raise TemplateError(
            f"path {template!r}: there is no converter {word!r} for {name!r}, but there are {known}"
        )
    if is_foreign_type(word) or (_WORD.fullmatch(regex) and (is_foreign_type(name) or name in converters)):
        warn_author(
            f"path {template!r}: {{{name}:{regex}}} matches what is like {regex!r} only: for a converter write "
            f"{{name:converter()}}, with one of {known}"
        )
    return None
