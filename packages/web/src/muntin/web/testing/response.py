"""The response that an exchange in memory has sent, parsed for a test.

The body is parsed by the framing that the head declares; errors of the response are not looked for.
"""

from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

__all__ = ["TestResponse", "parse_response"]


class TestResponse(NamedTuple):
    """A response that was sent, parsed."""

    status: int
    reason: str
    headers: CIMultiDictProxy[str]
    body: bytes
    """Without its framing."""
    trailers: CIMultiDictProxy[str]


TestResponse.__test__ = False  # type: ignore[attr-defined]  # pytest is not to take it for a class of tests


def parse_response(sent: bytes, method: str = "GET") -> TestResponse:
    """Parse the final response; interim ones before it are skipped.

    Raises:
        ValueError: there is none, or it is not complete.
    """
    status = 100
    while 100 <= status < 200 and status != 101:
        head, found, sent = sent.partition(b"\r\n\r\n")
        if not found:
            raise ValueError("no complete response was sent")
        status_line, _, lines = head.partition(b"\r\n")
        _, code, reason = status_line.decode("utf-8", "surrogateescape").split(" ", 2)
        status = int(code)
    headers = _parse_lines(lines)
    no_trailers = CIMultiDictProxy(CIMultiDict[str]())
    if method == "HEAD" or status in (101, 204, 304):
        return TestResponse(status, reason, headers, b"", no_trailers)
    if headers.get("Transfer-Encoding") == "chunked":
        return TestResponse(status, reason, headers, *_parse_chunks(sent))
    length = int(headers.get("Content-Length", len(sent)))
    if len(sent) < length:
        raise ValueError("the response is not complete")
    return TestResponse(status, reason, headers, sent[:length], no_trailers)


def _parse_lines(block: bytes) -> CIMultiDictProxy[str]:
    lines = block.decode("utf-8", "surrogateescape").split("\r\n")
    pairs = [line.partition(":")[::2] for line in lines if line]
    return CIMultiDictProxy(CIMultiDict((name, value.strip()) for name, value in pairs))


def _parse_chunks(rest: bytes) -> tuple[bytes, CIMultiDictProxy[str]]:
    body = bytearray()
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            raise ValueError("the response is not complete")
        if not (length := int(size, 16)):
            trailers, found, _ = (b"\r\n" + rest).partition(b"\r\n\r\n")
            if not found:
                raise ValueError("the response is not complete")
            return bytes(body), _parse_lines(trailers)
        body += rest[:length]
        rest = rest[length + 2 :]
