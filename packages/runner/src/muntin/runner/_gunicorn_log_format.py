"""Access log formats of gunicorn, translated into ours.

gunicorn writes `%(h)s` for `%a`. A format in its style is translated atom by atom; one in ours stays as it is.
"""

import re
from typing import Final

__all__ = ["translate_format"]

_ATOMS: Final = {
    "h": "%a",
    "l": "-",
    "u": "-",
    "t": "%t",
    "r": "%r",
    "s": "%s",
    "b": "%b",
    "B": "%b",
    "f": "%{Referer}i",
    "a": "%{User-Agent}i",
    "T": "%T",
    "D": "%D",
    "L": "%Tf",
    "p": "%P",
}
_FIELD: Final = re.compile(r"\{([A-Za-z0-9_-]+)\}([io])")
_ATOM: Final = re.compile(r"%\(([^)]*)\)s")


def translate_format(log_format: str) -> str:
    """Return an access log format in our style.

    Raises:
        ValueError: it has an atom of gunicorn that has no counterpart.
    """
    return _ATOM.sub(_translate, log_format)


def _translate(found: re.Match[str]) -> str:
    name = found[1]
    if field := _FIELD.fullmatch(name):
        return "%{{{}}}{}".format(*field.groups())
    if name not in _ATOMS:
        known = ", ".join(f"%({atom})s" for atom in _ATOMS)
        raise ValueError(f"the access log cannot write {found[0]}; of gunicorn's atoms it knows {known}")
    return _ATOMS[name]
