"""What becomes of requests that are on their way when a server stops."""

import asyncio
import gc
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import trustme

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, SockSite, TCPSite, Timeouts, _overdue

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
def test_who_waits_in_the_backlog_gets_a_response(run: Run) -> None:
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
def test_what_was_sent_on_an_idle_connection_gets_a_response(
    run: Run, serve: Serve, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that the kernel has, and the loop has not read when the server is stopped."""
    # A moment that lasts as long as a busy machine needs for the rest of a head.
    monkeypatch.setattr(_overdue, "_GRACE", PATIENCE)

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
                # What is pipelined behind the last gets no response, and the head of the last says so.
                assert raw.count(b"HTTP/1.1 200 OK\r\n") == bool(sent)
                assert raw.count(b"Connection: close\r\n") == bool(sent)

    run(main())


@pytest.mark.row("RN-22")
def test_a_pipelining_peer_knows_what_got_no_response(run: Run, serve: Serve) -> None:
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
def test_the_rest_of_a_body_does_not_cost_its_response(run: Run, serve: Serve) -> None:
    """A response is out, the rest of the request comes in and is dropped: no reset may overtake the response."""

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


# On whom nobody works

HALF_POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n1"


@pytest.mark.row("RN-20", "RN-07")
@pytest.mark.parametrize(
    ("sent", "phase", "responses"),
    [
        (b"", "IDLE", 0),
        (b"G", "HEAD", 0),
        (GET[:-1], "HEAD", 0),
        (GET + GET[:9], "HEAD", 1),
        (GET + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1", "DRAINING", 2),
        (HALF_POST, "LINGERING", 1),
    ],
)
def test_half_a_request_holds_no_stop(
    run: Run, serve: Serve, sent: bytes, phase: str, responses: int
) -> None:
    """Nobody works on it, however long handlers may take and peers may be silent."""
    patient = Timeouts(first_byte=1000, head=1000, drain=1000, linger=1000, linger_total=1000)

    async def main() -> None:
        async with serve(hello, timeouts=patient) as serving:
            serving.runner.shutdown_timeout = 3600
            client = await serving.connect()
            client.send(sent)
            await serving.until(lambda: serving.server.connections)
            await serving.until_phase(phase)
            async with asyncio.timeout(PATIENCE):
                await serving.runner.cleanup()
            raw = await client.rest()
            # Each peer with a response has all of it: it is not cut off by a reset.
            assert raw.count(b"hello") == responses

    run(main())


@pytest.mark.row("RN-20")
@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01"])
@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("way", ["cleanup", "retire"])
def test_a_handshake_holds_no_stop(
    run: Run, caplog: pytest.LogCaptureFixture, sent: bytes, leaves: bool, way: str
) -> None:
    """Neither of who is silent on the port of TLS, nor of who was there: a health check, a scan of ports."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)

    async def main() -> None:
        server = Server(hello, timeouts=Timeouts(handshake=1000))
        runner = ServerRunner(server, shutdown_timeout=3600)
        await runner.setup()
        site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        peers = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(20)]
        for _, writer in peers:
            writer.write(sent)
            if leaves:
                writer.close()
        async with asyncio.timeout(PATIENCE):
            if way == "retire":
                await runner.retire(0.1)
            await runner.cleanup()
        assert len(asyncio.all_tasks()) == 1
        for reader, writer in peers:
            if not leaves:
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
        gc.collect()

    run(main())
    assert [record for record in caplog.records if " took " not in record.getMessage()] == []


@pytest.mark.row("RN-20", "RN-07")
def test_work_is_waited_for_beyond_the_moment(
    run: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler, and a response that its peer takes slowly, while others are cut."""
    monkeypatch.setattr(_overdue, "_GRACE", 0.0)
    size = 4_000_000

    async def main() -> None:
        released = asyncio.Event()

        async def handle(exchange: Exchange) -> None:
            if exchange.head.target == "/big":
                exchange.respond(ResponseHead(200), bytes(size))
            else:
                await released.wait()
                await hello(exchange)

        async with serve(handle) as serving:
            reader, writer = await connect_slowly(serving.port)
            writer.write(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            working, half = await serving.connect(), await serving.connect()
            working.send(GET)
            half.send(GET[:-1])
            await serving.until(
                lambda: (
                    {each.phase.name for each in serving.server.connections} == {"IDLE", "HANDLING", "HEAD"}
                )
            )
            stopping = asyncio.ensure_future(serving.runner.cleanup())
            # This one is cut: so the moment is over for all.
            assert await half.rest() == b""
            assert not stopping.done()
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            async with asyncio.timeout(PATIENCE):
                assert len(await reader.read()) == size
            assert not stopping.done()
            released.set()
            assert (await working.rest()).endswith(b"hello")
            await stopping
            writer.close()

    run(main())


async def connect_slowly(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect with small buffers on this side: the server's socket is full soon."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=4096)


@pytest.mark.row("RN-07")
def test_the_whole_end_has_one_time_out(run: Run, serve: Serve) -> None:
    """What the application takes to hear of the end is not added to what handlers may take."""

    class Slow(ServerRunner):
        async def shutdown(self) -> None:
            # The time-out runs already: what handlers had from here on would be another.
            self.shutdown_timeout = 3600
            while self.time_left:
                await asyncio.sleep(0.01)

    async def main() -> None:
        begun, cancelled = asyncio.Event(), asyncio.Event()

        async def hang(exchange: Exchange) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            runner = Slow(Server(hang), shutdown_timeout=0.05)
            await runner.setup()
            await SockSite(runner, listening.dup()).start()
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(GET)
            await begun.wait()
            async with asyncio.timeout(PATIENCE):
                await runner.cleanup()
            assert cancelled.is_set()
            assert await reader.read() == b""
            writer.close()

    run(main())
