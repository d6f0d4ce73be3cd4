"""The objects that the connections of one server share."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from muntin.http_core import Limits, Rejected
from muntin.runner._caps import Caps
from muntin.runner._clock import TickingClock
from muntin.runner._timeouts import Timeouts
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["ConnectionRegistry", "Rejector", "Service"]

Rejector = Callable[[Exchange, Rejected], Coroutine[Any, Any, object]]
"""A coroutine function that responds to a request which could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service:
    """The objects and settings that all connections of one server share."""

    handler: ExchangeHandler
    rejector: Rejector | None
    loop: asyncio.AbstractEventLoop
    context: Context
    clock: TickingClock
    limits: Limits
    timeouts: Timeouts
    caps: Caps
    logger: logging.Logger
    handler_cancellation: bool


C_contra = TypeVar("C_contra", contravariant=True)


class ConnectionRegistry(Protocol[C_contra]):
    """Counts the connections, and stores the callbacks of upgraded connections for the shutdown."""

    def connection_made(self, connection: C_contra) -> None: ...

    def connection_lost(self, connection: C_contra) -> None: ...

    def add_shutdown_callback(self, callback: Callable[[], object]) -> None: ...

    def drop_shutdown_callback(self, callback: Callable[[], object]) -> None: ...
