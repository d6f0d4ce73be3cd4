"""Atoms: the letters of an access log's format, and what each reads of a request and its response.

It knows their names. How their values are written is for `muntin.web.access_log`.
"""

import os
import re
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

__all__ = ["Atom", "Read", "make_clock", "make_namer", "parse_format"]

Read = Callable[[Any, Any, float], Any]
"""Gives a value of a request, a response and the seconds between them."""


class Atom(NamedTuple):
    """One value of a line: the attribute of records that has it, and whether it may hold what a peer has said."""

    name: str
    read: Read
    is_foreign: bool = False
    field: str | None = None


def make_clock(form: Callable[[int], str]) -> Read:
    """Give what tells when a request came; a second is put into words once."""
    known, words = 0, ""

    def tell(request: Any, response: Any, seconds: float) -> str:
        nonlocal known, words
        second = int(time.time() - seconds)
        if second != known:
            known, words = second, form(second)
        return words

    return tell


def _format_request_line(request: Any, response: Any, seconds: float) -> str:
    head = request.exchange.head
    return f"{head.method} {head.target} HTTP/{head.version.major}.{head.version.minor}"


_ATOMS: Final[dict[str, Atom]] = {
    "t": Atom(
        "request_start_time",
        make_clock(lambda second: time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second))),
    ),
    "P": Atom("process_id", lambda request, response, seconds: f"<{os.getpid()}>"),
    "r": Atom("first_request_line", _format_request_line, is_foreign=True),
    "s": Atom("response_status", lambda request, response, seconds: response.status),
    "b": Atom(
        "response_size",
        lambda request, response, seconds: 0 if request.method == "HEAD" else response.body_length,
    ),
    "T": Atom("request_time", lambda request, response, seconds: round(seconds)),
    "Tf": Atom("request_time_frac", lambda request, response, seconds: f"{seconds:06f}"),
    "D": Atom("request_time_micro", lambda request, response, seconds: round(seconds * 1_000_000)),
}
_ATOM: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([io])|(Tf|[atPrsbTD%]))|%")


def _remote_address(missing: str | None) -> Atom:
    return Atom(
        "remote_address", lambda request, response, seconds: request.remote or missing, is_foreign=True
    )


def _request_field(field: str, missing: str | None) -> Atom:
    # In bytes, past the mapping of all fields, which few handlers ask for. Their length rules most names out.
    key = field.lower().encode("ascii")
    size = len(key)

    def read(request: Any, response: Any, seconds: float) -> str | None:
        for name, value in request.exchange.head.fields:
            if len(name) == size and name.lower() == key:
                text: str = value.decode("latin-1")
                return text
        return missing

    return Atom("request_header", read, is_foreign=True, field=field)


def _response_field(field: str, missing: str | None) -> Atom:
    def read(request: Any, response: Any, seconds: float) -> str | None:
        text: str | None = response.headers.get(field, missing)
        return text

    return Atom("response_header", read, is_foreign=True, field=field)


def parse_format(log_format: str, missing: str | None) -> tuple[str, list[Atom]]:
    """Give the template of a line, for the operator %, and what fills it.

    Args:
        log_format: the format.
        missing: stands for what is not there.

    Raises:
        ValueError: the format has an atom that there is not.
    """
    atoms: list[Atom] = []

    def take(found: re.Match[str]) -> str:
        field, side, letter = found.groups()
        if letter == "%":
            return "%%"
        if field is not None:
            atoms.append(_request_field(field, missing) if side == "i" else _response_field(field, missing))
        elif letter == "a":
            atoms.append(_remote_address(missing))
        elif letter is not None:
            atoms.append(_ATOMS[letter])
        else:
            raise ValueError(f"an access log format has an unknown atom at {log_format[found.start() :]!r}")
        return "%s"

    return _ATOM.sub(take, log_format), atoms


def make_namer(atoms: list[Atom]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """Give what names the values of atoms, fields within `request_header` and `response_header`."""
    names = [(place, atom.name) for place, atom in enumerate(atoms) if atom.field is None]
    fields: dict[str, list[tuple[int, str]]] = {}
    for place, atom in enumerate(atoms):
        if atom.field is not None:
            fields.setdefault(atom.name, []).append((place, atom.field))

    def name(values: tuple[Any, ...]) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for place, name in names:
            named[name] = values[place]
        for side, places in fields.items():
            named[side] = {field: values[place] for place, field in places}
        return named

    return name
