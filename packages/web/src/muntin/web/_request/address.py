"""Where a request came from and went to: addresses of the connection, and the authority that the peer named.

Believes the connection, and the Host that the engine has checked. What proxies add is for a middleware that knows the
proxies, and replaces the values by `Request.clone`.
"""

import re
from ipaddress import IPv6Address
from typing import Any, Final

from yarl import URL

from muntin.web._request.target import Target, build_from_authority

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
    """Give the IP address in a socket address; of a path the path itself; None for an unnamed one."""
    if isinstance(address, (tuple, list)):
        return str(address[0]) if address else None
    return None if not address else str(address)


def check_host(host: str) -> str:
    """Give a host that somebody trusted.

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
    """Give the authority of a target in absolute-form; None for other forms."""
    match = re.match(r"(?i:https?)://([^/?]+)", target)
    return None if match is None else match[1]


def format_local_host(address: Any) -> str:
    """Give our own address as a host: for peers of HTTP/1.0, who need not say whom they want (RFC 9112 §3.3)."""
    if not isinstance(address, (tuple, list)) or len(address) < 2:
        return "localhost"
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_port(host: str) -> tuple[str, int | None]:
    """Part a host from its port; None for no port.

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
        prefix: what stood before its path where a proxy was asked.

    Raises:
        ValueError: the port of the host is none, or the host cannot be read (a malformed `xn--` label).
    """
    name, port = split_port(host.lower())  # no host has a case (RFC 3986 §3.2.2)
    if port not in (None, _DEFAULT_PORTS.get(scheme)):
        name = f"{name}:{port}"
    # The other two forms name no path: that of a CONNECT is an authority, and * stands for the server.
    path = target.path if target.path.startswith("/") else "/"
    return build_from_authority(name, scheme=scheme, path=prefix + path, query_string=target.query)
