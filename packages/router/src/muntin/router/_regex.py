"""The regular expressions of variables: compiled once, and sorted by whether they can match a slash.

It deals with the syntax of `re` alone. Its own expressions are compiled for the first variable with an expression.
"""

import re
from functools import lru_cache

__all__ = ["DEFAULT", "compile_regex", "is_slash_free", "needs_unencoded_text"]

DEFAULT = "[^{}/]+"
"""The expression of a variable without one of its own: one or more characters of one segment."""

# Templates repeat the same few expressions, and `re.compile` forgets after 512.
compile_regex = lru_cache(maxsize=4096)(re.compile)

# A deliberately small part of the syntax, in which nothing can match "/" and nothing looks at its surroundings (no
# anchors, look-arounds, references, flags, nor possessive repeats). What is not recognised is taken to match slashes,
# which is slower and never wrong.
_MEMBER = r"(?:\\[dws](?!-[^\]])|\\[^\w/](?!-[^\]])|[0-9A-Za-z]-[0-9A-Za-z]|[^\\\[\]/^-](?!-[^\]]))"
_SLASH_FREE = rf"""(?:
    \\[dws] | \\[^\w/]              # classes without a slash, escaped punctuation
  | \[-?{_MEMBER}+-?\]              # a set of such, and of ranges of letters and digits
  | \[\^[^\\\[\]]*/[^\\\[\]]*\]     # a set that names the slash among what it refuses
  | [^\\\[\](){{}}.*+?|^$/]         # a character that stands for itself
  | \((?:\?:|(?!\?)) | \) | \|
  | (?:[*?+]|\{{[0-9]*,?[0-9]*\}})\??(?![+])
)*"""


@lru_cache(maxsize=4096)
def is_slash_free(regex: str) -> bool:
    """Return whether the expression provably matches no `/`, and does not depend on the text around its match."""
    return re.fullmatch(_SLASH_FREE, regex, re.VERBOSE) is not None


# Bare, or by its number: a canonical path is ASCII, so that neither occurs in one.
_NON_ASCII = r"[^\x00-\x7F]|\\(?:u(?!00[0-7])|U(?!000000[0-7])|x[89A-Fa-f]|N\{)"


def needs_unencoded_text(regex: str) -> bool:
    """Return whether the expression names characters beyond ASCII, which no encoded path has."""
    return re.search(_NON_ASCII, regex) is not None
