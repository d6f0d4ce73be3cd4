"""Where runners listen: addresses, paths, sockets, TLS; and how they are set up and taken down."""

import asyncio
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from muntin.http_core import ResponseHead
from muntin.runner import (
    Exchange,
    GracefulExit,
    NamedPipeSite,
    Server,
    ServerRunner,
    SockSite,
    TCPSite,
    UnixSite,
)
from muntin.runner.sites import format_socket

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

Run = Callable[..., Any]
GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def hello(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), b"secure" if exchange.peer.is_secure else b"hello")


@asynccontextmanager
async def set_up() -> AsyncIterator[ServerRunner]:
    runner = ServerRunner(Server(hello), shutdown_timeout=PATIENCE)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(GET)
    async with asyncio.timeout(PATIENCE):
        raw = await reader.read()
    writer.close()
    return raw.partition(b"\r\n\r\n")[2]


@pytest.mark.row("RN-08", "RN-09", "RN-10")
def test_two_tcp_sites(run: Run) -> None:
    async def main() -> None:
        async with set_up() as runner:
            sites = [TCPSite(runner, "127.0.0.1", 0), TCPSite(runner, "127.0.0.1", 0)]
            for site in sites:
                await site.start()
                assert await ask(*await asyncio.open_connection("127.0.0.1", site.port)) == b"hello"
                assert site.name == f"http://127.0.0.1:{site.port}"
            assert runner.sites == set(sites)
            assert [address[:2] for address in runner.addresses] == [
                ("127.0.0.1", site.port) for site in sites
            ]
            await sites[0].stop()
            with pytest.raises(ConnectionError):
                await asyncio.open_connection("127.0.0.1", sites[0].port or 1)
            assert runner.sites == {sites[1]}
        assert runner.sites == frozenset()
        assert runner.server is None

    run(main())


@pytest.mark.row("RN-10")
def test_one_site_on_several_hosts(run: Run) -> None:
    async def main() -> None:
        async with set_up() as runner:
            site = TCPSite(runner, ["127.0.0.1", "127.0.0.2"], 0)
            assert site.name == "http://127.0.0.1:0, http://127.0.0.2:0"
            await site.start()
            addresses = [(str(host), int(port)) for host, port in runner.addresses]
            assert {host for host, _ in addresses} == {"127.0.0.1", "127.0.0.2"}
            assert site.name == ", ".join(f"http://{host}:{port}" for host, port in addresses)
            for address in addresses:
                assert await ask(*await asyncio.open_connection(*address)) == b"hello"
            await site.stop()
            for address in addresses:
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection(*address)

    run(main())


def test_names_before_the_start(run: Run) -> None:
    async def main() -> None:
        async with set_up() as runner:
            assert TCPSite(runner).name == "http://0.0.0.0:8080"
            assert TCPSite(runner, "::1", 80).name == "http://[::1]:80"
            assert UnixSite(runner, "/tmp/x").name == "http://unix:/tmp/x:"

    run(main())


