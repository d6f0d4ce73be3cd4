"""Trusted proxies: the client, scheme and host of a request, as the proxies in front of us name them.

Any client can send `Forwarded` and `X-Forwarded-…`; only the values that our own proxies added can be trusted. Proxies
append on the right, so the fields are read from there, hop by hop, as long as the hop was added by one of ours. Values
further left come from strangers and are never used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_args

from muntin.http_core.headers.forwarded import (
    MAX_HOPS,
    Node,
    parse_x_forwarded_for,
    parse_x_forwarded_host,
    parse_x_forwarded_port,
    parse_x_forwarded_prefix,
    parse_x_forwarded_proto,
    walk_forwarded,
    walk_x_forwarded,
)
from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._names import check_collection
from muntin.web.middlewares._networks import Network, is_within, parse_address, parse_networks
from muntin.web.request.address import check_host, replace_port
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPBadRequest
from muntin.web.response.stream import StreamResponse

__all__ = ["ForwardedName", "trusted_proxies_middleware"]

ForwardedName = Literal["for", "proto", "host", "port", "prefix"]
"""The values that a proxy may set: the client's address, the scheme, the host, its port, and the prefix of the path."""

_NAMES: Final[frozenset[str]] = frozenset(get_args(ForwardedName))
_NAMES_OF_RFC_7239: Final = frozenset(("for", "proto", "host"))
_MOST_HOPS: Final = MAX_HOPS
"""The most hops that are read, from the right; the longest chains of proxies have a handful."""
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""By the values of proxies: some name the scheme of the WebSocket that a request opens (RFC 6455 §3)."""
_PARSERS: Final[Mapping[str, Callable[[str], Sequence[Any] | None]]] = {
    "for": parse_x_forwarded_for,
    "proto": parse_x_forwarded_proto,
    "host": parse_x_forwarded_host,
    "port": parse_x_forwarded_port,
    "prefix": parse_x_forwarded_prefix,
}
_NONE: Final = frozenset[str]()


class _Hop(NamedTuple):
    """The values that one proxy set about its peer, as far as they are trusted."""

    said: Mapping[str, str] = MappingProxyType({})
    """Values by name; an empty ``for`` if the proxy hides it."""
    malformed: frozenset[str] = _NONE
    """The names of malformed values; those are not in `said`."""


class _Malformed(ValueError):
    """Fields that no proxy of ours would send."""


def trusted_proxies_middleware(
    *,
    networks: Iterable[str] = (),
    hops: int | None = None,
    forwarded: bool = False,
    trust: Iterable[ForwardedName] = ("for", "proto"),
    strict: bool = False,
) -> Middleware:
    """Return a middleware that sets `remote`, `scheme` and the like to the values of trusted proxies.

    The fields are read from the right: up to the first address that is not in `networks`, or the given number of hops.
    Values further left have no influence. A malformed value alone is skipped, and the others are used.

    Args:
        networks: the addresses of the proxies, such as ``10.0.0.0/8``.
        hops: how many proxies there are, in place of `networks`, where their addresses are not known.
        forwarded: whether they send `Forwarded` (RFC 7239) rather than `X-Forwarded-For` and its kin.
        trust: the values that all of them set themselves, whatever the client sent: ``for`` replaces `remote`,
            ``proto`` the `scheme`, ``host`` the `host`, ``port`` its port, and ``prefix`` the `prefix`. A name that a
            proxy only passes on would trust strangers. The last two are not in `Forwarded`.
        strict: whether the request is refused by 400 if a value of our proxies is malformed.

    Raises:
        ValueError: a network or a name is unknown, or not exactly one of `networks` and `hops` is passed.
    """
    trusted = parse_networks(networks)
    if bool(trusted) == (hops is not None) or (hops is not None and not 1 <= hops <= _MOST_HOPS):
        raise ValueError(
            f"give either the networks of the proxies or how many hops there are, up to {_MOST_HOPS}"
        )
    names = _check_names(trust, forwarded=forwarded)
    walk = _walk_forwarded if forwarded else _walk_x_forwarded

    @middleware
    async def trust_forwarded(request: Request, handler: Handler) -> StreamResponse:
        # In place, so that outer code has the values as well, such as the access log.
        if hops is not None or is_within(request.remote, trusted):
            chain = islice(walk(request, names), _MOST_HOPS)
            try:
                said = _follow(chain, trusted, hops, strict=strict)
            except _Malformed:
                if strict:
                    raise HTTPBadRequest(text="400: malformed forwarding fields") from None
            else:
                _replace(request, said)
        return await handler(request)

    return trust_forwarded


def _check_names(trust: Iterable[str], *, forwarded: bool) -> frozenset[str]:
    names = frozenset(check_collection("names", trust))
    known = _NAMES_OF_RFC_7239 if forwarded else _NAMES
    if not names or names - known:
        raise ValueError(f"trust has names out of {sorted(known)}, not {sorted(names - known)}")
    return names


def _follow(
    chain: Iterable[_Hop], trusted: Sequence[Network], hops: int | None, *, strict: bool
) -> Mapping[str, str]:
    """Return what the outermost proxy of ours says, and as ``for`` the outermost address that is known.

    Raises:
        _Malformed: there are fewer hops than proxies, or something is malformed and nothing may be.
    """
    said: Mapping[str, str] = {}
    address: str | None = None
    number = 0
    for number, hop in enumerate(chain, 1):
        if strict and hop.malformed:
            raise _Malformed(", ".join(sorted(hop.malformed)))
        if hops is None and number > 1 and "for" in hop.malformed:
            break  # so it was no proxy that spoke at the hop before, but somebody inside of the networks
        said = hop.said
        address = said.get("for") or address
        if number == hops or (hops is None and not is_within(said.get("for"), trusted)):
            break
    if hops is not None and 0 < number < hops:
        # It did not come through all of them, so the first that is told was not told by one of them.
        raise _Malformed("fewer hops than there are proxies")
    return said if address is None else {**said, "for": address}


def _replace(request: Request, said: Mapping[str, str]) -> None:
    scheme = said.get("proto", request.scheme)
    host = said.get("host")
    if "port" in said:
        host = replace_port(request.host if host is None else host, int(said["port"]), scheme)
    request.trust_forwarded(scheme=scheme, host=host, remote=said.get("for"), prefix=said.get("prefix"))


def _walk_x_forwarded(request: Request, names: frozenset[str]) -> Iterator[_Hop]:
    """Iterate over the hops, as many as there are addresses.

    The other values belong to addresses by their places from the right. Where there are fewer of them, the leftmost
    is that of all hops beyond: one proxy set it and those behind it pass it on.
    """
    walks = {
        name: walk_x_forwarded(text)
        for name in _NAMES & names
        if (text := request.get_field(f"X-Forwarded-{name}")) is not None
    }
    if not walks:
        return
    if "for" in names:
        # Without any address there is one hop: a proxy that does not tell who asks, but how.
        nodes: Iterable[str | None] = walks.pop("for", (None,))
    else:
        nodes = repeat(None)
    last: dict[str, str] = {}
    for node in nodes:
        for name, walk in walks.items():
            last[name] = next(walk, last.get(name, ""))
        yield _read_hop(last if node is None else {"for": node, **last})


def _read_hop(texts: Mapping[str, str]) -> _Hop:
    parsed = {name: _PARSERS[name](text) for name, text in texts.items()}
    return _make_hop({name: values[0] if values else None for name, values in parsed.items()})


def _walk_forwarded(request: Request, names: frozenset[str]) -> Iterator[_Hop]:
    text = request.get_field("Forwarded")
    for element in walk_forwarded(text or ""):
        if element is None:
            yield _Hop(malformed=names)
            continue
        values = {"for": element.for_, "proto": element.proto, "host": element.host}
        yield _make_hop(
            {
                name: value
                for name, value in values.items()
                if name in names and (value is not None or name in element.malformed)
            }
        )


def _make_hop(values: Mapping[str, Any]) -> _Hop:
    """Build a hop of values that were parsed; None stands for what is malformed."""
    said: dict[str, str] = {}
    malformed = set[str]()
    for name, value in values.items():
        try:
            if value is None:
                raise _Malformed(name)
            said[name] = _SPELLINGS[name](value)
        except ValueError:
            malformed.add(name)
    return _Hop(said, frozenset(malformed))


def _spell_address(node: Node) -> str:
    """Return an address in its canonical form; nothing for those that a proxy hides (RFC 7239 §6.2, §6.3)."""
    return "" if node.address is None else str(parse_address(node.name))


def _spell_scheme(text: str) -> str:
    scheme = _SCHEMES.get(text)
    if scheme is None:
        raise _Malformed(text)
    return scheme


_SPELLINGS: Final[Mapping[str, Callable[[Any], str]]] = {
    "for": _spell_address,
    "proto": _spell_scheme,
    "host": check_host,
    "port": str,
    "prefix": str,
}
