"""The part of a request that its response needs."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from muntin.runner import Exchange

__all__ = ["EndUpgraded", "PrepareSignal", "ServedRequest", "UpgradableRequest"]

PrepareSignal = Callable[[Any, Any], Awaitable[None]]
"""Called with request and response when the head is about to be sent."""

EndUpgraded = Callable[[Exception | None], bool]
"""Called when the handler of an exchange that was upgraded has failed, with its exception, or was cancelled, with None.

HTTP cannot say any more that a handler failed; the protocol that has taken over can. Returns True if the exception only
says that this protocol has ended, which is no failure.
"""


class ServedRequest(Protocol):
    """A request that a response can be sent to."""

    @property
    def exchange(self) -> Exchange: ...

    @property
    def prepare_signals(self) -> Sequence[PrepareSignal]: ...


class UpgradableRequest(ServedRequest, Protocol):
    """A request whose exchange can be upgraded."""

    end_upgraded: EndUpgraded | None
    """Set by what takes over the connection."""
