"""Foreign notations: variables as other routers write them, which here are text or an expression like any other.

It knows how these look; what is right here is for `_variables` and `_template`.
"""

import re

__all__ = ["find_foreign", "is_foreign_type"]

_TYPES = frozenset(
    {"any", "bool", "default", "float", "int", "path", "re", "regex", "slug", "str", "string", "uuid"}
)
"""What Django, Flask, Sanic, Starlette and others call their converters."""

_ANGLES = re.compile(r"<(?:[A-Za-z_]\w*(?:\([^)]*\))?:)?[A-Za-z_]\w*(?::[^>]*)?>")
"""`<name>`, `<type:name>` and `<name:type>`: no URL has such brackets in it."""

_COLON = re.compile(r"(?<=/):[A-Za-z_]\w*(?=/|$)")
"""`:name` as a whole segment."""


def is_foreign_type(name: str) -> bool:
    """Say whether another router has a converter of this name."""
    return name in _TYPES


def find_foreign(literal: str) -> tuple[str, bool]:
    """Find a variable of another router in literal text.

    Returns:
        The variable, or nothing; and whether it cannot be meant as text.
    """
    match = _ANGLES.search(literal)
    if match is not None:
        return match[0], True
    match = _COLON.search(literal)
    return ("" if match is None else match[0]), False
