"""Trusted proxies: who asked for what, as the proxies in front of us tell it.

Anybody can write `Forwarded` and `X-Forwarded-…`; only what our own proxies added is worth anything. They add to the
right, so the fields are read from there, for as long as the speaker is one of ours. It knows addresses and fields.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from muntin.middleware import middleware
from muntin.web.exceptions import HTTPBadRequest
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._networks import Address, Network, is_within, parse_address, parse_networks
from muntin.web.request import Request
from muntin.web.stream_response import StreamResponse

__all__ = ["trusted_proxies_middleware"]

_MOST_HOPS: Final = 32
"""Elements that are looked at, from the right; the longest chains of proxies have a handful."""
_SCHEMES: Final = frozenset(("http", "https"))
_NODE: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}|([0-9A-Fa-f:.]+)")


class _Hop(NamedTuple):
    """What one proxy says of who spoke to it; None for what it does not say."""

    address: str | None
    scheme: str | None
    host: str | None


class _Malformed(ValueError):
    """Fields that no proxy would send."""


def trusted_proxies_middleware(
    *,
    networks: Iterable[str] = (),
    hops: int | None = None,
    forwarded: bool = False,
    strict: bool = False,
) -> Middleware:
    """Give a middleware that sets `remote`, `scheme` and `host` to what trusted proxies say.

    Args:
        networks: the addresses of the proxies, such as ``10.0.0.0/8``.
        hops: how many proxies there are, in place of `networks`, where their addresses are not known.
        forwarded: whether they send `Forwarded` (RFC 7239) rather than `X-Forwarded-For`, `-Proto` and `-Host`.
        strict: whether a request with malformed fields is answered by 400 rather than taken as if it had none.

    Raises:
        ValueError: a network is none, or not just one of `networks` and `hops` is given.
    """
    trusted = parse_networks(networks)
    if bool(trusted) == (hops is not None) or (hops is not None and not 1 <= hops <= _MOST_HOPS):
        raise ValueError(
            f"give either the networks of the proxies or how many hops there are, up to {_MOST_HOPS}"
        )
    read = _read_forwarded if forwarded else _read_x_forwarded

    @middleware
    async def believe(request: Request, handler: Handler) -> StreamResponse:
        try:
            replaced = _find_origin(request, read, trusted, hops)
            # In place, so that those outside of us know as well, such as the access log.
            request.believe(**replaced)
        except ValueError:
            if strict:
                raise HTTPBadRequest(text="400: malformed forwarding fields") from None
        return await handler(request)

    return believe


def _find_origin(
    request: Request,
    read: Callable[[Request], list[_Hop]],
    trusted: Sequence[Network],
    hops: int | None,
) -> dict[str, Any]:
    """Give what is to be replaced: what the outermost proxy of ours says."""
    if hops is None and not is_within(request.remote, trusted):
        return {}
    said = read(request)
    if said and hops is not None and len(said) < hops:
        # It did not come through all of them, so the first that is told was not told by one of them.
        raise _Malformed("fewer hops than there are proxies")
    found: _Hop | None = None
    for number, hop in enumerate(reversed(said), 1):
        found = hop
        if number == hops or (hops is None and not is_within(hop.address, trusted)):
            break
    if found is None:
        return {}
    return {
        name: value
        for name, value in (("remote", found.address), ("scheme", found.scheme), ("host", found.host))
        if value is not None
    }


def _parse_address(node: str) -> Address:
    match = _NODE.fullmatch(node)
    if match is None:
        raise _Malformed(node)
    return parse_address(match[1] or match[2] or match[3])


def _check_hop(node: str | None, scheme: str | None, host: str | None) -> _Hop:
    """Give a hop, its address in its canonical form; hidden ones (RFC 7239 §6.3) are not known."""
    if scheme is not None and scheme.lower() not in _SCHEMES:
        raise _Malformed(scheme)
    known = None
    if node is not None and node.lower() != "unknown" and not node.startswith("_"):
        known = str(_parse_address(node))
    return _Hop(known, None if scheme is None else scheme.lower(), host)


def _read_forwarded(request: Request) -> list[_Hop]:
    elements = request.forwarded
    if not elements and "Forwarded" in request.headers:
        raise _Malformed("Forwarded")
    return [
        _check_hop(element.get("for"), element.get("proto"), element.get("host"))
        for element in elements[-_MOST_HOPS:]
    ]


def _read_x_forwarded(request: Request) -> list[_Hop]:
    nodes: Sequence[str | None]
    nodes, schemes, hosts = (_split(request, f"X-Forwarded-{name}") for name in ("For", "Proto", "Host"))
    if not nodes and (schemes or hosts):
        nodes = [None]  # a proxy that does not tell who, but how
    return [
        _check_hop(node, _beside(schemes, place, len(nodes)), _beside(hosts, place, len(nodes)))
        for place, node in list(enumerate(nodes))[-_MOST_HOPS:]
    ]


def _split(request: Request, name: str) -> list[str]:
    items = [item.strip(" \t") for line in request.headers.getall(name, []) for item in line.split(",")]
    if any(not item for item in items):
        raise _Malformed(name)
    return items


def _beside(values: Sequence[str], place: int, count: int) -> str | None:
    """Give the value that belongs to an address: there is one for each, or one for all, which the nearest proxy set."""
    if not values:
        return None
    if len(values) == count:
        return values[place]
    if len(values) == 1:
        return values[0]
    raise _Malformed("not as many values as addresses")
