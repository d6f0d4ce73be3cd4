"""Status codes and their registered reason phrases (IANA HTTP Status Code Registry), from the standard library."""

from http import HTTPStatus
from typing import Final

from muntin.http_core.errors import LocalProtocolError

__all__ = ["REASONS", "check_final", "check_status", "forbids_body", "reason_of", "status_line"]

REASONS: Final[dict[int, str]] = {status.value: status.phrase for status in HTTPStatus} | {
    # Renamed by RFC 9110 §15.5 after some supported Pythons were released.
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

_LINES: Final[dict[int, bytes]] = {
    code: f"HTTP/1.1 {code} {phrase}\r\n".encode("ascii") for code, phrase in REASONS.items()
}


def reason_of(status: int) -> str:
    """Return the registered phrase, or an empty one (which RFC 9112 §4 allows)."""
    return REASONS.get(status, "")


def status_line(status: int, reason: bytes | None = None) -> bytes:
    """Return the status-line of RFC 9112 §4, always with our own version, whatever the peer's is (RFC 9110 §2.5).

    Raises:
        LocalProtocolError: the status is no number of three digits.
    """
    if reason is None:
        try:
            return _LINES[status]
        except (KeyError, TypeError):
            reason = b""
    check_status(status)
    return b"HTTP/1.1 %d %b\r\n" % (status, reason)


def check_status(status: int) -> None:
    """Refuse what is no status code.

    Raises:
        LocalProtocolError: the status is no number of three digits.
    """
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise LocalProtocolError(f"{status!r} is no status code")


def check_final(status: int, method: str = "") -> None:
    """Refuse a status that does not end an exchange.

    Args:
        status: the status code of a response.
        method: the method of the request.

    Raises:
        LocalProtocolError: it is no status code, or an interim one, after which the exchange continues, or 101 or 2xx
            to CONNECT, after which it is not HTTP.
    """
    check_status(status)
    if status < 200 or (method == "CONNECT" and status < 300):
        raise LocalProtocolError(f"{status} does not end an exchange")


def forbids_body(status: int) -> bool:
    """Return True if a response of that status never has a body (RFC 9110 §6.4.1)."""
    return status == 204 or status == 304 or status < 200
