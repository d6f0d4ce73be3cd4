"""Atoms: the letters of an access log's format, and the value that each reads of a request and its response."""

import os
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from muntin.http_core import HTTP_11

__all__ = [
    "USUAL_FORMAT",
    "Atom",
    "Format",
    "Read",
    "ReadAtom",
    "compose_data",
    "compose_texts",
    "parse_format",
    "read_usual_texts",
]

Fields = Sequence[bytes | None]
"""The values of the request's fields that a format names, in its order; None for one that is missing."""

ReadAtom = Callable[[Any, Any, float, Fields], Any]
"""Returns the value of one atom for a request, its response, its duration (seconds) and the fields of the request."""

Read = Callable[[Any, Any, float], tuple[Any, ...]]
"""Returns the values of all atoms of a format for a request, its response and its duration (seconds)."""


class Atom(NamedTuple):
    """One value of a line.

    Attributes:
        name: of the attribute of records that has it.
        text: reads it for a line.
        datum: reads it for a program, if that is another value.
        is_foreign: True if it may hold text that a peer sent.
        field: the name of the field that it is, or None.
    """

    name: str
    text: ReadAtom
    datum: ReadAtom | None = None
    is_foreign: bool = False
    field: str | None = None


class Format(NamedTuple):
    """A format of lines.

    Attributes:
        template: the text of a line, for the operator %.
        atoms: the values in it, in their order.
        fields: the lower-case names of the request's fields among them.
    """

    template: str
    atoms: Sequence[Atom]
    fields: Sequence[bytes]


def _format_request_line(request: Any, response: Any, seconds: float, fields: Fields) -> str:
    head = request.exchange.head
    version = head.version
    if version is HTTP_11:
        return f"{head.method} {head.target} HTTP/1.1"
    return f"{head.method} {head.target} HTTP/{version.major}.{version.minor}"


def _measure_response(request: Any, response: Any, seconds: float, fields: Fields) -> Any:
    return 0 if request.exchange.head.method == "HEAD" else response.body_length


def _format_process(request: Any, response: Any, seconds: float, fields: Fields) -> str:
    return f"<{os.getpid()}>"


def _format_start(form: Callable[[int], str]) -> ReadAtom:
    """Return a function that formats the time when a request began; each second is formatted once."""
    known, words = 0, ""

    def read(request: Any, response: Any, seconds: float, fields: Fields) -> str:
        nonlocal known, words
        second = int(time.time() - seconds)
        if second != known:
            known, words = second, form(second)
        return words

    return read


def _format_local(second: int) -> str:
    return time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second))


def _format_utc(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


_read_start: Final = _format_start(_format_local)

_ATOMS: Final[dict[str, Atom]] = {
    "a": Atom(
        "remote_address",
        lambda request, response, seconds, fields: request.remote or "-",
        lambda request, response, seconds, fields: request.remote,
        is_foreign=True,
    ),
    "t": Atom("request_start_time", _read_start, _format_start(_format_utc)),
    "P": Atom("process_id", _format_process, lambda request, response, seconds, fields: os.getpid()),
    "r": Atom("first_request_line", _format_request_line, is_foreign=True),
    "s": Atom("response_status", lambda request, response, seconds, fields: response.status),
    "b": Atom("response_size", _measure_response),
    "T": Atom("request_time", lambda request, response, seconds, fields: round(seconds)),
    "Tf": Atom(
        "request_time_frac",
        lambda request, response, seconds, fields: f"{seconds:06f}",
        lambda request, response, seconds, fields: round(seconds, 6),
    ),
    "D": Atom("request_time_micro", lambda request, response, seconds, fields: round(seconds * 1_000_000)),
}
_ATOM: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([io])|(Tf|[atPrsbTD%]))|%")


def _request_field(field: str, place: int) -> Atom:
    """Return the atom of the field of the request that stands at a place among those that the format names."""

    def read(missing: str | None) -> ReadAtom:
        def read_field(request: Any, response: Any, seconds: float, fields: Fields) -> str | None:
            value = fields[place]
            return missing if value is None else value.decode("latin-1")

        return read_field

    return Atom("request_header", read("-"), read(None), is_foreign=True, field=field)


def _response_field(field: str) -> Atom:
    return Atom(
        "response_header",
        lambda request, response, seconds, fields: response.headers.get(field, "-"),
        lambda request, response, seconds, fields: response.headers.get(field),
        is_foreign=True,
        field=field,
    )


def parse_format(log_format: str) -> Format:
    """Parse a format.

    Raises:
        ValueError: the format has an unknown atom.
    """
    atoms: list[Atom] = []
    names: list[bytes] = []

    def take(found: re.Match[str]) -> str:
        field, side, letter = found.groups()
        if letter == "%":
            return "%%"
        if side == "i":
            atoms.append(_request_field(field, len(names)))
            names.append(field.lower().encode("ascii"))
        elif side == "o":
            atoms.append(_response_field(field))
        elif letter is not None:
            atoms.append(_ATOMS[letter])
        else:
            raise ValueError(f"an access log format has an unknown atom at {log_format[found.start() :]!r}")
        return "%s"

    return Format(_ATOM.sub(take, log_format), atoms, names)


def compose_texts(parsed: Format) -> Read:
    """Return a function that reads the values of a format as texts for a line."""
    return _compose([atom.text for atom in parsed.atoms], parsed.fields)


def compose_data(parsed: Format) -> Read:
    """Return a function that reads the values of a format as data for a program."""
    return _compose([atom.datum or atom.text for atom in parsed.atoms], parsed.fields)


def _compose(reads: Sequence[ReadAtom], names: Sequence[bytes]) -> Read:
    def read(request: Any, response: Any, seconds: float) -> tuple[Any, ...]:
        # All at once and in bytes, without the mapping of all fields, which few handlers use.
        fields = request.exchange.head.get_each(*names) if names else ()
        return tuple([read_atom(request, response, seconds, fields) for read_atom in reads])

    return read


USUAL_FORMAT: Final = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'
"""The format of servers that are not told another one."""


def read_usual_texts(request: Any, response: Any, seconds: float) -> tuple[Any, ...]:
    """Return what `compose_texts` reads for `USUAL_FORMAT`.

    A call for each atom takes a fifth of the time of a line, and nearly every server writes this one.
    """
    head = request.exchange.head
    referer, agent = head.get_each(b"referer", b"user-agent")
    return (
        request.remote or "-",
        _read_start(request, response, seconds, ()),
        f"{head.method} {head.target} HTTP/1.1"
        if head.version is HTTP_11
        else _format_request_line(request, response, seconds, ()),
        response.status,
        0 if head.method == "HEAD" else response.body_length,
        "-" if referer is None else referer.decode("latin-1"),
        "-" if agent is None else agent.decode("latin-1"),
    )
