"""The body of a whole answer: how long it is said to be, and how much of it is sent (RFC 9110 §8.6 and §15).

How the body of a streamed answer is delimited, `_framing` decides.
"""

from typing import TypeVar

from muntin.http_core.errors import LocalProtocolError
from muntin.http_core.status import check_final

__all__ = ["Whole", "measure_body"]

Whole = TypeVar("Whole", bytes, range)
"""A body, or as many numbers as it would have bytes where those go out by other means."""


def measure_body(method: str, status: int, declared: int | None, body: Whole) -> tuple[int | None, Whole]:
    """Give the length to state in front of a whole body, None for none, and what of that body is sent.

    Args:
        method: of the request that is answered.
        status: of the answer.
        declared: the length among its fields.
        body: all of the body.

    Raises:
        LocalProtocolError: what is declared is wrong, or no such status can be answered.
    """
    if status < 200 or status == 204 or status == 304:
        check_final(status)
        # RFC 9110 §8.6: none with 204; with 304 that of the body it stands for, where it is told.
        return (declared if status == 304 else None), body[:0]
    if status == 205:
        # RFC 9110 §15.3.6: it has no content, and has to say so.
        return 0, body[:0]
    if method == "HEAD":
        return (len(body) if declared is None else declared), body[:0]
    if method == "CONNECT":
        check_final(status, method)
    if declared is not None and declared != len(body):
        raise LocalProtocolError("Content-Length differs from the body's length")
    return len(body), body
