"""The other end of one connection, as the transport knows it."""

import asyncio
from typing import Any

__all__ = ["TransportPeer"]


class TransportPeer:
    """Addresses and TLS of a transport."""

    __slots__ = ("transport",)

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        """For who must write past the framing; what is written there appears on the wire as it is."""

    @property
    def address(self) -> Any:
        return self.transport.get_extra_info("peername")

    @property
    def local_address(self) -> Any:
        return self.transport.get_extra_info("sockname")

    @property
    def is_secure(self) -> bool:
        return self.transport.get_extra_info("sslcontext") is not None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.transport.get_extra_info(name, default)
