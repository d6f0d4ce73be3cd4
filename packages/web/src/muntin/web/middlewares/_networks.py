"""Networks of addresses: who is inside.

It knows addresses as text, of whoever connected. Which of them are worth believing is for those who ask.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from muntin.web.middlewares._names import check_collection

__all__ = ["Address", "Network", "is_within", "parse_address", "parse_networks"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def parse_networks(networks: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks, such as ``10.0.0.0/8`` or ``::1``.

    Raises:
        ValueError: one is none, or it is one text in place of a collection.
    """
    return tuple(ip_network(each) for each in check_collection("networks", networks))


def parse_address(text: str) -> Address:
    """Give an address; an IPv4 one that came through a socket for both (RFC 4291 §2.5.5.2) as what it is.

    Raises:
        ValueError: it is none.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_within(text: str | None, networks: Sequence[Network]) -> bool:
    """Tell whether an address lies in one of the networks; what is no address does not."""
    if text is None or not networks:
        return False
    try:
        address = parse_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)
