"""The access log: one line for each answer.

A format is compiled once, to a closure that only reads and fills in. Whatever the peer said is escaped, so that no line
can forge another or reach a terminal's controls.
"""

import json
import logging
import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

__all__ = ["AbstractAccessLogger", "AccessLogger", "JSONAccessLogger"]


class AbstractAccessLogger(ABC):
    """What writes an access log: derive from it to write another one.

    Args:
        logger: where to write.
        log_format: what to write.
    """

    def __init__(self, logger: logging.Logger, log_format: str) -> None:
        self.logger = logger
        self.log_format = log_format

    @abstractmethod
    def log(self, request: Any, response: Any, time: float) -> None:
        """Write about an answer that took `time` seconds."""

    @property
    def enabled(self) -> bool:
        """Whether there is anything to write; asked once, when a server is made."""
        return True

    @staticmethod
    def now() -> float:
        """Give the time of a clock that never goes back (seconds)."""
        return time.monotonic()


_Read = Callable[[Any, Any, float], Any]
"""Gives a value of a request, a response and the seconds between them."""


class _Atom(NamedTuple):
    """One value of a line: the attribute of records that has it, and whether it may hold what a peer has said."""

    name: str
    read: _Read
    is_foreign: bool = False
    field: str | None = None


def _make_clock(form: Callable[[int], str]) -> _Read:
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


_ATOMS: Final[dict[str, _Atom]] = {
    "a": _Atom("remote_address", lambda request, response, seconds: request.remote, is_foreign=True),
    "t": _Atom(
        "request_start_time",
        _make_clock(lambda second: time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(second))),
    ),
    "P": _Atom("process_id", lambda request, response, seconds: f"<{os.getpid()}>"),
    "r": _Atom("first_request_line", _format_request_line, is_foreign=True),
    "s": _Atom("response_status", lambda request, response, seconds: response.status),
    "b": _Atom(
        "response_size",
        lambda request, response, seconds: 0 if request.method == "HEAD" else response.body_length,
    ),
    "T": _Atom("request_time", lambda request, response, seconds: round(seconds)),
    "Tf": _Atom("request_time_frac", lambda request, response, seconds: f"{seconds:06f}"),
    "D": _Atom("request_time_micro", lambda request, response, seconds: round(seconds * 1_000_000)),
}
_ATOM: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([io])|(Tf|[atPrsbTD%]))|%")


def _request_field(field: str) -> _Atom:
    # In bytes, past the mapping of all fields, which few handlers ask for. Their length rules most names out.
    key = field.lower().encode("ascii")
    size = len(key)

    def read(request: Any, response: Any, seconds: float) -> str | None:
        for name, value in request.exchange.head.fields:
            if len(name) == size and name.lower() == key:
                text: str = value.decode("latin-1")
                return text
        return None

    return _Atom("request_header", read, is_foreign=True, field=field)


def _response_field(field: str) -> _Atom:
    return _Atom(
        "response_header",
        lambda request, response, seconds: response.headers.get(field),
        is_foreign=True,
        field=field,
    )


def _parse_format(log_format: str) -> tuple[str, list[_Atom]]:
    """Give the template of a line, for the operator %, and what fills it.

    Raises:
        ValueError: the format has an atom that there is not.
    """
    atoms: list[_Atom] = []

    def take(found: re.Match[str]) -> str:
        field, side, letter = found.groups()
        if letter == "%":
            return "%%"
        if field is not None:
            atoms.append(_request_field(field) if side == "i" else _response_field(field))
        elif letter is not None:
            atoms.append(_ATOMS[letter])
        else:
            raise ValueError(f"an access log format has an unknown atom at {log_format[found.start() :]!r}")
        return "%s"

    return _ATOM.sub(take, log_format), atoms


_UNSAFE: Final = re.compile(r'[^\x20-\x7e]|[\\"]')


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii") if found[0] not in '\\"' else "\\" + found[0]


