"""The head of an HTTP/1.1 message, as far as an opening handshake needs it.

Knows lines and fields. Must not know what they mean. This is no HTTP server: whoever has one hands its
fields to `accept` and its connection to `WebSocket`.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Request", "format_head", "parse_request", "parse_response"]

Fields = tuple[tuple[str, str], ...]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_request_line = re.compile(rb"(%s) ([\x21-\x7e]+) HTTP/1\.1" % _TOKEN)
_status_line = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9])(?: [^\r\n\x00]*)?")
_field_line = re.compile(rb"(%s):[ \t]*([^\r\n\x00]*?)[ \t]*" % _TOKEN)
_MAX_FIELDS = 256


class Request(NamedTuple):
    """What a client asked for when it opened a socket."""

    method: str
    target: str
    fields: Fields


def parse_request(head: bytes) -> Request:
    """Give the request whose head, with the empty line, is `head`; raises ValueError."""
    first, *lines = head[:-4].split(b"\r\n", _MAX_FIELDS + 1)
    match = _request_line.fullmatch(first)
    if match is None:
        raise ValueError("the request line is malformed, or not of HTTP/1.1")
    return Request(match[1].decode("ascii"), match[2].decode("ascii"), _parse_fields(lines))


def parse_response(head: bytes) -> tuple[int, Fields]:
    """Give status and fields of the response whose head, with the empty line, is `head`; raises ValueError."""
    first, *lines = head[:-4].split(b"\r\n", _MAX_FIELDS + 1)
    match = _status_line.fullmatch(first)
    if match is None:
        raise ValueError("the status line is malformed, or not of HTTP/1.1")
    return int(match[1]), _parse_fields(lines)


def _parse_fields(lines: list[bytes]) -> Fields:
    if len(lines) > _MAX_FIELDS:
        raise ValueError(f"there are more than {_MAX_FIELDS} fields")
    fields = []
    for line in lines:
        match = _field_line.fullmatch(line)
        if match is None:
            raise ValueError("a field line is malformed")
        fields.append((match[1].decode("ascii"), match[2].decode("latin-1")))
    return tuple(fields)


def format_head(first: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Give the head of a message; raises ValueError for a line break where there must be none."""
    lines = [first, *(f"{name}: {value}" for name, value in fields)]
    for line in lines:
        if "\r" in line or "\n" in line or "\0" in line:
            raise ValueError(f"line break or NUL in {line!r}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
