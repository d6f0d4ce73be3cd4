"""Messages, and the ends of a connection.

One class, `WSMessage`, stands for all of them: handlers see the same objects that the engine makes from bytes.
"""

import json
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from muntin.websocket.codes import WSMsgType

__all__ = ["WSMessage"]


class WSMessage(NamedTuple):
    """One message, immutable.

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
        """Return the data parsed as JSON.

        Raises:
            Exception: whatever `loads` raises, ValueError by default.
        """
        return loads(self.data)
