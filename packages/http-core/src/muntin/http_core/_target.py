"""The four forms of a request-target (RFC 9112 §3.2), and which request may use which."""

from muntin.http_core._grammar import ABSOLUTE_TARGET, AUTHORITY_TARGET, HOST
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["check_target"]


def check_target(method: bytes, target: bytes, host: bytes | None) -> None:
    """Refuse a target whose form does not belong to the method, or whose authority is not the one in Host.

    Raises:
        RemoteProtocolError: 400.
    """
    if method == b"CONNECT":
        # authority-form (§3.2.3)
        if not AUTHORITY_TARGET.fullmatch(target):
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
    # absolute-form (§3.2.2). Its authority is to win over Host; where they differ somebody is being deceived.
    match = ABSOLUTE_TARGET.fullmatch(target)
    if match is None or not HOST.fullmatch(authority := match.group(1)):
        raise RemoteProtocolError(400, "malformed request target")
    if host is not None and authority.lower() != host.lower():
        raise RemoteProtocolError(400, "target and Host name different authorities")
