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

from muntin.runner._server import ExchangeServer

__all__ = ["Acceptor"]

_BATCH: Final = 32
"""Connections accepted in one turn of the loop: others want their turn, and other workers their share."""
_RETRY_DELAY: Final = 1.0
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

    def __init__(
        self, server: ExchangeServer, sockets: Sequence[socket.socket], tls: Mapping[str, Any]
    ) -> None:
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
        self._pause()
        for task in self._accepting:
            task.cancel()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def drain_and_close(self) -> None:
        """Accept whoever has connected already, then close: a closed socket resets those."""
        self._pause()
        # No turn of the loop between this and closing, or who connects in it is lost.
        for sock in () if self._accepting else self._sockets:
            with suppress(OSError):
                for _ in range(_LONGEST_QUEUE):
                    self._serve(sock.accept()[0])
        self.close()

    # Where the loop watches sockets

    def _watch(self) -> None:
        self._pausing = None
        for sock in self._sockets:
            self._loop.add_reader(sock, self._accept, sock)

    def _pause(self) -> None:
        """Accept nothing until told to."""
        if self._pausing is not None:
            self._pausing.cancel()
        elif not self._accepting:
            for sock in self._sockets:
                self._loop.remove_reader(sock)

    def _accept(self, sock: socket.socket) -> None:
        """Take some of those who wait at a socket."""
        for _ in range(_BATCH):
            try:
                accepted, _ = sock.accept()
            except _RETRIED:
                return
            except OSError as error:
                # All sockets of this acceptor would be told the same.
                self._pause()
                self._server.report_refused_accept(error, _RETRY_DELAY)
                self._pausing = self._loop.call_later(_RETRY_DELAY, self._watch)
                return
            self._serve(accepted)

    # Where it does not

    async def _accept_each(self, sock: socket.socket) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(sock)
            except _RETRIED:
                await asyncio.sleep(0)
            except OSError as error:
                self._server.report_refused_accept(error, _RETRY_DELAY)
                await asyncio.sleep(_RETRY_DELAY)
            else:
                self._serve(accepted)
                await asyncio.sleep(0)

    def _serve(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        self._server.serve_socket(accepted, self._tls)
