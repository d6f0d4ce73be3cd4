"""Responses that are given before the request was read: who still sends, or reads slowly, loses nothing."""

import asyncio
import http.client
import queue
import shutil
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, TCPSite, Timeouts
from muntin.runner._lingering import Lingering

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

Run = Callable[..., Any]
Serve = Callable[..., Any]

BIG = 6_000_000
KEPT = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
LAST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
ASKED_TO_BE_LAST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# From the end of a wait to when it is met.
LATE = 2.0


async def whole(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(413), bytes(BIG))


async def streamed(exchange: Exchange) -> None:
    exchange.start(ResponseHead(200))
    for _ in range(BIG // 500_000):
        exchange.send(bytes(500_000))
    exchange.finish()


async def small(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(413), b"too large")


def connect_small(port: int) -> socket.socket:
    """Connect with a small buffer for what comes."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    sock.connect(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


async def read_to_end(sock: socket.socket) -> bytes:
    """Read to the end; a reset raises ConnectionResetError."""
    loop = asyncio.get_running_loop()
    got = bytearray()
    async with asyncio.timeout(PATIENCE):
        while piece := await loop.sock_recv(sock, 1 << 20):
            got += piece
    return bytes(got)


@pytest.mark.row("HI-22", "HI-25")
@pytest.mark.parametrize(
    ("handler", "request_", "phase"),
    [
        (whole, KEPT, "DRAINING"),
        (whole, LAST, "LINGERING"),
        (whole, ASKED_TO_BE_LAST, "LINGERING"),
        (streamed, KEPT, "DRAINING"),
        (streamed, LAST, "DRAINING"),
        (streamed, ASKED_TO_BE_LAST, "LINGERING"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_slow_reader_that_sends_late_loses_nothing(
    run: Run, serve: Serve, handler: Any, request_: bytes, phase: str
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        timeouts = Timeouts(drain=5, linger=2, keep_alive=5, write=10, write_rate=100)
        async with serve(handler, timeouts=timeouts) as serving:
            with connect_small(serving.port) as sock:
                await loop.sock_sendall(sock, request_)
                await serving.until_phase(phase)
                got = 0
                for turn in range(20):
                    got += len(await loop.sock_recv(sock, 4000))
                    # The rest of the body, a piece at a time, or a request that gets no response.
                    await loop.sock_sendall(sock, bytes(100) if turn % 3 else b"")
                    serving.let_time_pass(1)
                    assert {each.phase.name for each in serving.server.connections} == {phase}
                async with asyncio.timeout(PATIENCE):
                    while got < BIG:
                        got += len(await loop.sock_recv(sock, 1 << 20))

    run(main())


@pytest.mark.row("HI-25")
@pytest.mark.parametrize("request_", [KEPT, LAST])
def test_who_takes_nothing_is_cut_by_its_pace(run: Run, serve: Serve, request_: bytes) -> None:
    async def main() -> None:
        async with serve(whole, timeouts=Timeouts(drain=5, linger=2, write=10, write_rate=100)) as serving:
            with connect_small(serving.port) as sock:
                sock.send(request_)
                await serving.until(lambda: any(each.awaits_delivery for each in serving.server.connections))
                for _ in range(8):
                    serving.let_time_pass(1)
                assert serving.server.connections
                for _ in range(4):
                    if serving.server.connections:
                        serving.let_time_pass(1)
                await serving.until(lambda: not serving.server.connections)
                with pytest.raises(ConnectionResetError):
                    await read_to_end(sock)

    run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say what it holds")
@pytest.mark.row("HI-25")
def test_a_response_that_the_system_holds_outlives_the_keep_alive(run: Run, serve: Serve) -> None:
    async def some(exchange: Exchange) -> None:
        exchange.respond(ResponseHead(200), bytes(200_000))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with serve(
            some, timeouts=Timeouts(keep_alive=3, linger=2, write=10, write_rate=100)
        ) as serving:
            with connect_small(serving.port) as sock:
                await loop.sock_sendall(sock, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                got = len(await loop.sock_recv(sock, 1000))
                await serving.until_phase("IDLE")
                for _ in range(6):
                    serving.let_time_pass(1)
                # Too late for another request, which is no reason to lose the response.
                await loop.sock_sendall(sock, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                for _ in range(5):
                    got += len(await loop.sock_recv(sock, 1000))
                    serving.let_time_pass(1)
                assert got + len(await read_to_end(sock)) > 200_000

    run(main())


async def drop(serving: Any, client: Any, piece: bytes) -> None:
    """Let a client send a piece, and wait until the server has dropped it."""
    [connection] = serving.server.connections
    before = connection._lingering.dropped
    client.send(piece)
    await serving.until(lambda: connection._lingering.dropped >= before + len(piece))


@pytest.mark.row("HI-22")
def test_an_upload_that_goes_on_finds_the_response(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(small, timeouts=Timeouts(linger=2, linger_total=30)) as serving:
            client = await serving.connect()
            client.send(LAST)
            await serving.until_phase("LINGERING")
            for _ in range(20):
                await drop(serving, client, bytes(1000))
                serving.let_time_pass(1)
            await serving.until_phase("LINGERING")
            assert (await client.rest()).endswith(b"\r\n\r\ntoo large")

    run(main())


def test_who_is_silent_is_let_go_soon(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(small, timeouts=Timeouts(linger=2, linger_total=30)) as serving:
            client = await serving.connect()
            client.send(LAST)
            await serving.until_phase("LINGERING")
            await drop(serving, client, bytes(1000))
            await client.rest()
            # What was sent may be the last of it: another wait has to pass in silence.
            for _ in range(2):
                serving.let_time_pass(2 + LATE)
            await serving.until(lambda: not serving.server.connections)

    run(main())


def test_who_never_ends_is_let_go_in_the_end(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(small, timeouts=Timeouts(linger=2, linger_total=20)) as serving:
            client = await serving.connect()
            client.send(LAST.replace(b"900000", b"9000000000"))
            await serving.until_phase("LINGERING")
            seconds = 0
            while {each.phase.name for each in serving.server.connections} == {"LINGERING"}:
                await drop(serving, client, bytes(10_000))
                serving.let_time_pass(1)
                seconds += 1
                assert seconds < 30
            assert seconds >= 19
            await serving.until(lambda: not serving.server.connections)

    run(main())


def test_a_stop_does_not_wait_for_who_never_ends(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(small, timeouts=Timeouts(linger=2, linger_total=1000)) as serving:
            client = await serving.connect()
            client.send(LAST)
            await serving.until_phase("LINGERING")
            serving.server.pre_shutdown()
            for _ in range(5):
                if serving.server.connections:
                    await drop(serving, client, bytes(1000))
                    serving.let_time_pass(1)
                    await asyncio.sleep(0)
            await serving.until(lambda: not serving.server.connections)

    run(main())


def test_nobody_reads_the_rest_in_the_name_of_an_exchange_that_is_over(run: Run, serve: Serve) -> None:
    """What its body had buffered is taken late; that must not make the connection deaf to what it drops."""

    async def main() -> None:
        kept: list[Exchange] = []

        async def keep(exchange: Exchange) -> None:
            kept.append(exchange)
            while exchange.body.received < 400_000 and serving.server.connections:  # type: ignore[attr-defined]
                [connection] = serving.server.connections
                if not connection.is_reading:
                    break
                await asyncio.sleep(0)
            exchange.respond(ResponseHead(413), b"too large")

        async with serve(keep, timeouts=Timeouts(linger=2)) as serving:
            client = await serving.connect()
            client.send(LAST.replace(b"900000", b"90000000") + bytes(800_000))
            await serving.until_phase("LINGERING")
            assert kept[0].body.receive_nowait()
            [connection] = serving.server.connections
            assert connection.is_reading
            await drop(serving, client, bytes(500_000))
            assert (await client.rest()).endswith(b"too large")

    run(main())


# Clients as they are -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(served)
    authority.configure_trust(trusting)
    return served, trusting


@asynccontextmanager
async def listening(context: ssl.SSLContext | None, **options: Any) -> AsyncIterator[tuple[Server, int]]:
    server = Server(small, **options)
    runner = ServerRunner(server, shutdown_timeout=PATIENCE)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield server, site.port
    finally:
        await runner.cleanup()


@pytest.mark.row("HI-22")
@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("framing", [{"Content-Length": "2000000"}, {"Transfer-Encoding": "chunked"}])
def test_a_client_that_reads_after_its_upload(
    run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext], is_secure: bool, framing: dict[str, str]
) -> None:
    pieces: queue.Queue[bytes | None] = queue.Queue()

    def body() -> Iterator[bytes]:
        while piece := pieces.get(timeout=PATIENCE):
            yield piece

    def upload(port: int) -> tuple[int, bytes]:
        if is_secure:
            client: Any = http.client.HTTPSConnection(
                "localhost", port, context=contexts[1], timeout=PATIENCE
            )
        else:
            client = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
        client.request("POST", "/", body(), framing, encode_chunked="Transfer-Encoding" in framing)
        response = client.getresponse()
        result = response.status, response.read()
        client.close()
        return result

    async def main() -> None:
        timeouts = Timeouts(linger=2, linger_total=60)
        async with listening(contexts[0] if is_secure else None, timeouts=timeouts) as (server, port):
            uploading = asyncio.ensure_future(asyncio.to_thread(upload, port))
            try:
                async with asyncio.timeout(PATIENCE):
                    while not any(each.phase.name == "LINGERING" for each in server.connections):
                        await asyncio.sleep(0)
                    [connection] = server.connections
                    clock = connection.clock
                    for _ in range(20):
                        before = connection._lingering.dropped
                        pieces.put(bytes(100_000))
                        while connection._lingering.dropped < before + 100_000:
                            assert server.connections
                            await asyncio.sleep(0)
                        clock.stop()
                        clock.renew(clock.now + 1)
                        server.check_deadlines()
                    pieces.put(None)
                    assert await uploading == (413, b"too large")
            finally:
                pieces.put(None)
                await asyncio.wait([uploading])

    run(main())


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("expects", [True, False])
def test_curl_uploads_a_file(run: Run, tmp_path: Path, expects: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20_000_000))

    async def main() -> None:
        async with listening(None) as (_, port):
            fields = [] if expects else ["-H", "Expect:"]
            curl = await asyncio.create_subprocess_exec(
                *("curl", "-sS", *fields, "-w", "%{http_code}", "-T", str(path), f"http://127.0.0.1:{port}/"),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            async with asyncio.timeout(PATIENCE):
                assert await curl.communicate() == (b"too large413", b"")

    run(main())


def test_lingering_by_numbers() -> None:
    lingering = Lingering(10)
    lingering.dropped += 1
    lingering.begin(100)
    assert lingering.is_over(102)
    lingering.dropped += 1
    assert not lingering.is_over(104)
    assert lingering.is_over(106)
    lingering.dropped += 1
    assert lingering.is_over(110)
    lingering.stop_extending()
    lingering.dropped += 1
    assert lingering.is_over(1)
