"""Atoms: the letters of an access log's format, and what each reads of a request and its response.

It knows their names. How their values are written is for `muntin.web.access_log`.
"""

import os
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

__all__ = ["Atom", "Read", "compile_atoms", "parse_format"]

Read = Callable[[Any, Any, float], tuple[Any, ...]]
"""Gives the values of a request, a response and the seconds between them."""


class Atom(NamedTuple):
    """One value of a line.

    Attributes:
        name: of the attribute of records that has it.
        text: the expression that reads it for a line, of `request`, `head`, `response` and `seconds`.
        datum: the one that reads it for a program, if that is another.
        is_foreign: whether it may hold what a peer has said.
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
        'f"{head.method} {head.target} HTTP/{head.version.major}.{head.version.minor}"',
        is_foreign=True,
    ),
    "s": Atom("response_status", "response.status"),
    "b": Atom("response_size", '0 if request.method == "HEAD" else response.body_length'),
    "T": Atom("request_time", "round(seconds)"),
    "Tf": Atom("request_time_frac", 'f"{seconds:06f}"', "round(seconds, 6)"),
    "D": Atom("request_time_micro", "round(seconds * 1_000_000)"),
}
_ATOM: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([io])|(Tf|[atPrsbTD%]))|%")


def _field_atom(field: str, side: str) -> Atom:
    if side == "o":
        read = f"response.headers.get({field!r}, %s)"
        return Atom("response_header", read % '"-"', read % None, is_foreign=True, field=field)
    # In bytes, past the mapping of all fields, which few handlers ask for.
    read = f"decode(head.get({field.lower().encode('ascii')!r}), %s)"
    return Atom("request_header", read % '"-"', read % None, is_foreign=True, field=field)


def parse_format(log_format: str) -> tuple[str, list[Atom]]:
    """Give the template of a line, for the operator %, and what fills it.

    Raises:
        ValueError: the format has an atom that there is not.
    """
    atoms: list[Atom] = []

    def take(found: re.Match[str]) -> str:
        field, side, letter = found.groups()
        if letter == "%":
            return "%%"
        if field is not None:
            atoms.append(_field_atom(field, side))
        elif letter is not None:
            atoms.append(_ATOMS[letter])
        else:
            raise ValueError(f"an access log format has an unknown atom at {log_format[found.start() :]!r}")
        return "%s"

    return _ATOM.sub(take, log_format), atoms


def compile_atoms(expressions: Iterable[str]) -> Read:
    """Give one function that reads all values: a call for each would take longer than the reading.

    The expressions are those of the table, and of fields whose names have been matched: nothing else is evaluated.
    """
    source = f"""
def read(request, response, seconds):
    head = request.exchange.head
    return ({"".join(f"{expression}, " for expression in expressions)})
"""
    defined: dict[str, Any] = {
        "decode": _decode,
        "getpid": os.getpid,
        "tell_local": _make_clock(
            lambda second: time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second))
        ),
        "tell_utc": _make_clock(lambda second: datetime.fromtimestamp(second, UTC).isoformat()),
    }
    exec(compile(source, "<access log format>", "exec"), defined)
    read: Read = defined["read"]
    return read


def _decode(value: bytes | None, missing: str | None) -> str | None:
    return missing if value is None else value.decode("latin-1")


def _make_clock(form: Callable[[int], str]) -> Callable[[float], str]:
    """Give what tells when it was so many seconds ago; a second is put into words once."""
    known, words = 0, ""

    def tell(seconds: float) -> str:
        nonlocal known, words
        second = int(time.time() - seconds)
        if second != known:
            known, words = second, form(second)
        return words

    return tell
