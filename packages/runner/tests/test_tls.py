"""TLS with an authority of our own: what is negotiated, and what comes of those who do not keep to it."""

import asyncio
import gc
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trustme

from muntin.http_core import ResponseHead
from muntin.runner import Caps, Exchange, Server, ServerRunner, TCPSite, Timeouts
from muntin.runner._room import REFUSED_AT_ONCE

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Run = Callable[..., Any]


async def hello(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), b"hello")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def contexts(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's and the client's."""
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(served)
    authority.configure_trust(trusting)
    return served, trusting


@asynccontextmanager
async def serving(
    context: ssl.SSLContext | None, handler: Any = hello, **options: Any
) -> AsyncIterator[tuple[Server, int]]:
    server = Server(handler, **options)
    runner = ServerRunner(server, shutdown_timeout=PATIENCE)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield server, site.port
    finally:
        await runner.cleanup()


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


def test_alpn(run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    served, trusting = contexts
    served.set_alpn_protocols(["http/1.1"])
    trusting.set_alpn_protocols(["h2", "http/1.1"])

    async def main() -> None:
        async with serving(served) as (_, port):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
            )
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert (await read_to_end(reader)).endswith(b"hello")
            writer.close()

    run(main())


def test_client_certificates(
    run: Run, authority: trustme.CA, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    served, trusting = contexts
    served.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(served)
    authority.issue_cert("someone@example.org").configure_cert(trusting)

    async def tell(exchange: Exchange) -> None:
        certificate = exchange.peer.get_extra_info("peercert")
        exchange.respond(ResponseHead(200), str(certificate["subjectAltName"]).encode())

    async def main() -> None:
        async with serving(served, tell) as (_, port):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
            )
            writer.write(GET)
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                assert b"someone@example.org" in await reader.readuntil(b")")
            writer.close()

    run(main())


@pytest.mark.row("HI-50")
@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_that_never_ends(
    run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext], sent: bytes
) -> None:
    async def main() -> None:
        async with serving(contexts[0], timeouts=Timeouts(handshake=0.2)) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            with suppress(ConnectionResetError):
                assert await read_to_end(reader) == b""
            writer.close()
            assert not server.connections

    run(main())


async def ask(port: int, trusting: ssl.SSLContext) -> bytes:
    """Return what a client gets that asks over a connection of its own."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
    )
    writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    raw = await read_to_end(reader)
    writer.close()
    return raw


