"""The access log: one line for each answer.

It knows the atoms of a format. Whatever the peer said is escaped, so that no line can forge another or reach a
terminal's controls.
"""

import logging
import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

__all__ = ["AbstractAccessLogger", "AccessLogger"]


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


_Atom = Callable[[Any, Any, float], object]


def _request_line(request: Any, response: Any, seconds: float) -> str:
    head = request.exchange.head
    return f"{head.method} {head.target} HTTP/{head.version.major}.{head.version.minor}"


def _start_time(request: Any, response: Any, seconds: float) -> str:
    return time.strftime("[%d/%b/%Y:%H:%M:%S %z]", time.localtime(time.time() - seconds))


_ATOMS: Final[dict[str, _Atom]] = {
    "a": lambda request, response, seconds: request.remote or "-",
    "t": _start_time,
    "P": lambda request, response, seconds: f"<{os.getpid()}>",
    "r": _request_line,
    "s": lambda request, response, seconds: response.status,
    "b": lambda request, response, seconds: 0 if request.method == "HEAD" else response.body_length,
    "T": lambda request, response, seconds: round(seconds),
    "Tf": lambda request, response, seconds: f"{seconds:06f}",
    "D": lambda request, response, seconds: round(seconds * 1_000_000),
    "%": lambda request, response, seconds: "%",
}
_ATOM: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([io])|(Tf|[atPrsbTD%]))|%")
_UNSAFE: Final = re.compile(r'[^\x20-\x7e]|[\\"]')


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii") if found[0] not in '\\"' else "\\" + found[0]


def _request_header(name: str) -> _Atom:
    return lambda request, response, seconds: request.headers.get(name, "-")


def _response_header(name: str) -> _Atom:
    return lambda request, response, seconds: response.headers.get(name, "-")


class AccessLogger(AbstractAccessLogger):
    """Writes lines by a format.

    | atom | what |
    |---|---|
    | `%a` | the peer's address |
    | `%t` | when the request came |
    | `%P` | the process |
    | `%r` | the request line |
    | `%s` | the status |
    | `%b` | bytes of the body |
    | `%T`, `%Tf`, `%D` | how long it took: seconds, with fractions, microseconds |
    | `%{Name}i`, `%{Name}o` | a field of the request, of the response |
    | `%%` | a percent sign |

    Args:
        logger: where to write, at the level INFO.
        log_format: what to write.

    Raises:
        ValueError: the format has an atom that there is not.
    """

    LOG_FORMAT = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'

    def __init__(self, logger: logging.Logger, log_format: str = LOG_FORMAT) -> None:
        super().__init__(logger, log_format)
        self._atoms: list[_Atom] = []
        self._template = _ATOM.sub(self._take, log_format)

    def _take(self, found: re.Match[str]) -> str:
        field, side, atom = found.groups()
        if field is not None:
            self._atoms.append(_request_header(field) if side == "i" else _response_header(field))
        elif atom is not None:
            self._atoms.append(_ATOMS[atom])
        else:
            raise ValueError(f"an access log format has an unknown atom at {found.string[found.start() :]!r}")
        return "%s"

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: Any, response: Any, time: float) -> None:
        try:
            values = tuple(_UNSAFE.sub(_escape, str(atom(request, response, time))) for atom in self._atoms)
            self.logger.info("%s", self._template % values)
        except Exception:
            self.logger.exception("the access log failed")
