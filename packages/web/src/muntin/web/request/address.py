"""The addresses of a request: those of the connection, and the authority that the peer named.

These are the values of the connection and of the Host that the engine has checked. A middleware that knows the proxies
replaces them by `Request.trust_forwarded`.
"""

import re
from ipaddress import IPv6Address
from typing import Any, Final

from yarl import URL

from muntin.web.routing.target import Target, build_from_authority

__all__ = [
    "build_absolute_url",
    "check_host",
    "format_local_host",
    "host_of_target",
    "ip_of",
    "replace_port",
    "split_port",
]

# uri-host [":" port] (RFC 3986 §3.2.2), nothing that would end the authority of a URL or begin another part of it.
_HOST: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]{1,5})?"
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def ip_of(address: Any) -> str | None:
    """Return the IP address of a socket address, or the path of a Unix socket; None for an unnamed one."""
    if isinstance(address, (tuple, list)):
        return str(address[0]) if address else None
    return None if not address else str(address)


def check_host(host: str) -> str:
    """Check a host that a trusted proxy named, and return it.

    Raises:
        ValueError: it is not a host, with or without a port: a URL made of it would mean something else.
    """
    if not _HOST.fullmatch(host):
        raise ValueError(f"not a host: {host!r}")
    name, _ = split_port(host)
    if name.startswith("["):
        IPv6Address(name[1:-1])
    build_from_authority(host.lower())
    return host


def host_of_target(target: str) -> str | None:
    """Return the authority of a target in absolute-form; None for other forms."""
    match = re.match(r"(?i:https?)://([^/?]+)", target)
    return None if match is None else match[1]


def format_local_host(address: Any) -> str:
    """Return our own address as a host: clients of HTTP/1.0 need not send Host (RFC 9112 §3.3)."""
    if not isinstance(address, (tuple, list)) or len(address) < 2:
        return "localhost"
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_port(host: str) -> tuple[str, int | None]:
    """Split a host and its port; None without a port.

    Raises:
        ValueError: the port is none.
    """
    name, colon, digits = host.rpartition(":")
    if not colon or digits.endswith("]"):
        return host, None
    port = int(digits) if digits else None
    if port is not None and port > 65535:
        raise ValueError(f"not a port: {port}")
    return name, port


def replace_port(host: str, port: int, scheme: str) -> str:
    """Return a host with another port, which is left out where it is the scheme's own."""
    try:
        name, _ = split_port(host)
    except ValueError:
        return host  # what the peer named is no host, and no port mends that
    return name if port == _DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def build_absolute_url(scheme: str, host: str, method: str, target: Target, prefix: str = "") -> URL:
    """Return the URL that was asked for.

    Args:
        scheme: of the URL.
        host: with or without a port.
        method: of the request.
        target: of the request.
        prefix: the path below which a proxy publishes the application.

    Raises:
        ValueError: the port of the host is none, or the host cannot be read (a malformed `xn--` label).
    """
    name, port = split_port(host.lower())  # no host has a case (RFC 3986 §3.2.2)
    if port not in (None, _DEFAULT_PORTS.get(scheme)):
        name = f"{name}:{port}"
    # The other two forms name no path: that of a CONNECT is an authority, and * stands for the server.
    path = target.path if target.path.startswith("/") else "/"
    return build_from_authority(name, scheme=scheme, path=prefix + path, query_string=target.query)