@pytest.mark.row("RN-29")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets in asyncio")
def test_unix_site(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        async with set_up() as runner:
            await UnixSite(runner, path).start()
            assert await ask(*await asyncio.open_unix_connection(path)) == b"hello"
        assert not path.exists()

    run(main())


@pytest.mark.row("RN-29")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets in asyncio")
def test_a_unix_socket_that_another_process_took_over(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        async with set_up() as newer:
            async with set_up() as older:
                await UnixSite(older, path).start()
                await UnixSite(newer, path).start()
            assert await ask(*await asyncio.open_unix_connection(path)) == b"hello"
            path.unlink()  # by somebody

    run(main())


@pytest.mark.row("RN-29")
@pytest.mark.skipif(sys.platform != "linux", reason="Linux has Unix sockets without a file")
def test_unix_site_without_a_file(run: Run) -> None:
    async def main() -> None:
        name = f"\0muntin-{os.getpid()}"
        async with set_up() as runner:
            site = UnixSite(runner, name)
            await site.start()
            assert site.name == f"http://unix:@{name[1:]}:"
            assert format_socket(site.sockets[0], "http") == site.name
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(name)  # a client of uvloop cannot
            assert await ask(*await asyncio.open_unix_connection(sock=peer)) == b"hello"

    run(main())


@pytest.mark.row("RN-29")
@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_sock_site(run: Run, tmp_path: Path, family: str) -> None:
    async def main() -> None:
        path = str(tmp_path / "socket")
        async with set_up() as runner:
            if family == "tcp":
                sock = socket.create_server(("127.0.0.1", 0))
                name = f"http://127.0.0.1:{sock.getsockname()[1]}"
            else:
                sock = socket.socket(socket.AF_UNIX)
                sock.bind(path)
                name = f"http://unix:{path}:"
            site = SockSite(runner, sock)
            await site.start()
            assert site.name == name
            peer = (
                await asyncio.open_connection(*sock.getsockname())
                if family == "tcp"
                else await asyncio.open_unix_connection(path)
            )
            assert await ask(*peer) == b"hello"

    run(main())


@pytest.mark.row("RN-29")
def test_tls(run: Run) -> None:

    async def main() -> None:
        authority = trustme.CA()
        served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
        authority.issue_cert("localhost").configure_cert(served)
        authority.configure_trust(trusting)
        async with set_up() as runner:
            site = TCPSite(runner, "127.0.0.1", 0, ssl_context=served)
            await site.start()
            assert site.name.startswith("https://")
            peer = await asyncio.open_connection(
                "127.0.0.1", site.port, ssl=trusting, server_hostname="localhost"
            )
            assert await ask(*peer) == b"secure"

    run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")
def test_named_pipes_need_windows(run: Run) -> None:
    async def main() -> None:
        async with set_up() as runner:
            with pytest.raises(RuntimeError, match="proactor"):
                NamedPipeSite(runner, r"\\.\pipe\x")

    run(main())


@pytest.mark.row("RN-07")
def test_the_older_place_of_a_time_out(run: Run) -> None:
    async def main() -> None:
        async with set_up() as runner:
            with pytest.warns(DeprecationWarning, match="give it to the runner") as warned:
                TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=5)
            assert warned[0].filename == __file__
            assert runner.shutdown_timeout == 5

    run(main())


def test_mistakes(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="setup"):
            TCPSite(ServerRunner(Server(hello)), "127.0.0.1", 0)
        async with set_up() as runner:
            with pytest.raises(RuntimeError, match="set up already"):
                await runner.setup()
            with pytest.raises(ValueError, match="needs a host"):
                TCPSite(runner, [], 0)
            site = TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            with pytest.raises(RuntimeError, match="started already"):
                await site.start()
            with pytest.raises(OSError, match=r"address already in use|error while attempting"):
                await TCPSite(runner, "127.0.0.1", site.port).start()
            assert runner.sites == {site}

    run(main())


@pytest.mark.row("RN-02")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows loops handle no signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signals_stop_in_order(name: str) -> None:
    log = []

    async def main() -> None:
        runner = ServerRunner(Server(hello), handle_signals=True)
        await runner.setup()
        try:
            os.kill(os.getpid(), getattr(signal, name))
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
            log.append("cleaned up")

    with pytest.raises(GracefulExit) as caught, asyncio.Runner() as runner:
        runner.run(main())
    assert caught.value.code == 0
    assert log == ["cleaned up"]


@pytest.mark.row("RN-02")
def test_signals_reach_the_main_thread_only(run: Run) -> None:
    async def main() -> None:
        runner = ServerRunner(Server(hello), handle_signals=True)
        with pytest.raises(RuntimeError, match="run with handle_signals=False"):
            await runner.setup()

    with ThreadPoolExecutor(1) as executor:
        executor.submit(run, main()).result(30)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows loops handle no signals")
def test_a_setup_that_fails_gives_the_signals_back() -> None:
    class Broken(ServerRunner):
        async def make_server(self) -> Server:
            raise LookupError("no database")

    async def main() -> None:
        with pytest.raises(LookupError):
            await Broken(Server(hello), handle_signals=True).setup()
        assert not asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)

    asyncio.run(main())
