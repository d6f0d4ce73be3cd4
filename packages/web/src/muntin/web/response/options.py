"""The options of sending a response, besides its head and its body."""

from dataclasses import dataclass
from typing import Final

from multidict import CIMultiDict

from muntin.web.response.compression import Compression
from muntin.web.response.packet_mode import PacketMode
from muntin.web.response.payloads import Payload

__all__ = ["NOTHING_ASKED", "DeliveryOptions"]


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """The options of one response, besides head and body. Most responses have none."""

    closes: bool = False
    """True if this is the last response on its connection."""
    compression: Compression | None = None
    is_chunked: bool = False
    trailers: CIMultiDict[str] | None = None
    packet_mode: PacketMode | None = None
    """None leaves the socket as it is."""
    held: tuple[Payload, ...] = ()
    """The payloads to close in the end: all that were the body once, also if another one has replaced them."""

    @property
    def in_pieces(self) -> bool:
        """True if even a known body is sent as a stream."""
        return self.is_chunked or self.trailers is not None


NOTHING_ASKED: Final = DeliveryOptions()
