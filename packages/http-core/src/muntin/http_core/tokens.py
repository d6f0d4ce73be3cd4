"""Tokens (RFC 9110 §5.6.2): methods, the names of fields and parameters, and codings are made of them."""

import re
from typing import Final

__all__ = ["TOKEN", "is_token"]

TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
"""The pattern of a token, for use in other patterns."""

_TOKEN: Final = re.compile(TOKEN)


def is_token(text: str) -> bool:
    """Return True if the whole text is a token."""
    return _TOKEN.fullmatch(text) is not None
