"""Status codes and their registered reason phrases (IANA HTTP Status Code Registry), from the standard library."""

from http import HTTPStatus
from typing import Final

from muntin.http_core.errors import LocalProtocolError

__all__ = [
    "REASONS",
    "USUAL_LINES",
    "check_final",
    "check_interim",
    "check_status",
    "forbids_body",
    "reason_of",
    "status_line",
]

REASONS: Final[dict[int, str]] = {status.value: status.phrase for status in HTTPStatus} | {
    # Renamed by RFC 9110 §15.5 after some supported Pythons were released.
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

# Authors may ask for anything.
_LINES: Final[dict[object, bytes]] = {
    code: f"HTTP/1.1 {code} {phrase}\r\n".encode("ascii") for code, phrase in REASONS.items()
}

USUAL_LINES: Final[dict[object, bytes]] = {
    code: _LINES[code] for code in REASONS if code >= 200 and code not in (204, 205, 304)
}
"""The status-lines of final responses that have a body, but to HEAD and CONNECT."""


def reason_of(status: int) -> str:
    """Return the registered phrase, or an empty one (which RFC 9112 §4 allows)."""
    return REASONS.get(status, "")


def status_line(status: object, reason: bytes | None = None) -> bytes:
    """Return the status-line of RFC 9112 §4, always with our own version, whatever the peer's is (RFC 9110 §2.5).

    Raises:
        LocalProtocolError: the status is no number of three digits.
    """
    if reason is None:
        try:
            return _LINES[status]
        except (KeyError, TypeError):
            reason = b""
    return b"HTTP/1.1 %d %b\r\n" % (check_status(status), reason)


def check_status(status: object) -> int:
    """Return a status code, and refuse what is none.

    Raises:
        LocalProtocolError: the status is no number of three digits.
    """
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise LocalProtocolError(f"{status!r} is no status code")
    return status


def check_final(status: object, method: str = "") -> int:
    """Return a status that ends an exchange, and refuse any other.

    Args:
        status: the status code of a response.
        method: the method of the request.

    Raises:
        LocalProtocolError: it is no status code, or an interim one, after which the exchange continues, or 101 or 2xx
            to CONNECT, after which it is not HTTP.
    """
    code = check_status(status)
    if code < 200 or (method == "CONNECT" and code < 300):
        raise LocalProtocolError(f"{code} does not end an exchange")
    return code


def check_interim(status: int) -> None:
    """Refuse a status that an interim response cannot have; 101 ends HTTP.

    Raises:
        LocalProtocolError: it is not one from 100 to 199 other than 101.
        TypeError: it is no integer.
    """
    if not isinstance(status, int):
        raise TypeError(f"{status!r} is no status code")
    if not 100 <= status <= 199 or status == 101:
        raise LocalProtocolError(f"{status} is not an interim response")


def forbids_body(status: int) -> bool:
    """Return True if a response of that status never has a body (RFC 9110 §6.4.1)."""
    return status == 204 or status == 304 or status < 200
