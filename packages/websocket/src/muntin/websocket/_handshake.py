"""The opening handshake (RFC 6455 §4), of both sides: fields of the request ↔ status and fields of the response.

Fields are an iterable of (name, value) pairs of str, with names in any case. Reading and writing HTTP messages is up to
the caller.
"""

import base64
import hashlib
import os
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from muntin.websocket._deflate import EXTENSION_NAME, Deflate, accept_offer, check_response, format_offer
from muntin.websocket._extensions import is_token, parse_extensions, split_list
from muntin.websocket.errors import HandshakeError

__all__ = [
    "Agreement",
    "ClientHandshake",
    "Handshake",
    "accept",
    "check_deflate",
    "check_origins",
    "check_subprotocols",
]

Fields = tuple[tuple[str, str], ...]

_VERSION = "13"
_HTTP_VERSION = (1, 1)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES = 16


class Agreement(NamedTuple):
    """The result of a handshake: the subprotocol, if any, and the compression, if any."""

    subprotocol: str | None
    deflate: Deflate | None


class Handshake(NamedTuple):
    """A server's response to an opening handshake: 101 with an `agreement`, or a refusal with a `reason`."""

    status: int
    fields: Fields
    reason: str
    agreement: Agreement | None


def accept(
    fields: Iterable[tuple[str, str]],
    *,
    method: str = "GET",
    version: tuple[int, int] = (1, 1),
    subprotocols: Sequence[str] = (),
    deflate: Deflate | None = None,
    origins: Container[str] | None = None,
) -> Handshake:
    """Accept or refuse a client's opening handshake (RFC 6455 §4.2), and return the response to it.

    Args:
        fields: the fields of the request.
        method: the method of the request, which must be GET.
        version: the HTTP version of the request, which must be 1.1 or higher. Some proxies send 1.0 by default.
        subprotocols: the subprotocols that we speak; the first one in the client's list that is among them is chosen.
        deflate: the compression that we would choose, used where the client offers compression; None for none.
        origins: the origins whose pages may connect, in lower case; others are refused with 403. A request without an
            Origin does not come from a page, and is accepted. None accepts all.

    Raises:
        TypeError: the fields are not pairs of str, or `deflate` is neither a Deflate nor None.
        ValueError: one of `subprotocols` is not a token, or `subprotocols` or `origins` is a single text.
    """
    check_subprotocols(subprotocols)
    check_origins(origins)
    check_deflate(deflate)
    request = _group(fields)
    refusal = _find_fault(method, version, request) or _find_foreign_origin(request, origins)
    if refusal:
        return refusal
    agreement, extension = Agreement(None, None), ""
    offers = parse_extensions(request.get("sec-websocket-extensions", ()))
    if offers is None:
        return _refuse(400, "Sec-WebSocket-Extensions is malformed")
    for name, parameters in offers:
        taken = accept_offer(parameters, deflate) if deflate and name == EXTENSION_NAME else None
        if taken:
            agreement, extension = Agreement(None, taken[0]), taken[1]
            break
    wanted = split_list(request.get("sec-websocket-protocol", ()))
    agreement = agreement._replace(subprotocol=next((name for name in wanted if name in subprotocols), None))
    response = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", _derive_accept(request["sec-websocket-key"][0])),
    ]
    if agreement.subprotocol is not None:
        response.append(("Sec-WebSocket-Protocol", agreement.subprotocol))
    if extension:
        response.append(("Sec-WebSocket-Extensions", extension))
    return Handshake(101, tuple(response), "", agreement)


def _find_fault(method: str, version: tuple[int, int], request: dict[str, list[str]]) -> Handshake | None:
    if method != "GET":
        return _refuse(400, "the method of an opening handshake is GET")
    if not _has_option(request, "upgrade", "websocket"):
        return _refuse(400, "the request asks for no upgrade to websocket")
    if version < _HTTP_VERSION:  # §4.2.1; RFC 9110 §7.8 wants the Upgrade field of such a request ignored
        return _refuse(400, "an opening handshake needs HTTP/1.1; did a proxy forward it as HTTP/1.0?")
    if not _has_option(request, "connection", "upgrade"):
        return _refuse(400, "Connection has no upgrade option")
    versions = request.get("sec-websocket-version", [])
    if len(versions) != 1:
        return _refuse(400, "there must be one Sec-WebSocket-Version")
    if versions[0] != _VERSION:
        return _refuse(426, "only version 13 is spoken here")
    keys = request.get("sec-websocket-key", [])
    if len(keys) != 1 or not _is_key(keys[0]):
        return _refuse(400, "there must be one Sec-WebSocket-Key, of 16 bytes in base64")
    return None


def _find_foreign_origin(request: dict[str, list[str]], origins: Container[str] | None) -> Handshake | None:
    if origins is None:
        return None
    foreign = any(origin.lower() not in origins for origin in request.get("origin", ()))
    return _refuse(403, "requests from this origin are not served") if foreign else None


def _refuse(status: int, reason: str) -> Handshake:
    fields: Fields = ()
    if status == 426:
        # §4.2.2: the versions that are spoken. RFC 9110 §15.5.22 and §7.8: Upgrade, with its connection option.
        fields = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", _VERSION))
    return Handshake(status, fields, reason, None)


