"""Forwarded (RFC 7239) and the X-Forwarded fields before it.

This is their grammar. Whom to trust is up to the caller: the client may have written any part of these fields.

Proxies add to the right. `parse_x` parses a whole field, and refuses it if one member is malformed: it is for fields
whose writer is known. `walk_x` reads from the right, one member at a time: it is for a server that trusts only the
nearest proxies. It stops behind the last proxy that it trusts, and what is further left has no influence.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple, TypeVar

from muntin.http_core.headers._parameters import QUOTED_STRING, quote_string, unquote_string
from muntin.http_core.tokens import TOKEN, is_token

__all__ = [
    "MAX_HOPS",
    "ForwardedElement",
    "Node",
    "format_forwarded",
    "format_node",
    "parse_forwarded",
    "parse_node",
    "parse_x_forwarded_for",
    "parse_x_forwarded_host",
    "parse_x_forwarded_port",
    "parse_x_forwarded_prefix",
    "parse_x_forwarded_proto",
    "walk_forwarded",
    "walk_x_forwarded",
]

MAX_HOPS: Final = 32
"""The number of hops that a field may list; a longer one is malformed. Real chains have two or three."""

_MAX_PAIRS: Final = 16
_PAIR: Final = re.compile(rf"[ \t]*+(?:({TOKEN})=(?:({TOKEN})|({QUOTED_STRING})))?[ \t]*+(;|\Z)")
# RFC 7239 §6. 45 is the length of the longest IPv6 address; 255 is enough for any name.
_NODE: Final = re.compile(
    r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}|(?i:unknown)|_[0-9A-Za-z._-]{1,255}))(?::([0-9]{1,5}|_[0-9A-Za-z._-]{1,255}))?"
)
_HOST: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[0-9A-Za-z\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}){1,255})(?::[0-9]{1,5})?"
)
_SCHEME: Final = re.compile(r"[A-Za-z][0-9A-Za-z+.-]{0,31}")
_PORT: Final = re.compile(r"[0-9]{1,5}")
# Neither empty nor dots, since `//a` would be another host. No comma, which separates members.
_SEGMENT: Final = re.compile(r"(?!(?:\.|%2[Ee]){1,2}\Z)(?:[0-9A-Za-z\-._~!$&'()*+;=:@]|%[0-9A-Fa-f]{2})+")
_LONGEST_PREFIX: Final = 255

_T = TypeVar("_T")


class Node(NamedTuple):
    """One end of a hop."""

    name: str
    """An IP address in its usual form, ``unknown``, or an obfuscated name that begins with ``_``."""
    port: int | str | None = None
    """A number, an obfuscated text that begins with ``_``, or None."""

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The IP address, or None if the name is none."""
        return _parse_ipv6(self.name) if ":" in self.name else _parse_ipv4(self.name)


@dataclass(frozen=True, slots=True)
class ForwardedElement:
    """The hop to one proxy, as that proxy describes it."""

    for_: Node | None = None
    """The node that sent the request."""
    by: Node | None = None
    """The node at which it arrived."""
    host: str | None = None
    """Its Host field."""
    proto: str | None = None
    """Its scheme, in lower case."""
    malformed: frozenset[str] = frozenset()
    """The names of malformed parameters, which are left out; only elements of `walk_forwarded` can have any."""


