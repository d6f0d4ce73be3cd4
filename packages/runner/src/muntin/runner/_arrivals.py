"""Accepted sockets that have no connection yet: under TLS, until the handshake is over."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, NamedTuple, cast

from muntin.runner._connection import Http1Connection
from muntin.runner._room import Verdict

__all__ = ["Arrivals"]


class _Arrival(NamedTuple):
    task: asyncio.Task[None]
    verdict: Verdict
    coroutine: Coroutine[Any, Any, None]
    accepted: socket.socket


class Arrivals:
    """Attaches connections to the sockets that were accepted for them.

    Args:
        on_end: called after each attempt, whether it succeeded or not.
    """

    __slots__ = ("_on_end", "_pending")

    def __init__(self, on_end: Callable[[Http1Connection], object]) -> None:
        self._on_end = on_end
        self._pending: dict[Http1Connection, _Arrival] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def __iter__(self) -> Iterator[Http1Connection]:
        return iter(self._pending)

    def begin(
        self, connection: Http1Connection, accepted: socket.socket, tls: Mapping[str, Any], verdict: Verdict
    ) -> None:
        """Attach a connection to its socket, after the TLS handshake if there is one."""
        coroutine = self._connect(connection, accepted, tls)
        task = connection.loop.create_task(coroutine)
        self._pending[connection] = _Arrival(task, verdict, coroutine, accepted)
        # Not at the end of the coroutine: when it is cancelled before its first step, none of it runs.
        task.add_done_callback(lambda task: self._finish(connection))

    def end(self, connection: Http1Connection) -> Verdict | None:
        """Remove a connection that is made now; return the verdict about it, None if it was not accepted here."""
        arrival = self._pending.pop(connection, None)
        return None if arrival is None else arrival.verdict

    def cut(self, connection: Http1Connection) -> bool:
        """Cancel the attempt for a connection; return whether there was one."""
        arrival = self._pending.get(connection)
        if arrival is not None:
            if getcoroutinestate(arrival.coroutine) is CORO_CREATED:
                # No transport exists yet that would close the socket.
                arrival.accepted.close()
            arrival.task.cancel()
        return arrival is not None

    async def _connect(
        self, connection: Http1Connection, accepted: socket.socket, tls: Mapping[str, Any]
    ) -> None:
        # A peer that fails, leaves or stays silent during its handshake needs no report.
        with suppress(OSError):
            protocol = cast("asyncio.Protocol", connection)
            await connection.loop.connect_accepted_socket(lambda: protocol, accepted, **tls)

    def _finish(self, connection: Http1Connection) -> None:
        self._pending.pop(connection, None)
        self._on_end(connection)
