"""What the connections of one server share, and whom they report to."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from muntin.http_core import Limits, Rejected
from muntin.runner._caps import Caps
from muntin.runner._clock import Clock
from muntin.runner._timeouts import Timeouts
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["ConnectionRegistry", "Rejector", "Service"]

Rejector = Callable[[Exchange, Rejected], Coroutine[Any, Any, object]]
"""A coroutine function: it has answered a request that was refused when it returns."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service:
    """What all connections of one server share."""

    handler: ExchangeHandler
    rejector: Rejector | None
    loop: asyncio.AbstractEventLoop
    context: Context
    clock: Clock
    limits: Limits
    timeouts: Timeouts
    caps: Caps
    logger: logging.Logger
    handler_cancellation: bool


C_contra = TypeVar("C_contra", contravariant=True)


class ConnectionRegistry(Protocol[C_contra]):
    """Who keeps count of the connections, and of who wants to say goodbye when they are ended."""

    def connection_made(self, connection: C_contra) -> None: ...

    def connection_lost(self, connection: C_contra) -> None: ...

    def add_shutdown_callback(self, callback: Callable[[], object]) -> None: ...

    def drop_shutdown_callback(self, callback: Callable[[], object]) -> None: ...
