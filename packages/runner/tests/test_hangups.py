"""Peers that hang up while nothing is read from them: behind a further request, an unread body, unread messages."""

import asyncio
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, TCPSite, UnixSite

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the system cannot be asked")

Run = Callable[..., Any]

# Not more than a system keeps for who does not read: the end behind it is to arrive as well.
SENT = {
    "nothing more": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a further request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /x HTTP/1.1\r\nHost: localhost\r\nA: "
    + b"b" * 80_000,
    "an unread body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n"
    + bytes(300_000),
    "an unread body in chunks": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\ndbba0\r\n"
    + bytes(300_000),
}


class Peer:
    """A client that is nothing but a socket, so that it can go without a word.

    Args:
        sock: connected.
        tls: what is spoken on it, and what has come of it so far; None for plain text.
    """

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        self.sock = sock
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = None if tls is None else tls.wrap_bio(self._came, self._goes, server_hostname="localhost")
        self._sending: asyncio.Task[None] | None = None

    async def shake_hands(self) -> None:
        while self._tls is not None:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._send_all(self._goes.read())
                self._came.write(await asyncio.get_running_loop().sock_recv(self.sock, 65536))
            else:
                break
        await self._send_all(self._goes.read())

    async def _send_all(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    def send(self, data: bytes) -> asyncio.Task[None]:
        """Send as much as is taken, in the background."""
        if self._tls is not None:
            self._tls.write(data)
            data = self._goes.read()
        self._sending = asyncio.ensure_future(self._send_all(data))
        return self._sending

    async def receive(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.get_running_loop().sock_recv(self.sock, 65536)

    async def reset(self) -> None:
        """Close with a reset: TCP does as it is asked, a Unix socket where something was not read."""
        await self._cease()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    async def end(self) -> None:
        await self._cease()
        self.sock.shutdown(socket.SHUT_WR)

    async def _cease(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])

    async def close(self) -> None:
        await self._cease()
        self.sock.close()


class Place:
    """A server on one kind of socket."""

    def __init__(self, server: Server, connect: Callable[[], Any]) -> None:
        self.server = server
        self.connect = connect

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not happened():
                await asyncio.sleep(0)

    async def deaf(self) -> Any:
        """Return the connection once nothing is read from it any more."""
        await self.until(lambda: any(not each.transport.is_reading() for each in self.server.connections))
        [connection] = self.server.connections
        return connection

    def tick(self) -> None:
        """Let the server's clock tick, which does not run by itself any more."""
        for connection in self.server.connections:
            connection.clock.stop()
        self.server.check_deadlines()


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(served)
    authority.configure_trust(trusting)
    return served, trusting


@pytest.fixture(params=["tcp", "tls", "unix", "unix-tls"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> Callable[..., Any]:
    """Serve a handler over one kind of socket."""
    served, trusting = contexts
    is_secure = "tls" in request.param

    @asynccontextmanager
    async def place(handler: Any, **options: Any) -> AsyncIterator[Place]:
        server = Server(handler, **options)
        runner = ServerRunner(server, shutdown_timeout=0)
        await runner.setup()
        context = served if is_secure else None
        path = str(tmp_path / "socket")
        if "unix" in request.param:
            await UnixSite(runner, path, ssl_context=context).start()
        else:
            site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
            await site.start()
        peers: list[Peer] = []

        async def connect() -> Peer:
            if "unix" in request.param:
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(path)
            else:
                sock = socket.create_connection(("127.0.0.1", site.port))
            sock.setblocking(False)
            peers.append(Peer(sock, trusting if is_secure else None))
            await peers[-1].shake_hands()
            return peers[-1]

        try:
            yield Place(server, connect)
        finally:
            for peer in peers:
                await peer.close()
            await runner.cleanup()

    return place


@pytest.mark.row("HI-21", "HI-46", "RN-04", "RN-05")
@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("cancels", [False, True])
def test_a_reset_is_noticed(run: Run, place: Any, sent: str, cancels: bool) -> None:
    async def main() -> None:
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def wait(exchange: Exchange) -> None:
            exchange.start(ResponseHead(200))
            exchange.send(b"not read by the peer, which a Unix socket calls a reset")
            try:
                await exchange.wait_disconnected()
            except asyncio.CancelledError:
                outcome.set_result("cancelled")
                raise
            outcome.set_result("told")

        async with place(wait, handler_cancellation=cancels) as serving:
            peer = await serving.connect()
            peer.send(SENT[sent])
            if sent != "nothing more":
                await serving.deaf()
            else:
                await serving.until(lambda: any(each.exchange for each in serving.server.connections))
            await peer.reset()
            serving.tick()
            async with asyncio.timeout(PATIENCE):
                assert await outcome == ("cancelled" if cancels else "told")
            await serving.until(lambda: not serving.server.connections)

    run(main())


@pytest.mark.row("RN-04", "RN-05")
@pytest.mark.parametrize("sent", [each for each in SENT if each != "nothing more"])
@pytest.mark.parametrize("cancels", [False, True])
def test_an_end_behind_unread_bytes_is_told_once(run: Run, place: Any, sent: str, cancels: bool) -> None:
    async def main() -> None:
        log: list[str] = []

        async def wait(exchange: Exchange) -> None:
            try:
                await exchange.wait_disconnected()
                assert exchange.is_disconnected
                log.append("told")
            except asyncio.CancelledError:
                log.append("cancelled")
            # What cleans up is not cancelled again, though TLS closes behind an end.
            await released.wait()
            log.append("went on")

        released = asyncio.Event()
        async with place(wait, handler_cancellation=cancels) as serving:
            peer = await serving.connect()
            peer.send(SENT[sent])
            await serving.deaf()
            await peer.end()
            serving.tick()
            await serving.until(lambda: log)
            for _ in range(3):
                serving.tick()
                await asyncio.sleep(0)
            released.set()
            await serving.until(lambda: len(log) == 2)
            assert log == ["cancelled" if cancels else "told", "went on"]

    run(main())


def test_what_came_before_the_end_is_still_read(run: Run, place: Any) -> None:
    size = 300_000

    async def main() -> None:
        async def count(exchange: Exchange) -> None:
            await exchange.wait_disconnected()
            got = 0
            while piece := await exchange.body.receive():
                got += len(piece)
            counted.set_result(got)

        counted: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with place(count) as serving:
            peer = await serving.connect()
            head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size
            sending = peer.send(head + bytes(size))
            await serving.deaf()
            async with asyncio.timeout(PATIENCE):
                await sending
            await peer.end()
            serving.tick()
            async with asyncio.timeout(PATIENCE):
                assert await counted == size

    run(main())


@pytest.mark.row("HI-46")
def test_a_reset_behind_an_end(run: Run, place: Any) -> None:
    """The loop reads no more where the peer has ended its side, and would not see what follows."""

    async def main() -> None:
        async def wait(exchange: Exchange) -> None:
            exchange.start(ResponseHead(200))
            exchange.send(b"not read")
            await exchange.wait_disconnected()
            await asyncio.Event().wait()

        async with place(wait) as serving:
            peer = await serving.connect()
            peer.send(SENT["nothing more"])
            await serving.until(lambda: any(each.exchange for each in serving.server.connections))
            [connection] = serving.server.connections
            await peer.end()
            # TLS knows no half-closed connection.
            await serving.until(lambda: connection.engine.has_ended or connection.is_lost)
            await peer.reset()
            serving.tick()
            await serving.until(lambda: not serving.server.connections)

    run(main())


@pytest.mark.row("HI-46")
def test_a_reset_of_an_upgraded_connection_that_is_not_read(run: Run, place: Any) -> None:
    class Full:
        def __init__(self, duplex: Any) -> None:
            self.duplex = duplex
            self.ended = asyncio.Event()

        def data_received(self, data: bytes) -> None:
            self.duplex.pause_reading()

        def eof_received(self) -> None: ...

        def connection_lost(self, exc: Exception | None) -> None:
            self.ended.set()

    async def handler(exchange: Exchange) -> None:
        duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "full")]))
        receiver = Full(duplex)
        duplex.attach(receiver)
        await receiver.ended.wait()

    async def main() -> None:
        async with place(handler) as serving:
            peer = await serving.connect()
            peer.send(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: full\r\nConnection: upgrade\r\n\r\n"
                + bytes(900_000)
            )
            await serving.until(
                lambda: any(each.phase.name == "UPGRADED" for each in serving.server.connections)
            )
            await serving.deaf()
            await peer.reset()
            serving.tick()
            await serving.until(lambda: not serving.server.connections)

    run(main())


