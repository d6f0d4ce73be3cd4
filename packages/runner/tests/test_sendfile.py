"""Files over real sockets, with peers that read slowly, stop reading, or leave."""

import asyncio
import concurrent.futures
import contextlib
import os
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from muntin.http_core import LocalProtocolError, ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, TCPSite, UnixSite

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SIZE = 12_000_000  # more than a socket and its peer buffer together
Run = Callable[..., Any]
Serve = Callable[..., Any]


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> Path:
    path = tmp_path_factory.mktemp("files") / "file"
    path.write_bytes(content)
    return path


def respond_with(path: Path, offset: int = 0, count: int = SIZE, **options: int) -> Callable[[Exchange], Any]:
    async def handler(exchange: Exchange) -> None:
        with path.open("rb") as file:
            await exchange.respond_file(ResponseHead(200), file, offset, count, **options)

    return handler


def stream(path: Path, offset: int = 0, count: int = SIZE, **options: int) -> Callable[[Exchange], Any]:
    async def handler(exchange: Exchange) -> None:
        with path.open("rb") as file:
            exchange.start(ResponseHead(200, [("Content-Length", str(count))]))
            await exchange.send_file(file, offset, count, **options)
            exchange.finish()

    return handler


def count_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def open_spare() -> None:
    """Let uvloop open the descriptor that it keeps in reserve from its first stream on."""
    listener = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    listener.close()
    await listener.wait_closed()
    for _ in range(5):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


async def connect_slowly(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect with small buffers on this side: the server's socket is full soon."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=4096)


@pytest.mark.row("BH-11")
@pytest.mark.parametrize("way", [respond_with, stream])
def test_a_file_that_no_buffer_holds(run: Run, serve: Serve, path: Path, content: bytes, way: Any) -> None:
    async def main() -> None:
        async with serve(way(path, 5, SIZE - 10)) as serving:
            client = await serving.connect()
            client.send(GET + GET)
            for _ in range(2):
                head, body = await client.response()
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert body == content[5:-5]
            [connection] = serving.server.connections
            assert not connection.write_flow.is_paused

    run(main())


def test_a_reader_with_small_buffers(run: Run, serve: Serve, path: Path, content: bytes) -> None:
    async def main() -> None:
        async with serve(respond_with(path, 0, 3_000_000)) as serving:
            reader, writer = await connect_slowly(serving.port)
            writer.write(GET)
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(3_000_000) == content[:3_000_000]
            writer.close()

    run(main())


def test_what_is_queued_goes_first(run: Run, serve: Serve, path: Path, content: bytes) -> None:
    async def handler(exchange: Exchange) -> None:
        with path.open("rb") as file:
            exchange.start(ResponseHead(200, [("Content-Length", str(SIZE + 2_000_000))]))
            exchange.send(bytes(2_000_000))
            await exchange.send_file(file, 0, 1000)
            exchange.send(content[1000:2000])
            await exchange.send_file(file, 2000, SIZE - 2000)
            exchange.finish()

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET)
            assert (await client.response())[1] == bytes(2_000_000) + content

    run(main())


def test_what_has_no_content(run: Run, serve: Serve, path: Path) -> None:
    async def handler(exchange: Exchange) -> None:
        count = 0 if exchange.head.target == "/empty" else 1000
        status = 304 if exchange.head.target == "/known" else 200
        with path.open("rb") as file:
            await exchange.respond_file(ResponseHead(status), file, 0, count)
        assert exchange.is_finished

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(
                b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                + GET.replace(b"/ ", b"/empty ")
                + GET.replace(b"/ ", b"/known ")
            )
            assert b"\r\nContent-Length: 1000\r\n" in await client.head()
            assert b"\r\nContent-Length: 0\r\n" in await client.head()
            assert b"Content-Length" not in await client.head()

    run(main())


def test_a_head_that_must_not_be_sent(run: Run, serve: Serve, path: Path) -> None:
    async def handler(exchange: Exchange) -> None:
        with path.open("rb") as file, pytest.raises(LocalProtocolError):
            await exchange.respond_file(ResponseHead(200, [("X", "a\nb")]), file, 0, 10)
        assert not exchange.is_started
        exchange.respond(ResponseHead(204))

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET)
            assert (await client.head()).startswith(b"HTTP/1.1 204 ")

    run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="counts /proc/self/fd")
@pytest.mark.row("HI-46", "AH-33")
@pytest.mark.parametrize("way", [respond_with, stream])
@pytest.mark.parametrize("end", ["the peer resets", "we cut", "the handler is cancelled"])
def test_a_stalled_peer_keeps_nothing_open(run: Run, serve: Serve, path: Path, way: Any, end: str) -> None:
    outcomes: list[type[BaseException]] = []

    async def handler(exchange: Exchange) -> None:
        try:
            await way(path)(exchange)
        except BaseException as error:
            outcomes.append(type(error))
            raise

    async def main() -> None:
        async with serve(handler) as serving:
            await open_spare()
            before = count_descriptors()
            for number in range(3):
                reader, writer = await connect_slowly(serving.port)
                writer.write(GET)
                await until(lambda: any(each.write_flow.is_paused for each in serving.server.connections))
                [connection] = serving.server.connections
                assert count_descriptors() > before + 3  # both ends, the file and one more of the socket
                if end == "the peer resets":
                    writer.transport.abort()
                elif end == "we cut":
                    connection.abort()
                else:
                    connection.task.cancel()
                await until(lambda number=number: len(outcomes) == number + 1)
                writer.transport.abort()
                await until(lambda: not serving.server.connections)
            del reader, writer
            await until(lambda: count_descriptors() == before)

    run(main())
    cancelled = end == "the handler is cancelled"
    assert outcomes == [asyncio.CancelledError if cancelled else ConnectionResetError] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="counts /proc/self/fd")
