"""HTTP/1.1 as a sans-I/O engine: bytes to events and back, framing, limits.

The engine is `ServerConnection`; its mirror for clients is in `muntin.http_core.client`. Header families are in the
modules of `muntin.http_core.headers`, forms in those of `muntin.http_core.multipart`, content codings in those of
`muntin.http_core.coding`. Nothing here knows of sockets, clocks or tasks.
"""

from typing import TYPE_CHECKING

from muntin.http_core import _door
from muntin.http_core._connection import ServerConnection
from muntin.http_core._events import (
    CHUNKED,
    HTTP_10,
    HTTP_11,
    NO_BODY,
    UNTIL_CLOSE,
    BodyData,
    BodyFraming,
    EndOfBody,
    Event,
    Fields,
    FramingKind,
    HeadFields,
    HttpVersion,
    NextExchange,
    PeerClosed,
    RawFields,
    Rejected,
    RequestHead,
    ResponseHead,
    Signal,
)
from muntin.http_core._field_block import FieldBlock
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._states import RequestState, ResponseState
from muntin.http_core.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from muntin.http_core.status import REASONS, forbids_body, reason_of

if TYPE_CHECKING:
    from muntin.http_core.client import *  # noqa: F403

__all__ = [
    "CHUNKED",
    "DEFAULT_LIMITS",
    "HTTP_10",
    "HTTP_11",
    "NO_BODY",
    "REASONS",
    "UNTIL_CLOSE",
    "BodyData",
    "BodyFraming",
    "EndOfBody",
    "Event",
    "FieldBlock",
    "Fields",
    "FramingKind",
    "HeadFields",
    "HttpVersion",
    "Limits",
    "LocalProtocolError",
    "NextExchange",
    "PeerClosed",
    "ProtocolError",
    "RawFields",
    "Rejected",
    "RemoteProtocolError",
    "RequestHead",
    "RequestState",
    "ResponseHead",
    "ResponseState",
    "ServerConnection",
    "Signal",
    "forbids_body",
    "reason_of",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Return a module, or a name of the client's side, which a server does not load."""
        return _door.find_attribute(__name__, ("client", "coding", "headers", "multipart"), name)
