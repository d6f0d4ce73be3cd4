"""The parts of a connection, for code that carries an exchange over something other than a socket.

An `Http1Exchange` needs a `Carrier`: the engine, a transport of asyncio, a `WriteFlow` that is paused while the peer
does not read, and a `TickingClock`. The body of its request is a `WholeBody` where all of it has arrived, and otherwise
an `IncomingBody`, which the carrier pumps. After an upgrade the transport belongs to an `UpgradedDuplex`.

All of them can be made before a loop runs. `muntin.web.testing` builds its exchange in memory of them.
"""

from muntin.runner._clock import TickingClock
from muntin.runner._duplex import UpgradedDuplex
from muntin.runner._flow import WriteFlow
from muntin.runner._http1 import Carrier, Http1Exchange
from muntin.runner._incoming_body import EMPTY_BODY, IncomingBody, WholeBody

__all__ = [
    "EMPTY_BODY",
    "Carrier",
    "Http1Exchange",
    "IncomingBody",
    "TickingClock",
    "UpgradedDuplex",
    "WholeBody",
    "WriteFlow",
]