def _make_line_format(
    template: str, atoms: list[_Atom]
) -> Callable[[tuple[Any, ...]], tuple[str, tuple[Any, ...]]]:
    """Give what makes a line of values, and gives them as they are in it: all that could be misread is escaped."""
    quotes, backslashes = template.count('"'), template.count("\\")
    foreign = [atom.is_foreign for atom in atoms]

    def escape(values: tuple[Any, ...]) -> tuple[Any, ...]:
        pairs = zip(values, foreign, strict=True)
        return tuple([_UNSAFE.sub(_escape, value) if may_lie else value for value, may_lie in pairs])

    def format_line(values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        line = template % values
        # Nearly always there is nothing to escape, which a look at the whole line finds sooner than one at each value.
        is_safe = (
            line.isascii()
            and line.isprintable()
            and line.count('"') == quotes
            and line.count("\\") == backslashes
        )
        if not is_safe:
            values = escape(values)
            line = template % values
        return line, values

    return format_line


def _say_missing(read: _Read) -> _Read:
    """Give what reads a value for a line, where a dash stands for none."""

    def read_or_dash(request: Any, response: Any, seconds: float) -> str:
        value = read(request, response, seconds)
        return "-" if value is None else value

    return read_or_dash


class AccessLogger(AbstractAccessLogger):
    """Writes lines by a format.

    | atom | what | attribute of the record |
    |---|---|---|
    | `%a` | the client's address, as trusted proxies tell it | `remote_address` |
    | `%t` | when the request came | `request_start_time` |
    | `%P` | the process | `process_id` |
    | `%r` | the request line | `first_request_line` |
    | `%s` | the status | `response_status` |
    | `%b` | bytes of the body | `response_size` |
    | `%T`, `%Tf` | how long it took: seconds, with fractions | `request_time`, `request_time_frac` |
    | `%D` | microseconds that it took | `request_time_micro` |
    | `%{Name}i` | a field of the request | `request_header`, a mapping |
    | `%{Name}o` | a field of the response | `response_header`, a mapping |
    | `%%` | a percent sign | |

    Args:
        logger: where to write, at the level INFO.
        log_format: what to write.

    Raises:
        ValueError: the format has an atom that there is not.
    """

    LOG_FORMAT = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'

    def __init__(self, logger: logging.Logger, log_format: str = LOG_FORMAT) -> None:
        super().__init__(logger, log_format)
        self._describe = self._compile(*_parse_format(log_format))
        self._make_record = _make_record_maker(logger)

    def _compile(
        self, template: str, atoms: list[_Atom]
    ) -> Callable[[Any, Any, float], tuple[str, dict[str, Any]]]:
        """Give what makes a line, and the attributes of its record."""
        reads = [_say_missing(atom.read) if atom.is_foreign else atom.read for atom in atoms]
        name = _make_namer(atoms)
        format_line = _make_line_format(template, atoms)

        def describe(request: Any, response: Any, seconds: float) -> tuple[str, dict[str, Any]]:
            line, values = format_line(tuple([read(request, response, seconds) for read in reads]))
            return line, name(values)

        return describe

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: Any, response: Any, time: float) -> None:
        try:
            line, attributes = self._describe(request, response, time)
            self.logger.handle(self._make_record(line, attributes))
        except Exception:
            self.logger.exception("the access log failed")


def _make_record_maker(logger: logging.Logger) -> Callable[[str, dict[str, Any]], logging.LogRecord]:
    """Give what makes the records of a logger, at the level INFO.

    Making one by `logging` costs as much as an answer: it looks for the caller, the process, the thread and the task.
    Here they are always the same, and all but the time is copied from the first record.
    """
    first: logging.LogRecord | None = None

    def make_record(line: str, attributes: dict[str, Any]) -> logging.LogRecord:
        nonlocal first
        if first is None or logging.getLogRecordFactory() is not logging.LogRecord:
            first = record = logger.makeRecord(logger.name, logging.INFO, __file__, 0, line, (), None, "log")
        else:
            record = logging.LogRecord.__new__(logging.LogRecord)
            now = time.time()
            fields = record.__dict__
            fields.update(first.__dict__)
            fields["msg"] = line
            fields["created"] = now
            fields["msecs"] = now % 1 * 1000 // 1
            fields["relativeCreated"] = first.relativeCreated + (now - first.created) * 1000
        record.__dict__.update(attributes)
        return record

    return make_record


def _make_namer(atoms: list[_Atom]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
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


_JSON_ATOMS: Final[dict[str, _Read]] = {
    "request_start_time": _make_clock(lambda second: datetime.fromtimestamp(second, UTC).isoformat()),
    "process_id": lambda request, response, seconds: os.getpid(),
    "request_time_frac": lambda request, response, seconds: round(seconds, 6),
}
"""What JSON has a better form for than a line."""


class JSONAccessLogger(AccessLogger):
    """Writes a JSON object a line, with a member for each atom of the format; what stands between them is left out.

    The members are called as the attributes of records. Numbers are numbers, the time is in UTC by RFC 3339, a field
    that is missing is null. Everything outside printable ASCII is escaped.

    Args:
        logger: where to write, at the level INFO.
        log_format: which atoms.

    Raises:
        ValueError: the format has an atom that there is not.
    """

    def _compile(
        self, template: str, atoms: list[_Atom]
    ) -> Callable[[Any, Any, float], tuple[str, dict[str, Any]]]:
        reads = [_JSON_ATOMS.get(atom.name, atom.read) for atom in atoms]
        name = _make_namer(atoms)
        encode = json.JSONEncoder(separators=(",", ":")).encode

        def describe(request: Any, response: Any, seconds: float) -> tuple[str, dict[str, Any]]:
            named = name(tuple([read(request, response, seconds) for read in reads]))
            # JSON itself has no need to escape DEL, but terminals may act on it.
            return encode(named).replace("\x7f", "\\u007f"), named

        return describe
