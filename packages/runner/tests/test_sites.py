"""Where runners listen: addresses, paths, sockets, TLS; and how they are set up and taken down."""

import asyncio
import errno
import os
import signal
import socket
import ssl
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
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
from muntin.runner.workers.sockets import bind_tcp, bind_unix

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
def test_a_unix_socket_in_use_is_not_taken(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        async with set_up() as first:
            await UnixSite(first, path).start()
            async with set_up() as second:
                with pytest.raises(OSError, match="somebody listens there already") as caught:
                    await UnixSite(second, path).start()
                assert caught.value.errno == errno.EADDRINUSE
                assert second.sites == frozenset()
            assert await ask(*await asyncio.open_unix_connection(path)) == b"hello"
        assert not path.exists()

    run(main())


def leave_dead(path: Path) -> None:
    """Leave what a process leaves that is killed."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


def leave_file(path: Path) -> None:
    path.write_text("precious")


@contextmanager
def occupied(path: Path, kind: socket.SocketKind, connections: int) -> Iterator[None]:
    """Have somebody else hold a path, who takes no connection, and whose backlog is as full as that."""
    with socket.socket(socket.AF_UNIX, kind) as sock, ExitStack() as peers:
        sock.bind(str(path))
        if kind is socket.SOCK_STREAM:
            sock.listen(0)
        for _ in range(connections):
            peers.enter_context(socket.socket(socket.AF_UNIX)).connect(str(path))
        yield


@pytest.mark.row("RN-29")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets in asyncio")
@pytest.mark.parametrize("take_over", [False, True])
def test_what_is_in_the_way_of_a_unix_socket(run: Run, tmp_path: Path, take_over: bool) -> None:
    async def start(runner: ServerRunner, path: Path) -> bytes:
        await UnixSite(runner, path, take_over=take_over).start()
        return await ask(*await asyncio.open_unix_connection(path))

    async def main() -> None:
        async with set_up() as runner:
            dead, file, link = (tmp_path / name for name in ("dead", "file", "link"))
            leave_dead(dead)
            assert await start(runner, dead) == b"hello"
            leave_file(file)
            link.symlink_to(file)
            for path in (file, link, tmp_path):
                with pytest.raises(OSError, match="cannot listen at"):
                    await start(runner, path)
            assert link.is_symlink()
            assert file.read_text() == "precious"
            for number, (kind, connections) in enumerate(
                [(socket.SOCK_STREAM, 0), (socket.SOCK_STREAM, 1), (socket.SOCK_DGRAM, 0)]
            ):
                busy = tmp_path / f"busy-{number}"
                with occupied(busy, kind, connections):
                    if take_over:
                        assert await start(runner, busy) == b"hello"
                    else:
                        with pytest.raises(OSError, match="somebody listens there already"):
                            await start(runner, busy)

    run(main())


@pytest.mark.row("RN-29")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets in asyncio")
@pytest.mark.parametrize("mode", [None, 0o600, 0o660, 0o666, 0o777])
def test_the_mode_of_a_unix_socket(run: Run, tmp_path: Path, mode: int | None) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        before = os.umask(0o027)
        try:
            async with set_up() as runner:
                await UnixSite(runner, path, mode=mode).start()
                expected = 0o750 if mode is None else mode
                assert stat.S_IMODE(path.stat().st_mode) == expected
            with bind_unix(path, backlog=1, mode=mode):
                assert stat.S_IMODE(path.stat().st_mode) == expected
            path.unlink()
        finally:
            os.umask(before)

    run(main())


@pytest.mark.parametrize(
    ("path", "mode", "error"),
    [
        ("socket", "0o660", TypeError),
        ("socket", True, TypeError),
        ("socket", 0o1777, ValueError),
        ("socket", -1, ValueError),
        ("\0name", 0o660, ValueError),
    ],
)
def test_modes_that_make_no_sense(run: Run, path: str, mode: Any, error: type[Exception]) -> None:
    async def main() -> None:
        async with set_up() as runner:
            with pytest.raises(error, match="mode"):
                UnixSite(runner, path, mode=mode)
        with pytest.raises(error, match="mode"):
            bind_unix(path, backlog=1, mode=mode)

    run(main())


@pytest.mark.row("RN-29")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets in asyncio")
def test_a_unix_socket_that_another_process_took_over(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "socket"
        async with set_up() as newer:
            async with set_up() as older:
                await UnixSite(older, path).start()
                await UnixSite(newer, path, take_over=True).start()
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


NO_ADDRESS = "192.0.2.1"
"""None of this machine (RFC 5737)."""


@pytest.mark.row("RN-10")
@pytest.mark.parametrize("hosts", [["127.0.0.1", NO_ADDRESS], [NO_ADDRESS, "127.0.0.1"]])
def test_an_address_that_the_machine_does_not_have(
    run: Run, caplog: pytest.LogCaptureFixture, hosts: list[str]
) -> None:
    async def main() -> None:
        async with set_up() as runner:
            site = TCPSite(runner, hosts, 0)
            await site.start()
            assert [host for host, _ in runner.addresses] == ["127.0.0.1"]
            assert await ask(*await asyncio.open_connection("127.0.0.1", site.port)) == b"hello"
        for sock in bind_tcp(hosts, 0, backlog=1):
            assert sock.getsockname()[0] == "127.0.0.1"
            sock.close()

    run(main())
    said = [record.getMessage() for record in caplog.records if record.name == "muntin.server"]
    assert len(said) == 2
    assert all(line.startswith(f"cannot listen at {NO_ADDRESS}:0: ") for line in said)


@pytest.mark.row("RN-10")
def test_addresses_that_are_not_left_out(run: Run) -> None:
    """No address at all, one that is somebody else's, a name that means nothing here: those are errors."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for hosts, number in (
                (NO_ADDRESS, errno.EADDRNOTAVAIL),
                ([NO_ADDRESS, "198.51.100.77"], errno.EADDRNOTAVAIL),
                (["127.0.0.2", "127.0.0.1"], errno.EADDRINUSE),
                (["127.0.0.2", "fe80::1%no-such-interface"], None),
            ):
                async with set_up() as runner:
                    with pytest.raises(OSError, match="cannot listen at") as caught:
                        await TCPSite(runner, hosts, port).start()
                    assert number is None or caught.value.errno == number
                    assert runner.addresses == []
                with pytest.raises(OSError, match="cannot listen at") as caught:
                    bind_tcp(hosts, port, backlog=1)
                assert number is None or caught.value.errno == number
                # Nothing was left open.
                socket.create_server(("127.0.0.2", port)).close()

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
            with pytest.warns(DeprecationWarning, match="pass it to the runner") as warned:
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
            with pytest.raises(TypeError, match="ssl_context is an"):
                TCPSite(runner, "127.0.0.1", 0, ssl_context=True)  # type: ignore[arg-type]
            with (
                socket.socket(type=socket.SOCK_DGRAM) as datagrams,
                pytest.raises(ValueError, match="stream socket"),
            ):
                SockSite(runner, datagrams)
            with pytest.raises(ValueError, match="needs a host"):
                TCPSite(runner, [], 0)
            site = TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            with pytest.raises(RuntimeError, match="started already"):
                await site.start()
            with pytest.raises(OSError, match=r"cannot listen at 127.0.0.1:\d+: Address already in use"):
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
