"""HTTP/1.1 as a sans-I/O engine: bytes to events and back, framing, limits.

The engine is `ServerConnection`, and `ClientConnection` its mirror. Header families are in
`muntin.http_core.headers`, forms in `muntin.http_core.multipart`, content codings in `muntin.http_core.coding`;
nothing here knows of sockets, clocks or tasks.
"""

from typing import TYPE_CHECKING, Final

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
    PeerClosed,
    RawFields,
    ReceivedResponse,
    Rejected,
    RequestHead,
    ResponseEvent,
    ResponseHead,
    Signal,
)
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._serialize import FieldBlock
from muntin.http_core._states import RequestState, ResponseState
from muntin.http_core.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from muntin.http_core.status import REASONS, forbids_body, reason_of

if TYPE_CHECKING:
    from muntin.http_core._client import ClientConnection
    from muntin.http_core._client_states import ClientRequestState, ClientResponseState

# A server needs no client.
_HOMES: Final = {
    "muntin.http_core._client": "ClientConnection",
    "muntin.http_core._client_states": "ClientResponseState ClientRequestState",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.open_door(__name__, _HOMES)

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
    "ClientConnection",
    "ClientRequestState",
    "ClientResponseState",
    "EndOfBody",
    "Event",
    "FieldBlock",
    "Fields",
    "FramingKind",
    "HeadFields",
    "HttpVersion",
    "Limits",
    "LocalProtocolError",
    "PeerClosed",
    "ProtocolError",
    "RawFields",
    "ReceivedResponse",
    "Rejected",
    "RemoteProtocolError",
    "RequestHead",
    "RequestState",
    "ResponseEvent",
    "ResponseHead",
    "ResponseState",
    "ServerConnection",
    "Signal",
    "forbids_body",
    "reason_of",
]
