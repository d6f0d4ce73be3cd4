"""Accepting connections: each is counted before anything else is done for it.

The event loops have listeners of their own, but those report a connection only when its TLS handshake is over. When the
process has no descriptors left, the listener of asyncio logs an error for every connection in the backlog, and that of
uvloop drops peers silently. This acceptor waits until a listening socket is readable, accepts a few connections at a
time, and pauses when the system refuses.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from muntin.runner._server import Server

__all__ = ["Acceptor"]

_BATCH: Final = 32
"""Connections accepted in one turn of the loop, so that other callbacks run and other workers get their share."""
_RETRY_DELAY: Final = 1.0
"""How long nothing is accepted after the system refused (seconds)."""
_LONGEST_QUEUE: Final = 4096
"""Connections accepted from one backlog at the end: the most that Linux lets wait in one (net.core.somaxconn)."""
_RETRIED: Final = (BlockingIOError, InterruptedError, ConnectionAbortedError)
"""No connection waits there any more."""


class Acceptor:
    """Accepts connections at listening sockets for one server.

    Args:
        server: serves them.
        sockets: sockets that listen already; the acceptor owns them from now on.
        tls: the arguments for TLS of `loop.connect_accepted_socket`; empty for plain connections.
    """

    def __init__(self, server: Server, sockets: Sequence[socket.socket], tls: Mapping[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._tls = tls
        self._sockets = list(sockets)
        self._pausing: asyncio.TimerHandle | None = None
        self._accepting: list[asyncio.Task[None]] = []
        """One task for each socket, where the loop cannot watch sockets."""
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
        """Stop accepting and close the sockets. Accepted connections stay open."""
        self._pause()
        for task in self._accepting:
            task.cancel()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    def drain_and_close(self) -> None:
        """Accept the connections in the backlog, then close: closing the socket would reset them."""
        self._pause()
        # The loop must not turn between this and closing: a connection that came in that turn would be reset.
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
        """Stop accepting until `_watch` is called."""
        if self._pausing is not None:
            self._pausing.cancel()
        elif not self._accepting:
            for sock in self._sockets:
                self._loop.remove_reader(sock)

    def _accept(self, sock: socket.socket) -> None:
        """Accept some of the connections that wait at a socket."""
        for _ in range(_BATCH):
            try:
                accepted, _ = sock.accept()
            except _RETRIED:
                return
            except OSError as error:
                # The system would refuse for every socket of this acceptor.
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
