"""The access log: one line for each response.

A format is compiled once. Values that the peer sent are escaped, so that no line can forge another one, or control a
terminal.
"""

import json
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final

from muntin.web.access_log._atoms import (
    USUAL_FORMAT,
    Atom,
    Format,
    Read,
    compose_data,
    compose_texts,
    parse_format,
    read_usual_texts,
)
from muntin.web.access_log._records import RecordMaker
from muntin.web.access_log.batches import find_writer

__all__ = ["AbstractAccessLogger", "AccessLogger", "JSONAccessLogger"]


class AbstractAccessLogger(ABC):
    """The base class of access loggers: derive from it to write another log.

    Args:
        logger: where to write.
        log_format: what to write.
    """

    def __init__(self, logger: logging.Logger, log_format: str) -> None:
        self.logger = logger
        self.log_format = log_format

    @abstractmethod
    def log(self, request: Any, response: Any, time: float) -> None:
        """Write a line for a response that took `time` seconds."""

    @property
    def enabled(self) -> bool:
        """True if anything is to be written; read once, when a server is made."""
        return True

    now = staticmethod(time.monotonic)
    """Returns the time of a monotonic clock (seconds)."""


_UNSAFE: Final = re.compile(r'[^\x20-\x7e]|[\\"]')


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii") if found[0] not in '\\"' else "\\" + found[0]


_Describe = Callable[[Any, Any, float], tuple[str, tuple[Any, ...]]]
"""Returns the line for a request and its response, and the values in it."""


def _fill_template(template: str, read: Read, atoms: Sequence[Atom]) -> _Describe:
    """Return a function for the line of a request and its values, which are escaped where needed."""
    foreign = [atom.is_foreign for atom in atoms]
    quotes, backslashes = template.count('"'), template.count("\\")

    def describe(request: Any, response: Any, seconds: float) -> tuple[str, tuple[Any, ...]]:
        values = read(request, response, seconds)
        line = template % values
        # Nearly always nothing is to be escaped; a test of the whole line is faster than a test of each value.
        if (
            line.isascii()
            and line.isprintable()
            and line.count('"') == quotes
            and line.count("\\") == backslashes
        ):
            return line, values
        pairs = zip(values, foreign, strict=True)
        values = tuple([_UNSAFE.sub(_escape, value) if is_foreign else value for value, is_foreign in pairs])
        return template % values, values

    return describe


class AccessLogger(AbstractAccessLogger):
    """Writes lines in a format.

    | atom | what | attribute of the record |
    |---|---|---|
    | `%a` | the client's address, as trusted proxies name it | `remote_address` |
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

    A response that was not sent to its end is logged with the status that was sent, and the bytes that went out; its
    record has an attribute `aborted`, which is True.

    Args:
        logger: where to write, at the level INFO.
        log_format: what to write.

    Raises:
        ValueError: the format has an unknown atom.
    """

    LOG_FORMAT = USUAL_FORMAT

    def __init__(self, logger: logging.Logger, log_format: str = LOG_FORMAT) -> None:
        super().__init__(logger, log_format)
        parsed = parse_format(log_format)
        self._describe = self._compose(parsed)
        self._name = _make_namer(parsed.atoms)
        self._records = RecordMaker(logger)
        self._write = find_writer(logger)
        # Handlers that are added or removed later need records.
        self._handlers = list(logger.handlers)

    def _compose(self, parsed: Format) -> _Describe:
        read = read_usual_texts if self.log_format == USUAL_FORMAT else compose_texts(parsed)
        return _fill_template(parsed.template, read, parsed.atoms)

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: Any, response: Any, time: float) -> None:
        try:
            logger = self.logger
            if self._write is None or logger.disabled or logger.handlers != self._handlers:
                line, values = self._describe(request, response, time)
                attributes = self._name(values)
                if _is_aborted(response):
                    attributes["aborted"] = True
                logger.handle(self._records.make(line, attributes))
            else:
                self._write(self._describe(request, response, time)[0])
        except Exception:
            self.logger.exception("the access log failed")


def _is_aborted(response: Any) -> bool:
    """Return whether a response was not sent to its end; only `SentResponse` has the attribute."""
    return getattr(response, "is_aborted", False)


def _make_namer(atoms: Sequence[Atom]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """Return a function that names the values of atoms; fields are in `request_header` and `response_header`."""
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


class JSONAccessLogger(AccessLogger):
    """Writes a JSON object a line, with a member for each atom of the format; the text between them is left out.

    The members are called as the attributes of records. Numbers are numbers, the time is in UTC by RFC 3339, a field
    that is missing is null. Everything outside printable ASCII is escaped. Where a response was not sent to its end, a
    further member says `"aborted": true`.

    Args:
        logger: where to write, at the level INFO.
        log_format: which atoms.

    Raises:
        ValueError: the format has an unknown atom.
    """

    def _compose(self, parsed: Format) -> _Describe:
        read, name = compose_data(parsed), _make_namer(parsed.atoms)
        encode = json.JSONEncoder(separators=(",", ":")).encode

        def describe(request: Any, response: Any, seconds: float) -> tuple[str, tuple[Any, ...]]:
            values = read(request, response, seconds)
            members = name(values)
            if _is_aborted(response):
                members["aborted"] = True
            # JSON itself has no need to escape DEL, but terminals may act on it.
            return encode(members).replace("\x7f", "\\u007f"), values

        return describe