def _parse_ipv4(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def _parse_ipv6(text: str) -> IPv6Address | None:
    # A zone (``%eth0``) has a meaning on one machine only.
    try:
        return None if "%" in text else IPv6Address(text)
    except ValueError:
        return None


def _spell_ipv6(address: IPv6Address) -> str:
    # RFC 5952 §5 writes an embedded IPv4 address in its own notation; str() does so in some versions of Python only.
    return str(address) if address.ipv4_mapped is None else f"::ffff:{address.ipv4_mapped}"


def parse_node(text: str) -> Node | None:
    """Parse a node (RFC 7239 §6); return None if it is malformed."""
    match = _NODE.fullmatch(text)
    if match is None:
        return None
    ipv6, name, port = match.groups()
    if port is not None and port[0] != "_":
        port = int(port)
        if port > 65535:
            return None
    if ipv6 is not None:
        address = _parse_ipv6(ipv6)
        return None if address is None else Node(_spell_ipv6(address), port)
    if name[0] == "_":
        return Node(name, port)
    name = name.lower()
    return Node(name, port) if name == "unknown" or _parse_ipv4(name) else None


def format_node(node: Node) -> str:
    """Format a node.

    Raises:
        ValueError: the node is malformed.
    """
    name = f"[{node.name}]" if ":" in node.name else node.name
    text = name if node.port is None else f"{name}:{node.port}"
    if parse_node(text) is None:
        raise ValueError(f"not a node: {node!r}")
    return text


def parse_forwarded(text: str, *, limit: int = MAX_HOPS) -> tuple[ForwardedElement, ...] | None:
    """Parse a whole Forwarded field into its elements, the client's first.

    Return None if anything in it is malformed, if an element has a parameter twice, or if there are more than `limit`
    elements. Parameters that are not in RFC 7239 are ignored.
    """
    elements: list[ForwardedElement] = []
    for element in walk_forwarded(text):
        if element is None or element.malformed or len(elements) == limit:
            return None
        elements.append(element)
    return tuple(reversed(elements)) or None


def walk_forwarded(text: str) -> Iterator[ForwardedElement | None]:
    """Iterate over the elements of a Forwarded field from the right, the nearest proxy's first.

    Each element is parsed when the iterator reaches it; what is left of it has no influence. None stands for an element
    that is no list of parameters or has one twice. A malformed parameter is left out of its element, which names it in
    `malformed`. Empty elements are left out (RFC 9110 §5.6.1.2).
    """
    end = len(text)
    while end >= 0:
        comma = _find_comma(text, end)
        pairs = _parse_pairs(text[comma + 1 : end])
        if pairs is None:
            yield None
        elif pairs:
            yield _make_element(pairs)
        end = comma


def _find_comma(text: str, end: int) -> int:
    """Find the last comma before `end` that is not quoted; -1 if there is none.

    Read from the right, a quoted string begins at the first quotation mark without a backslash before it: an opening
    mark stands behind an equals sign, and those inside the string are escaped. So what is further left does not matter.
    """
    comma = text.rfind(",", 0, end)
    while True:
        closing = text.rfind('"', comma + 1, end)
        if closing < 0:
            return comma
        opening = text.rfind('"', 0, closing)
        while opening > 0 and text[opening - 1] == "\\":
            opening = text.rfind('"', 0, opening)
        if opening < 0:
            # No mark opens the string: the element is malformed, and begins where one without quotes would.
            return comma
        end = opening
        if comma > end:
            comma = text.rfind(",", 0, end)


def _parse_pairs(element: str) -> dict[str, str] | None:
    """Parse the parameters of one element, names in lower case; None if they are malformed, repeated or too many."""
    pairs: dict[str, str] = {}
    position = 0
    while True:
        match = _PAIR.match(element, position)
        if match is None:
            return None
        name, token, quoted, separator = match.groups()
        if name is not None:
            name = name.lower()
            if name in pairs or len(pairs) == _MAX_PAIRS:
                return None
            pairs[name] = token if quoted is None else unquote_string(quoted)
        if not separator:
            return pairs
        position = match.end()


def _make_element(pairs: dict[str, str]) -> ForwardedElement:
    """Build an element from the parameters that are well-formed."""
    for_ = _parse_optional(parse_node, pairs.get("for"))
    by = _parse_optional(parse_node, pairs.get("by"))
    host = _parse_optional(_parse_host, pairs.get("host"))
    proto = _parse_optional(_parse_scheme, pairs.get("proto"))
    parsed = {"for": for_, "by": by, "host": host, "proto": proto}
    malformed = frozenset(name for name, value in parsed.items() if value is None and name in pairs)
    return ForwardedElement(for_, by, host, proto, malformed)


def _parse_optional(parse: Callable[[str], _T | None], text: str | None) -> _T | None:
    return None if text is None else parse(text)


def format_forwarded(elements: Iterable[ForwardedElement]) -> str:
    """Format a Forwarded field.

    Raises:
        ValueError: there is no element, one is empty, or something in it is malformed.
    """
    field = ", ".join(map(_format_element, elements))
    if not field:
        raise ValueError("a Forwarded field has at least one element")
    return field


def _format_element(element: ForwardedElement) -> str:
    pairs = {
        "for": None if element.for_ is None else format_node(element.for_),
        "by": None if element.by is None else format_node(element.by),
        "host": element.host,
        "proto": element.proto,
    }
    present = {name: value for name, value in pairs.items() if value is not None}
    if not present or element.malformed or _make_element(present).malformed:
        raise ValueError(f"not an element of Forwarded: {element!r}")
    return ";".join(
        f"{name}={value if is_token(value) else quote_string(value)}" for name, value in present.items()
    )


def parse_x_forwarded_for(text: str, *, limit: int = MAX_HOPS) -> tuple[Node, ...] | None:
    """Parse an X-Forwarded-For field into its nodes, the client first; return None if it is malformed or too long.

    The field was never specified: IPv6 addresses come with brackets and without, and both kinds with ports.
    """
    return _parse_list(text, _parse_loose_node, limit)


def parse_x_forwarded_host(text: str, *, limit: int = MAX_HOPS) -> tuple[str, ...] | None:
    """Parse an X-Forwarded-Host field into its hosts; return None if it is malformed or too long."""
    return _parse_list(text, _parse_host, limit)


def parse_x_forwarded_proto(text: str, *, limit: int = MAX_HOPS) -> tuple[str, ...] | None:
    """Parse an X-Forwarded-Proto field into its schemes, in lower case; return None if it is malformed or too long."""
    return _parse_list(text, _parse_scheme, limit)


def parse_x_forwarded_port(text: str, *, limit: int = MAX_HOPS) -> tuple[int, ...] | None:
    """Parse an X-Forwarded-Port field into its ports; return None if it is malformed or too long."""
    return _parse_list(text, _parse_port, limit)


def parse_x_forwarded_prefix(text: str, *, limit: int = MAX_HOPS) -> tuple[str, ...] | None:
    """Parse an X-Forwarded-Prefix field into its paths; return None if it is malformed or too long.

    A proxy publishes the application below such a path. The slash at its end is removed: the root is the empty text.
    """
    return _parse_list(text, _parse_prefix, limit)


def walk_x_forwarded(text: str) -> Iterator[str]:
    """Iterate over the members of an X-Forwarded field from the right, the nearest proxy's first, without parsing them.

    An empty member counts: its proxy did not name its client. To parse one, use `parse_x_forwarded_for` and the like.
    """
    end = len(text)
    while end >= 0:
        comma = text.rfind(",", 0, end)
        yield text[comma + 1 : end].strip(" \t")
        end = comma


def _parse_list(text: str, parse: Callable[[str], _T | None], limit: int) -> tuple[_T, ...] | None:
    members: list[_T] = []
    # One split more than the limit distinguishes a field that is too long from one that is just long enough.
    for piece in text.split(",", limit):
        member = parse(piece.strip(" \t"))
        if member is None or len(members) == limit:
            return None
        members.append(member)
    return tuple(members)


def _parse_loose_node(text: str) -> Node | None:
    address = _parse_ipv6(text) if text.count(":") > 1 else None
    return parse_node(text) if address is None else Node(_spell_ipv6(address))


def _parse_host(text: str) -> str | None:
    return text if _HOST.fullmatch(text) else None


def _parse_scheme(text: str) -> str | None:
    return text.lower() if _SCHEME.fullmatch(text) else None


def _parse_port(text: str) -> int | None:
    return int(text) if _PORT.fullmatch(text) and int(text) <= 65535 else None


def _parse_prefix(text: str) -> str | None:
    if len(text) > _LONGEST_PREFIX or not text.startswith("/"):
        return None
    prefix = text.removesuffix("/")
    return prefix if all(map(_SEGMENT.fullmatch, prefix.split("/")[1:])) else None
