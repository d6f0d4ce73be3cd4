"""Networks of IP addresses, and addresses in them."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from muntin.web.middlewares._names import check_collection

__all__ = ["Address", "Network", "is_within", "parse_address", "parse_networks"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def parse_networks(networks: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks, such as ``10.0.0.0/8`` or ``::1``.

    Raises:
        ValueError: one is malformed, or a text is passed in place of a collection.
    """
    return tuple(ip_network(each) for each in check_collection("networks", networks))


def parse_address(text: str) -> Address:
    """Parse an address; an IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2) is returned as IPv4.

    Raises:
        ValueError: it is no IP address.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_within(text: str | None, networks: Sequence[Network]) -> bool:
    """Return whether a text is an address in one of the networks."""
    if text is None or not networks:
        return False
    try:
        address = parse_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)
