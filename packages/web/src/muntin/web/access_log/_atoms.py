"""Atoms: the letters of an access log's format, and the value that each reads of a request and its response."""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final, NamedTuple

from muntin.http_core import HTTP_11

__all__ = ["Atom", "Read", "Tell", "compile_data", "compile_line", "compile_texts", "parse_format"]

Read = Callable[[Any, Any, float], tuple[Any, ...]]
"""Returns the values of the atoms for a request, its response and its duration (seconds)."""

Tell = Callable[[Any, Any, float], str]
"""Returns the line for them."""


class Atom(NamedTuple):
    """One value of a line.

    Attributes:
        name: of the attribute of records that has it.
        text: the expression that reads it for a line, of `request`, `head`, `response`, `seconds` and `asked`, the
            values of the fields of the request that the format names.
        datum: the one that reads it for a program, if that is another.
        is_foreign: whether it may hold text that a peer sent.
        field: the name of the field that it is.
    """

    name: str
    text: str
    datum: str = ""
    is_foreign: bool = False
    field: str | None = None


_ATOMS: Final[dict[str, Atom]] = {
    "a": Atom("remote_address", 'request.remote or "-"', "request.remote", is_foreign=True),
    "t": Atom("request_start_time", "tell_local(seconds)", "tell_utc(seconds)"),
    "P": Atom("process_id", 'f"<{getpid()}>"', "getpid()"),
    "r": Atom(
        "first_request_line",
        """f"{head.method} {head.target} {'HTTP/1.1' if head.version is HTTP_11 else tell_version(head.version)}\"""",
        is_foreign=True,
    ),
    "s": Atom("response_status", "response.status"),
    "b": Atom("response_size", '0 if head.method == "HEAD" else response.body_length'),
    "T": Atom("request_time", "round(seconds)"),
    "Tf": Atom("request_time_frac", 'f"{seconds:06f}"', "round(seconds, 6)"),
    "D": Atom("request_time_micro", "round(seconds * 1_000_000)"),
}
_ATOM: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([io])|(Tf|[atPrsbTD%]))|%")


_ASKED: Final = "request_header"


def _field_atom(field: str, side: str, place: int) -> Atom:
    if side == "o":
        read = f"response.headers.get({field!r}, %s)"
        return Atom("response_header", read % '"-"', read % None, is_foreign=True, field=field)
    read = f'%s if asked[{place}] is None else asked[{place}].decode("latin-1")'
    return Atom(_ASKED, read % '"-"', read % None, is_foreign=True, field=field)


def parse_format(log_format: str) -> tuple[str, list[Atom]]:
    """Parse a format: return the template of a line, for the operator %, and its atoms.

    Raises:
        ValueError: the format has an unknown atom.
    """
    atoms: list[Atom] = []
    asked = count()

    def take(found: re.Match[str]) -> str:
        field, side, letter = found.groups()
        if letter == "%":
            return "%%"
        if field is not None:
            atoms.append(_field_atom(field, side, next(asked) if side == "i" else 0))
        elif letter is not None:
            atoms.append(_ATOMS[letter])
        else:
            raise ValueError(f"an access log format has an unknown atom at {log_format[found.start() :]!r}")
        return "%s"

    return _ATOM.sub(take, log_format), atoms


def compile_texts(atoms: Sequence[Atom]) -> Read:
    """Return a function that reads the values of atoms as texts for a line."""
    read: Read = _compile(atoms, f"({_list(atom.text for atom in atoms)})")
    return read


def compile_data(atoms: Sequence[Atom]) -> Read:
    """Return a function that reads the values of atoms as data for a program."""
    read: Read = _compile(atoms, f"({_list(atom.datum or atom.text for atom in atoms)})")
    return read


def compile_line(template: str, atoms: Sequence[Atom]) -> Tell:
    """Return a function that makes a line: faster than by `compile_texts`, as it is compiled to one f-string."""
    tell: Tell = _compile(atoms, f"{template!r} % ({_list(atom.text for atom in atoms)})")
    return tell


def _list(expressions: Iterable[str]) -> str:
    return "".join(f"{expression}, " for expression in expressions)


def _compile(atoms: Sequence[Atom], result: str) -> Any:
    """Compile one function for all atoms: a call for each would take longer than reading its value.

    The expressions are those of the table, and of fields whose names have been matched: nothing else is evaluated.
    """
    # In bytes, without the mapping of all fields, which few handlers use.
    asked = [atom.field.lower().encode("ascii") for atom in atoms if atom.field and atom.name == _ASKED]
    source = f"""
def read(request, response, seconds):
    head = request.exchange.head
    {f"asked = head.get_each({_list(map(repr, asked))})" if asked else ""}
    return {result}
"""
    defined: dict[str, Any] = {
        "HTTP_11": HTTP_11,
        "getpid": os.getpid,
        "tell_local": _make_clock(
            lambda second: time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second))
        ),
        "tell_utc": _make_clock(lambda second: datetime.fromtimestamp(second, UTC).isoformat()),
        "tell_version": lambda version: f"HTTP/{version.major}.{version.minor}",
    }
    exec(compile(source, "<access log format>", "exec"), defined)
    return defined["read"]


def _make_clock(form: Callable[[int], str]) -> Callable[[float], str]:
    """Return a function that formats the time so many seconds ago; each second is formatted once."""
    known, words = 0, ""

    def tell(seconds: float) -> str:
        nonlocal known, words
        second = int(time.time() - seconds)
        if second != known:
            known, words = second, form(second)
        return words

    return tell
