"""Foreign notations: variables in the syntax of other routers, which this router would read as text or
as an expression.

This module recognises them; `_variables` and `_template` decide what is an error.
"""

import re

__all__ = ["find_foreign", "is_foreign_type"]

_TYPES = frozenset(
    {"any", "bool", "default", "float", "int", "path", "re", "regex", "slug", "str", "string", "uuid"}
)
"""The names of converters in Django, Flask, Sanic, Starlette and others."""

_ANGLES = re.compile(r"<(?:[A-Za-z_]\w*(?:\([^)]*\))?:)?[A-Za-z_]\w*(?::[^>]*)?>")
"""`<name>`, `<type:name>` and `<name:type>`: no URL has such brackets in it."""

_COLON = re.compile(r"(?<=/):[A-Za-z_]\w*(?=/|$)")
"""`:name` as a whole segment."""


def is_foreign_type(name: str) -> bool:
    """Return whether another router has a converter of this name."""
    return name in _TYPES


def find_foreign(literal: str) -> tuple[str, bool]:
    """Find a variable of another router in literal text.

    Returns:
        The variable, or an empty text; and whether it is certainly not meant as text.
    """
    match = _ANGLES.search(literal)
    if match is not None:
        return match[0], True
    match = _COLON.search(literal)
    return ("" if match is None else match[0]), False
