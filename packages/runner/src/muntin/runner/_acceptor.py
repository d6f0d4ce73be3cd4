"""Accepting connections: each is counted before anything else is done for it.

The loops have listeners of their own, but those show a connection only when its TLS handshake is over, and without
descriptors one of them tries again, and complains, once for every connection that could wait, the other drops peers
without a word. This one looks at a listening socket when something waits there, takes a few at a time, and rests for a
while when the system has no room for one more.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from muntin.runner._server import Server

__all__ = ["Acceptor"]

_AT_ONCE: Final = 32
"""Connections accepted in one turn of the loop: others want their turn, and other workers their share."""
_PAUSE: Final = 1.0
"""How long nothing is accepted when the system refused (seconds)."""
_LONGEST_QUEUE: Final = 4096
"""Connections taken from one queue at the end: what Linux lets wait in one at most (net.core.somaxconn)."""
_RETRIED: Final = (BlockingIOError, InterruptedError, ConnectionAbortedError)
"""Nobody waits there any more."""


class Acceptor:
    """Accepts connections at listening sockets for one server.

    Args:
        server: serves them.
        sockets: the sockets, which listen already; they belong to the acceptor now.
        tls: the arguments for TLS of `loop.connect_accepted_socket`; nothing for plain connections.
    """

    def __init__(self, server: Server, sockets: Sequence[socket.socket], tls: Mapping[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._tls = tls
        self._sockets = list(sockets)
        self._pausing: asyncio.TimerHandle | None = None
        self._accepting: list[asyncio.Task[None]] = []
        """Where a loop cannot watch sockets, there is a task for each."""
        for sock in self._sockets:
            sock.setblocking(False)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening sockets; none once it is closed."""
        return tuple(self._sockets)

    def start(self) -> None:
        """Accept from now on."""
        if isinstance(self._loop, getattr(asyncio, "ProactorEventLoop", ())):
            self._accepting = [self._loop.create_task(self._accept_each(sock)) for sock in self._sockets]
        else:
            self._watch()

    def close(self) -> None:
        """Accept no more, and close the sockets. Connections that there are live on."""
        self._rest()
        for task in self._accepting:
            task.cancel()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def close_after_the_last(self) -> None:
        """Accept whoever has connected already, then close: a closed socket resets those."""
        self._rest()
        # No turn of the loop between this and closing, or who connects in it is lost.
        for sock in () if self._accepting else self._sockets:
            with suppress(OSError):
                for _ in range(_LONGEST_QUEUE):
                    self._take(sock.accept()[0])
        self.close()

    # Where the loop watches sockets

    def _watch(self) -> None:
        self._pausing = None
        for sock in self._sockets:
            self._loop.add_reader(sock, self._accept, sock)

    def _rest(self) -> None:
        """Accept nothing until told to."""
        if self._pausing is not None:
            self._pausing.cancel()
        elif not self._accepting:
            for sock in self._sockets:
                self._loop.remove_reader(sock)

    def _accept(self, sock: socket.socket) -> None:
        """Take some of those who wait at a socket."""
        for _ in range(_AT_ONCE):
            try:
                accepted, _ = sock.accept()
            except _RETRIED:
                return
            except OSError as error:
                # All sockets of this acceptor would be told the same.
                self._rest()
                self._server.report_refused_accept(error, _PAUSE)
                self._pausing = self._loop.call_later(_PAUSE, self._watch)
                return
            self._take(accepted)

    # Where it does not

    async def _accept_each(self, sock: socket.socket) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(sock)
            except _RETRIED:
                await asyncio.sleep(0)
            except OSError as error:
                self._server.report_refused_accept(error, _PAUSE)
                await asyncio.sleep(_PAUSE)
            else:
                self._take(accepted)
                await asyncio.sleep(0)

    def _take(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        self._server.take_in(accepted, self._tls)
