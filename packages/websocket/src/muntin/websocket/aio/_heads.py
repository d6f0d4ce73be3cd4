"""The heads of HTTP/1.1 messages, as far as opening handshakes need them.

The fields that decide how a request is framed and routed are checked as strictly as an HTTP server checks them: if two
programs read a request differently, requests can be smuggled. This is not an HTTP server. With an HTTP server, pass the
fields of its request to `accept`, and its connection to `WebSocket`.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Final, NamedTuple

__all__ = [
    "BadHead",
    "Fields",
    "Request",
    "check_host",
    "format_head",
    "parse_request",
    "parse_response",
]

Fields = tuple[tuple[str, str], ...]

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# RFC 9112 §3.2, and what browsers do not encode in queries; no white space, no fragment, only ASCII
_TARGET: Final = rb"[\x21\x22\x24-\x7e]+"
# RFC 9110 §5.5: visible characters, bytes above ASCII, inner white space; no control characters
_VALUE: Final = rb"[\t\x20-\x7e\x80-\xff]*?"
_token = re.compile(_TOKEN)
_value = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_request_line = re.compile(rb"(%s) (%s) HTTP/([0-9]\.[0-9])" % (_TOKEN, _TARGET))
_status_line = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9])(?: [^\r\n\x00]*)?")
_field_line = re.compile(rb"(%s):[ \t]*(%s)[ \t]*" % (_TOKEN, _VALUE))
# RFC 9110 §7.2 and RFC 3986 §3.2.2. An empty host is refused: http and https have no resources without a host.
_NAME: Final = r"[A-Za-z0-9\-._~!$&'()*+,;=]"
_host = re.compile(
    rf"(?:\[([0-9A-Fa-f:.]{{2,45}})\]|(?!:|$){_NAME}*(?:%[0-9A-Fa-f]{{2}}{_NAME}*)*)(?::([0-9]{{0,5}}))?"
)
_absolute_target = re.compile(r"((?i:https?))://([^/?]+)(?:[/?].*)?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_FIELDS: Final = 128
_MAX_LINE: Final = 8190


class Request(NamedTuple):
    """The request of an opening handshake."""

    method: str
    target: str
    fields: Fields


class BadHead(ValueError):
    """A head that is malformed or not supported; `status` is the status of the response."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def parse_request(head: bytes) -> Request:
    """Parse the head of a request, with its empty line.

    Raises:
        BadHead: the head is malformed or ambiguous (RFC 9112), the version is not HTTP/1.1, or the request has a body.
    """
    first, *lines = head[:-4].split(b"\r\n", _MAX_FIELDS + 1)
    if len(first) > _MAX_LINE:
        raise BadHead(414, "the request line is too long")
    match = _request_line.fullmatch(first)
    if match is None:
        raise BadHead(400, "the request line is malformed")
    if match[3] != b"1.1":
        known = match[3] == b"1.0"
        raise BadHead(400 if known else 505, "an opening handshake needs HTTP/1.1")
    if len(lines) > _MAX_FIELDS:
        raise BadHead(431, f"there are more than {_MAX_FIELDS} fields")
    if max(map(len, lines), default=0) > _MAX_LINE:
        raise BadHead(431, "a field line is too long")
    try:
        request = Request(match[1].decode("ascii"), match[2].decode("ascii"), _parse_fields(lines))
    except ValueError as error:
        raise BadHead(400, str(error)) from None
    _check_request(request)
    return request


def _check_request(request: Request) -> None:
    """Check Host, target and framing.

    Raises:
        BadHead: one of them is malformed, or the request has a body.
    """
    deciding: dict[str, list[str]] = {"host": [], "content-length": [], "transfer-encoding": []}
    for name, value in request.fields:
        if name.lower() in deciding:
            deciding[name.lower()].append(value)
    hosts = deciding["host"]
    if len(hosts) != 1:
        raise BadHead(400, "exactly one Host is required")
    try:
        check_host(hosts[0])
    except ValueError:
        raise BadHead(400, "Host is malformed") from None
    _check_form(request.method, request.target, hosts[0])
    lengths = deciding["content-length"]
    if deciding["transfer-encoding"] or lengths not in ([], ["0"]):
        raise BadHead(400, "an opening handshake has no body")


def _check_form(method: str, target: str, host: str) -> None:
    """Check that the form of the target fits the method, and that it names the same authority as Host.

    Raises:
        BadHead: it does not.
    """
    if target.startswith("/") and method != "CONNECT":
        return
    match = _absolute_target.fullmatch(target)
    try:
        if match is None or method == "CONNECT":
            raise ValueError("the form of the target")
        check_host(match[2])
    except ValueError:
        raise BadHead(400, "the request target is malformed") from None
    default = _DEFAULT_PORTS[match[1].lower()]
    if _normalize(match[2], default) != _normalize(host, default):
        raise BadHead(400, "the request target and Host name different authorities")


def _normalize(host: str, default: int) -> tuple[str, int]:
    """Return name and port of a host in a form that can be compared (RFC 9110 §4.2.3)."""
    match = _host.fullmatch(host)
    port = match[2] if match else None
    name = host if port is None else host[: -len(port) - 1]
    return name.lower(), int(port or default)


def parse_response(head: bytes) -> tuple[int, Fields]:
    """Parse the head of a response, with its empty line, into status and fields.

    Raises:
        ValueError: the head is malformed, or the version is not HTTP/1.1.
    """
    first, *lines = head[:-4].split(b"\r\n", _MAX_FIELDS + 1)
    match = _status_line.fullmatch(first)
    if match is None:
        raise ValueError("the status line is malformed, or not of HTTP/1.1")
    if len(lines) > _MAX_FIELDS:
        raise ValueError(f"there are more than {_MAX_FIELDS} fields")
    return int(match[1]), _parse_fields(lines)


def _parse_fields(lines: list[bytes]) -> Fields:
    fields = []
    for line in lines:
        match = _field_line.fullmatch(line)
        if match is None:
            raise ValueError("a field line is malformed")
        fields.append((match[1].decode("ascii"), match[2].decode("latin-1")))
    return tuple(fields)


def check_host(host: str) -> None:
    """Check the value of a Host field.

    Raises:
        ValueError: it is not a host with an optional port.
    """
    match = _host.fullmatch(host)
    if match is None:
        raise ValueError(f"{host!r} is not a host")
    if match[1] is not None:
        IPv6Address(match[1])


def format_head(first: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Format the head of a message, in latin-1.

    Raises:
        TypeError: the fields are not pairs of str.
        ValueError: a name is not a token, or a value has a character that cannot be sent.
    """
    lines = [first]
    for field in fields:
        if isinstance(field, (str, bytes)) or len(field) != 2:
            raise TypeError(f"fields are pairs of a name and a value, not {field!r}")
        name, value = field
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"fields are pairs of str, not {name!r}: {value!r}")
        if not name.isascii() or not _token.fullmatch(name.encode("ascii")):
            raise ValueError(f"{name!r} is not the name of a field")
        if not _value.fullmatch(value):
            raise ValueError(f"the field {name} has a control character, or one outside latin-1: {value!r}")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
