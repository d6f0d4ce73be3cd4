"""Variables of templates: `{name}`, `{name:regex}` and `{name:converter()}`.

A variable knows which encoded text it takes and how a value is spelled. It must not know what stands beside it.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from ._quoting import encode_part
from ._regex import DEFAULT, compile_regex, is_slash_free, needs_unencoded_text
from ._warning import warn_author
from .converters import Converter
from .errors import TemplateError

__all__ = ["Variable", "parse_variable"]

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::(.+))?", re.DOTALL)
_CONVERTER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\(\)")


class Variable(NamedTuple):
    """A variable: its name, the expression for its encoded text, and its converter if it has one."""

    name: str
    regex: str = DEFAULT
    converter: Converter | None = None

    @property
    def is_default(self) -> bool:
        """Whether it takes any text of one segment."""
        return self.regex == DEFAULT

    @property
    def spans(self) -> bool:
        """Whether the text may reach over slashes, or depend on what stands beside it."""
        return not self.is_default and not is_slash_free(self.regex)

    def format(self, value: object) -> str:
        """Spell a value as encoded text; a `TypeError` names the variable when the value is of no use."""
        if self.converter is not None and not isinstance(value, str):
            value = self.converter.format(value)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"part {self.name!r} must be str or int, not {type(value).__name__}")
        return encode_part(str(value), keep_slash=self.spans)


def parse_variable(inside: str, converters: Mapping[str, Converter], *, template: str) -> Variable:
    """Read what stands between the braces; `template` is for messages only."""
    match = _VARIABLE.fullmatch(inside)
    if match is None:
        raise TemplateError(f"path {template!r}: {{{inside}}} is neither {{name}} nor {{name:regex}}")
    name, regex = match.groups()
    if regex is None:
        return Variable(name)
    call = _CONVERTER.fullmatch(regex)
    converter = converters.get(call[1]) if call else None
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
