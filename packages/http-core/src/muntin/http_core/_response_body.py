"""The body of a whole response: the length that its head states, and whether it is sent (RFC 9110 §8.6 and §15).

How the body of a streamed response is delimited is decided in `_framing`.
"""

from muntin.http_core.errors import LocalProtocolError
from muntin.http_core.status import check_final

__all__ = ["check_length", "measure_body"]


def check_length(length: int) -> None:
    """Refuse what is no length of a body.

    Raises:
        LocalProtocolError: the length is negative.
        TypeError: it is no integer.
    """
    if not isinstance(length, int):
        raise TypeError(f"{length!r} is no length of a body")
    if length < 0:
        raise LocalProtocolError(f"{length} is no length of a body")


def measure_body(method: str, status: int, declared: int | None, length: int) -> tuple[int | None, bool]:
    """Return the length to state in front of a whole body, None for no statement, and whether the body is sent.

    Args:
        method: the method of the request.
        status: the status of the response.
        declared: the length among the fields of the response, or None.
        length: the length of the body (bytes).

    Raises:
        LocalProtocolError: the declared length is wrong, or the status does not end an exchange.
    """
    if status < 200 or status == 204 or status == 304:
        check_final(status)
        # RFC 9110 §8.6: a 204 states no length; a 304 may state that of the representation it stands for.
        return (declared if status == 304 else None), False
    if status == 205:
        # RFC 9110 §15.3.6: it has no content, and has to say so.
        return 0, False
    if method == "HEAD":
        return (length if declared is None else declared), False
    if method == "CONNECT":
        check_final(status, method)
    if declared is not None and declared != length:
        raise LocalProtocolError("Content-Length differs from the body's length")
    return length, True
