"""What becomes of requests that are on their way when a server stops."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, SockSite, Timeouts

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BRIEF = Timeouts(linger=0.1)
Run = Callable[..., Any]
Serve = Callable[..., Any]


async def hello(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), b"hello")


def read_all(sock: socket.socket) -> bytes:
    raw = b""
    while piece := sock.recv(65536):
        raw += piece
    return raw


@pytest.mark.row("RN-20", "RN-22")
@pytest.mark.filterwarnings("error::ResourceWarning")
def test_who_waits_in_the_backlog_is_answered(run: Run) -> None:
    """The loop has not looked at its listening socket when the server is stopped."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
            port = listening.getsockname()[1]
            runner = ServerRunner(Server(hello), shutdown_timeout=PATIENCE)
            await runner.setup()
            await SockSite(runner, listening.dup()).start()
            peers = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(50)]
            for peer in peers:
                peer.sendall(GET)
            await runner.cleanup()
            for peer in peers:
                with peer:
                    raw = read_all(peer)
                    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
                    assert b"Connection: close\r\n" in raw

    run(main())


@pytest.mark.row("RN-20", "RN-22")
@pytest.mark.parametrize("sent", [b"", GET[:-1], GET, GET + GET])
def test_what_was_sent_on_an_idle_connection_is_answered(run: Run, serve: Serve, sent: bytes) -> None:
    """A request that the kernel has, and the loop has not read when the server is stopped."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with serve(hello, timeouts=BRIEF) as serving:
            with socket.create_connection(("127.0.0.1", serving.port), timeout=PATIENCE) as peer:
                peer.setblocking(False)
                await loop.sock_sendall(peer, GET)
                async with asyncio.timeout(PATIENCE):
                    while not (await loop.sock_recv(peer, 65536)).endswith(b"hello"):
                        pass
                peer.send(sent)
                if sent == GET[:-1]:
                    stopping = asyncio.ensure_future(serving.runner.cleanup())
                    await serving.until_phase("HEAD")
                    for _ in range(10):
                        await asyncio.sleep(0)
                    peer.send(GET[-1:])
                    await stopping
                else:
                    await serving.runner.cleanup()
                peer.setblocking(True)
                raw = read_all(peer)
                # What is pipelined behind the last is not answered, and can tell so by its head.
                assert raw.count(b"HTTP/1.1 200 OK\r\n") == bool(sent)
                assert raw.count(b"Connection: close\r\n") == bool(sent)

    run(main())


@pytest.mark.row("RN-22")
def test_a_pipelining_peer_knows_what_was_not_answered(run: Run, serve: Serve) -> None:
    async def main() -> None:
        released = asyncio.Event()
        begun: list[str] = []

        async def slow(exchange: Exchange) -> None:
            begun.append(exchange.head.target)
            await released.wait()
            await hello(exchange)

        async with serve(slow, timeouts=BRIEF) as serving:
            client = await serving.connect()
            client.send(GET.replace(b"/", b"/1", 1) + GET.replace(b"/", b"/2", 1))
            await serving.until(lambda: begun)
            stopping = asyncio.ensure_future(serving.runner.cleanup())
            for _ in range(10):
                await asyncio.sleep(0)
            assert not stopping.done()
            released.set()
            raw = await client.rest()
            assert raw.count(b"HTTP/1.1 200 OK\r\n") == raw.count(b"Connection: close\r\n") == 1
            await stopping
            assert begun == ["/1"]

    run(main())


@pytest.mark.row("RN-20")
def test_the_rest_of_a_body_does_not_cost_its_answer(run: Run, serve: Serve) -> None:
    """An answer is out, the rest of the request comes in and is dropped: no reset may overtake the answer."""

    async def main() -> None:
        async with serve(hello, timeouts=BRIEF) as serving:
            client = await serving.connect()
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            await serving.until_phase("DRAINING")
            stopping = asyncio.ensure_future(serving.runner.cleanup())
            await serving.until_phase("LINGERING")
            client.send(bytes(100_000))
            client.close()
            await stopping

    run(main())


@pytest.mark.row("RN-20")
def test_who_connects_while_the_server_stops_cannot_hold_it(run: Run) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=10) as listening:
            runner = ServerRunner(Server(hello, timeouts=BRIEF), shutdown_timeout=3600)
            await runner.setup()
            await SockSite(runner, listening.dup()).start()
            with socket.create_connection(listening.getsockname(), timeout=PATIENCE) as silent:
                async with asyncio.timeout(PATIENCE):
                    await runner.cleanup()
                assert silent.recv(1) == b""

    run(main())


def test_a_connection_that_outlasts_its_server_is_cut(run: Run) -> None:
    """Its TLS handshake took longer than everything else."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = Server(hello)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            await server.shutdown()
            peer = socket.create_connection(listening.getsockname(), timeout=PATIENCE)
            accepted, _ = listening.accept()
        with peer:
            await loop.connect_accepted_socket(server, accepted)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not server.connections
            with suppress(ConnectionError):
                assert peer.recv(1) == b""

    run(main())
