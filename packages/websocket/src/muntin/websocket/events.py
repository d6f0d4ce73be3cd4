"""What a connection tells: messages, and how it ends.

There is one shape for all of them, `WSMessage`, because what the engine finds in the bytes is just what a
handler wants to look at. Knows the kinds. Must not know how bytes become messages.
"""

import json
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from muntin.websocket.codes import WSMsgType

__all__ = ["WSMessage"]


class WSMessage(NamedTuple):
    """One message, frozen.

    | `type`             | `data`                                   | `extra`             |
    |--------------------|------------------------------------------|---------------------|
    | `TEXT`             | str (bytes where decoding was turned off)| None                |
    | `BINARY`           | bytes                                    | None                |
    | `PING`, `PONG`     | bytes                                    | None                |
    | `CLOSE`            | close code, 1005 where the peer gave none| the reason          |
    | `CLOSING`, `CLOSED`| None                                     | None                |
    | `ERROR`            | the exception                            | None                |
    """

    type: WSMsgType
    data: Any
    extra: str | None = None

    @property
    def tp(self) -> WSMsgType:
        """The older name of `type`."""
        warnings.warn("message.tp is spelt message.type now", DeprecationWarning, stacklevel=2)
        return self.type

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """Give the data parsed as JSON; raises what `loads` raises."""
        return loads(self.data)
