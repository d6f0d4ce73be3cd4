"""Status codes and their registered reason phrases (IANA HTTP Status Code Registry), from the standard library."""

from http import HTTPStatus
from typing import Final

__all__ = ["REASONS", "forbids_body", "reason_of", "status_line"]

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
    """Give the registered phrase, or an empty one (RFC 9112 §4 allows that)."""
    return REASONS.get(status, "")


def status_line(status: int, reason: bytes | None = None) -> bytes:
    """Give the status-line of RFC 9112 §4, always in our own version, whatever the peer's (RFC 9110 §2.5)."""
    if reason is None:
        line = _LINES.get(status)
        if line is not None:
            return line
        reason = b""
    return b"HTTP/1.1 %d %b\r\n" % (status, reason)


def forbids_body(status: int) -> bool:
    """Tell whether an answer of that status never has a body (RFC 9110 §6.4.1)."""
    return status == 204 or status == 304 or status < 200