class ClientHandshake:
    """The client's side of an opening handshake (RFC 6455 §4.1): send `fields`, then `verify` the response.

    Args:
        subprotocols: the subprotocols to offer, in order of preference.
        deflate: the compression to offer; None for none.
        nonce: 16 unpredictable bytes; random by default.

    Raises:
        TypeError: `deflate` is neither a Deflate nor None.
        ValueError: the nonce has another size, or one of `subprotocols` is not a token.
    """

    __slots__ = ("_deflate", "_key", "_subprotocols", "fields")

    def __init__(
        self,
        *,
        subprotocols: Sequence[str] = (),
        deflate: Deflate | None = None,
        nonce: bytes | None = None,
    ) -> None:
        check_subprotocols(subprotocols)
        check_deflate(deflate)
        nonce = os.urandom(_KEY_BYTES) if nonce is None else nonce
        if len(nonce) != _KEY_BYTES:
            raise ValueError(f"the nonce has {len(nonce)} bytes, not {_KEY_BYTES}")
        self._subprotocols = tuple(subprotocols)
        self._deflate = deflate
        self._key = base64.b64encode(nonce).decode("ascii")
        self.fields = self._format()
        """The fields of the request, without Host."""

    def _format(self) -> Fields:
        fields = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self._key),
            ("Sec-WebSocket-Version", _VERSION),
        ]
        if self._subprotocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(self._subprotocols)))
        if self._deflate:
            fields.append(("Sec-WebSocket-Extensions", format_offer(self._deflate)))
        return tuple(fields)

    def verify(self, status: int, fields: Iterable[tuple[str, str]]) -> Agreement:
        """Check the server's response, and return what it agreed to.

        Raises:
            HandshakeError: the server refused, or its response does not fit our request.
        """
        if status != 101:
            raise HandshakeError(f"the server responded with {status}, not 101", status)
        response = _group(fields)
        if not _has_option(response, "upgrade", "websocket") or not _has_option(
            response, "connection", "upgrade"
        ):
            raise HandshakeError("the server switched to another protocol than websocket", status)
        if response.get("sec-websocket-accept") != [_derive_accept(self._key)]:
            raise HandshakeError("Sec-WebSocket-Accept does not match our key", status)
        return Agreement(self._verify_subprotocol(response), self._verify_extensions(response))

    def _verify_subprotocol(self, response: dict[str, list[str]]) -> str | None:
        chosen = response.get("sec-websocket-protocol", [])
        if not chosen:
            return None
        if len(chosen) > 1 or chosen[0] not in self._subprotocols:
            raise HandshakeError("the server chose a subprotocol that was not offered", 101)
        return chosen[0]

    def _verify_extensions(self, response: dict[str, list[str]]) -> Deflate | None:
        chosen = parse_extensions(response.get("sec-websocket-extensions", ()))
        if chosen == []:
            return None
        if chosen and self._deflate and len(chosen) == 1 and chosen[0][0] == EXTENSION_NAME:
            agreed = check_response(chosen[0][1], self._deflate)
            if agreed:
                return agreed
        raise HandshakeError("the server chose an extension that was not offered", 101)


def _derive_accept(key: str) -> str:
    digest = hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def _is_key(value: str) -> bool:
    try:
        return len(value) == 24 and len(base64.b64decode(value, validate=True)) == _KEY_BYTES
    except ValueError:
        return False


def _group(fields: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for field in fields:
        if isinstance(field, (str, bytes)):
            raise TypeError(f"fields are pairs of str, not {field!r}; pass the items() of a mapping")
        name, value = field
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"fields are pairs of str, not {name!r}: {value!r}; decode bytes as latin-1")
        grouped.setdefault(name.lower(), []).append(value.strip(" \t"))
    return grouped


def _has_option(fields: dict[str, list[str]], name: str, option: str) -> bool:
    return any(item.lower() == option for item in split_list(fields.get(name, ())))


def check_origins(origins: Container[str] | None) -> None:
    """Refuse origins that are a single text: any part of that text would be accepted as an origin.

    Raises:
        ValueError: they are a single text.
    """
    if isinstance(origins, (str, bytes, bytearray)):
        raise ValueError(f"pass a collection of origins, such as {{{origins!r}}}")


def check_deflate(deflate: Deflate | None) -> None:
    """Check the compression to ask for.

    Raises:
        TypeError: it is neither a Deflate nor None.
    """
    if deflate is not None and not isinstance(deflate, Deflate):
        raise TypeError(f"deflate is a Deflate or None, not {deflate!r}")


def check_subprotocols(names: Sequence[str]) -> None:
    """Check subprotocols.

    Raises:
        ValueError: they are a single text, or one of them is not a token.
    """
    if isinstance(names, (str, bytes, bytearray)):
        raise ValueError(f"pass a collection of subprotocols, such as [{names!r}]")
    for name in names:
        if not isinstance(name, str) or not is_token(name):
            raise ValueError(f"subprotocol {name!r} is not a token")
