"""The four forms of a request-target (RFC 9112 §3.2), and which requests may use them."""

from typing import Final

from muntin.http_core._grammar import ABSOLUTE_TARGET, AUTHORITY_TARGET, HOST
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["check_target"]

_DEFAULT_PORTS: Final = {b"http": 80, b"https": 443}
_LARGEST_PORT: Final = 65535


def check_target(method: bytes, target: bytes, host: bytes | None) -> None:
    """Refuse a target whose form does not belong to the method, or whose authority is not the one in Host.

    Raises:
        RemoteProtocolError: 400.
    """
    if method == b"CONNECT":
        # authority-form (§3.2.3); an invalid port has to be refused (RFC 9110 §9.3.6)
        match = AUTHORITY_TARGET.fullmatch(target)
        if match is None or target.startswith(b":") or int(match[1]) > _LARGEST_PORT:
            raise RemoteProtocolError(400, "CONNECT needs an authority as its target")
        return
    # origin-form (§3.2.1)
    if target.startswith(b"/"):
        return
    # asterisk-form (§3.2.4)
    if target == b"*":
        if method != b"OPTIONS":
            raise RemoteProtocolError(400, "only OPTIONS may have * as its target")
        return
    # absolute-form (§3.2.2)
    match = ABSOLUTE_TARGET.fullmatch(target)
    if match is None or not HOST.fullmatch(authority := match[2]) or authority.startswith(b":"):
        raise RemoteProtocolError(400, "malformed request target")
    # Its authority is used in place of Host. But a client MUST send both alike (§3.2): where they name two servers, a
    # proxy in front may have used the other one.
    default = _DEFAULT_PORTS[match[1].lower()]
    if host is not None and _normalize(authority, default) != _normalize(host, default):
        raise RemoteProtocolError(400, "target and Host name different authorities")


def _normalize(authority: bytes, default: int) -> tuple[bytes, int]:
    """Return host and port, equal for the same server (RFC 9110 §4.2.3).

    Hosts are compared in lower case, and the scheme's default port may be written, left out, or left empty.
    """
    host, colon, port = authority.lower().rpartition(b":")
    if not colon or port.endswith(b"]"):
        return authority.lower(), default
    return host, int(port or b"%d" % default)