def test_bytes_of_an_upgraded_connection_that_nobody_takes_yet(run: Run, place: Any) -> None:
    """They are kept up to a bound; a receiver that wants a pause at once has it."""

    class Counting:
        def __init__(self, duplex: Any) -> None:
            self.duplex = duplex
            self.got = 0

        def data_received(self, data: bytes) -> None:
            if not self.got:
                self.duplex.pause_reading()
            self.got += len(data)

        def eof_received(self) -> None: ...

        def connection_lost(self, exc: Exception | None) -> None: ...

    async def main() -> None:
        attached = asyncio.Event()
        counting: list[Counting] = []

        async def handler(exchange: Exchange) -> None:
            duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "count")]))
            await attached.wait()
            counting.append(Counting(duplex))
            duplex.attach(counting[0])
            first = counting[0].got
            assert 65536 <= first < 600_000
            for _ in range(100):
                await asyncio.sleep(0)
            assert counting[0].got == first
            duplex.resume_reading()
            await exchange.wait_disconnected()

        async with place(handler) as serving:
            peer = await serving.connect()
            head = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: count\r\nConnection: upgrade\r\n\r\n"
            peer.send(head)
            assert await peer.receive()
            peer.send(bytes(5_000_000))
            await serving.deaf()
            for _ in range(100):
                await asyncio.sleep(0)
            attached.set()
            await serving.until(lambda: counting and counting[0].got == 5_000_000)
            [connection] = serving.server.connections
            connection.abort()

    run(main())


def test_many_at_once_cost_one_look(run: Run, place: Any) -> None:
    async def main() -> None:
        gone = 0

        async def wait(exchange: Exchange) -> None:
            nonlocal gone
            await exchange.wait_disconnected()
            gone += 1

        async with place(wait) as serving:
            peers = [await serving.connect() for _ in range(20)]
            for peer in peers:
                peer.send(SENT["an unread body"])
            await serving.until(
                lambda: sum(not each.transport.is_reading() for each in serving.server.connections) == 20
            )
            for peer in peers[:10]:
                await peer.end()
            serving.tick()
            await serving.until(lambda: gone == 10)
            serving.tick()
            await asyncio.sleep(0)
            assert gone == 10
            for connection in serving.server.connections:
                connection.abort()

    run(main())