@pytest.mark.row("HI-46", "AH-33")
def test_hundreds_that_vanish(run: Run, serve: Serve, path: Path) -> None:
    async def main() -> None:
        async with serve(respond_with(path)) as serving:

            async def vanish() -> None:
                reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
                writer.write(GET)
                await reader.readexactly(1000)
                writer.transport.abort()

            await open_spare()
            before = count_descriptors()
            for _ in range(10):
                await asyncio.gather(*(vanish() for _ in range(20)))
            await until(lambda: not serving.server.connections)
            await until(lambda: count_descriptors() == before)

    run(main())


class Counting(concurrent.futures.ThreadPoolExecutor):
    """An executor that tells how much it was asked to do."""

    count = 0

    def submit(self, *args: Any, **options: Any) -> Any:
        self.count += 1
        return super().submit(*args, **options)


def evict(path: Path) -> None:
    """Have the kernel drop a file from memory, so that the next read waits for the disk."""
    with path.open("rb") as file:
        try:
            os.preadv(file.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT)
        except BlockingIOError:
            pass
        except OSError:
            pytest.skip("this file system cannot tell what is in memory")
        file.read()  # pages that are still on their way would stay
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tell")
@pytest.mark.parametrize("way", [respond_with, stream])
def test_the_disk_is_waited_for_in_a_thread(
    run: Run, serve: Serve, tmp_path: Path, content: bytes, way: Any
) -> None:
    path = tmp_path / "new"  # of the other one, pages may still be held by a socket
    path.write_bytes(content)

    async def main() -> None:
        executor = Counting(1)
        asyncio.get_running_loop().set_default_executor(executor)
        async with serve(way(path)) as serving:
            client = await serving.connect()
            for _ in range(20):  # the kernel takes a hint to drop pages, not an order
                evict(path)
                client.send(GET)
                assert (await client.response())[1] == content
                if executor.count:
                    break
            assert executor.count > 0
            asked = executor.count
            client.send(GET)
            assert (await client.response())[1] == content
            assert executor.count == asked  # now it is in memory

    run(main())


@pytest.mark.skipif(not os.path.exists("/proc/self/auxv"), reason="needs a file that the kernel cannot send")
def test_a_file_that_the_kernel_cannot_send(run: Run, serve: Serve) -> None:
    path = Path("/proc/self/auxv")
    expected = path.read_bytes()

    async def main() -> None:
        async with serve(respond_with(path, 0, len(expected))) as serving:
            client = await serving.connect()
            client.send(GET)
            assert (await client.response())[1] == expected

    run(main())


@pytest.mark.parametrize("way", [respond_with, stream])
def test_a_file_that_is_shorter_cuts_the_connection(run: Run, serve: Serve, path: Path, way: Any) -> None:
    async def main() -> None:
        async with serve(way(path, SIZE - 100, 1000)) as serving:
            client = await serving.connect()
            client.send(GET)
            assert b"Content-Length: 1000" in await client.head()
            rest = b""
            with contextlib.suppress(ConnectionResetError):
                rest = await client.rest()
            assert len(rest) <= 100

    run(main())


def test_over_a_unix_socket(run: Run, path: Path, content: bytes, tmp_path: Path) -> None:
    async def main() -> None:
        runner = ServerRunner(Server(respond_with(path)), shutdown_timeout=PATIENCE)
        await runner.setup()
        try:
            await UnixSite(runner, tmp_path / "socket").start()
            reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
            writer.write(GET)
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(SIZE) == content
            writer.close()
            await writer.wait_closed()
        finally:
            await runner.cleanup()

    run(main())


@pytest.mark.parametrize("way", [respond_with, stream])
def test_over_tls(run: Run, path: Path, content: bytes, way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read, sizes = os.pread, set[int]()

    def note(descriptor: int, size: int, offset: int) -> bytes:
        sizes.add(size)
        return read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", note)

    async def main() -> None:
        authority = trustme.CA()
        served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
        authority.issue_cert("localhost").configure_cert(served)
        authority.configure_trust(trusting)
        runner = ServerRunner(Server(way(path, chunk_size=100_000)), shutdown_timeout=PATIENCE)
        await runner.setup()
        try:
            site = TCPSite(runner, "127.0.0.1", 0, ssl_context=served)
            await site.start()
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", site.port, ssl=trusting, server_hostname="localhost"
            )
            writer.write(GET)
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(SIZE) == content
            writer.close()
            await writer.wait_closed()
        finally:
            await runner.cleanup()

    run(main())
    assert sizes == {100_000}