@pytest.mark.row("HI-54")
def test_handshakes_count_as_connections(run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    served, trusting = contexts

    async def main() -> None:
        caps, timeouts = Caps(connections=3), Timeouts(handshake=1000)
        async with serving(served, caps=caps, timeouts=timeouts) as (server, port):
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            # Who comes next may still do its handshake, to be told why it is not served.
            assert (await ask(port, trusting)).startswith(b"HTTP/1.1 503 ")
            # One that gives up in its handshake makes room for another.
            silent[0][1].close()
            while not (raw := await ask(port, trusting)).endswith(b"hello"):
                assert raw.startswith(b"HTTP/1.1 503 ")
                while server.connections:
                    await asyncio.sleep(0)
            for _, writer in silent:
                writer.close()

    run(main())


@pytest.mark.row("HI-54")
def test_a_storm_of_handshakes_is_cut(run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    served, trusting = contexts

    async def main() -> None:
        caps, timeouts = Caps(connections=1), Timeouts(handshake=1000, first_byte=1000)
        async with serving(served, caps=caps, timeouts=timeouts) as (_, port):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusting, server_hostname="localhost"
            )
            writer.write(GET)
            assert b"hello" in await reader.readuntil(b"hello")
            storm = [await asyncio.open_connection("127.0.0.1", port) for _ in range(REFUSED_AT_ONCE + 20)]
            for late, _ in storm[REFUSED_AT_ONCE:]:
                with suppress(ConnectionResetError):
                    assert await read_to_end(late) == b""
            assert not any(early.at_eof() for early, _ in storm[:REFUSED_AT_ONCE])
            writer.write(GET)
            assert b"hello" in await reader.readuntil(b"hello")
            for _, each in storm:
                each.close()
            writer.close()

    run(main())


@pytest.mark.row("HI-54")
@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"])
def test_who_leaves_in_its_handshake_leaves_nothing(
    run: Run,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    caplog: pytest.LogCaptureFixture,
    sent: bytes,
) -> None:
    """Neither a task nor a line in a log: a health check, or who looks for open ports."""

    async def main() -> None:
        async with serving(contexts[0]) as (server, port):
            assert (await ask(port, contexts[1])).endswith(b"hello")
            while server.connections:
                await asyncio.sleep(0)
            before = asyncio.all_tasks()
            peers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
            for _, writer in peers:
                writer.write(sent)
                writer.close()
            # Who asks behind them is served when they were taken in, and those who left are gone soon.
            assert (await ask(port, contexts[1])).endswith(b"hello")
            async with asyncio.timeout(PATIENCE):
                while asyncio.all_tasks() != before:
                    await asyncio.sleep(0)
        gc.collect()

    run(main())
    # A loop in debug mode tells of its own slowness as well.
    assert [record for record in caplog.records if " took " not in record.getMessage()] == []


@pytest.mark.row("HI-50")
@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="only the program openssl asks for a renegotiation"
)
def test_a_renegotiation_is_refused(run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def main() -> None:
        async with serving(contexts[0]) as (server, port):
            client = await asyncio.create_subprocess_exec(
                *["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{port}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert client.stdin is not None
            assert client.stdout is not None
            async with asyncio.timeout(PATIENCE):
                # Its last line before it listens to commands.
                while b"Extended master secret" not in (line := await client.stdout.readline()):
                    assert line
                client.stdin.write(b"R\n")
                said = await client.stdout.read()
                assert await client.wait() != 0
                while server.connections:
                    await asyncio.sleep(0)
            assert b"RENEGOTIATING" in said
            assert b"no renegotiation" in said

    run(main())


@pytest.mark.row("HI-50")
def test_plain_http_on_the_port_of_tls(
    run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext], caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(contexts[0]) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            with suppress(ConnectionResetError):
                # At most an alert.
                assert len(await read_to_end(reader)) < 10
            writer.close()
            assert not server.connections

    run(main())


@pytest.mark.row("HI-50")
def test_tls_on_the_plain_port(run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = contexts[1].wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    client_hello = outgoing.read()

    async def main() -> None:
        async with serving(None) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(client_hello)
            raw = await read_to_end(reader)
            assert raw.startswith(b"HTTP/1.1 400 ")
            assert b"Connection: close\r\n" in raw
            assert len(raw) < 300
            writer.close()

    run(main())


def test_how_a_secure_connection_ends(run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """With a close_notify, so that nobody takes a cut for the end of a response."""

    def ask(port: int) -> bytes:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
            # Not suppress_ragged_eofs: a connection that ends without close_notify raises SSLEOFError.
            contexts[1].wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as secure,
        ):
            secure.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            raw = b""
            while piece := secure.recv(65536):
                raw += piece
            return raw

    async def main() -> None:
        async with serving(contexts[0]) as (_, port):
            raw = await asyncio.get_running_loop().run_in_executor(None, ask, port)
            assert raw.endswith(b"hello")

    run(main())


@pytest.mark.row("HI-25")
def test_a_slow_reader_of_a_last_response_gets_all_of_it(
    run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """The end of TLS must wait for what is on its way, for as long as it moves."""
    size = 8_000_000

    async def big(exchange: Exchange) -> None:
        exchange.close_after()
        exchange.respond(ResponseHead(200), bytes(size))

    async def main() -> None:
        async with serving(contexts[0], big, timeouts=Timeouts(write=0.5, write_rate=100)) as (server, port):
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(
                sock=plain, ssl=contexts[1], server_hostname="localhost", limit=65536
            )
            writer.write(GET)
            got = 0
            async with asyncio.timeout(PATIENCE):
                while not server.connections:
                    await asyncio.sleep(0)
            [connection] = server.connections
            began = connection.clock.now
            async with asyncio.timeout(PATIENCE):
                while piece := await reader.read(65536):
                    got += len(piece)
                    # Not faster than that several stretches pass meanwhile.
                    while connection.clock.now < began + 2 * got / size and server.connections:
                        await asyncio.sleep(0)
            assert got > size
            writer.close()

    run(main())


@pytest.mark.row("HI-25", "HI-46")
def test_an_upgraded_connection_that_is_closed_twice_can_be_cut(
    run: Run, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    class Deaf:
        def __init__(self) -> None:
            self.ended = asyncio.Event()

        def data_received(self, data: bytes) -> None: ...

        def eof_received(self) -> None: ...

        def connection_lost(self, exc: Exception | None) -> None:
            self.ended.set()

    async def handler(exchange: Exchange) -> None:
        duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "x")]))
        duplex.attach(Deaf())
        duplex.write(bytes(10_000_000))
        duplex.close()
        duplex.close()
        # The end of the handler closes once more.

    async def main() -> None:
        async with serving(contexts[0], handler) as (server, port):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=contexts[1], server_hostname="localhost"
            )
            writer.write(GET[:-2] + b"Connection: upgrade\r\nUpgrade: x\r\n\r\n")
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                [connection] = server.connections
                while not connection.transport.is_closing():
                    await asyncio.sleep(0)
                # A tick looks at what it still has to send.
                server.check_deadlines()
                connection.abort()
                while server.connections:
                    await asyncio.sleep(0)
            writer.transport.abort()

    run(main())
