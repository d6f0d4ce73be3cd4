"""Accepting connections, on loops that watch sockets and on those that do not."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, ServerRunner, SockSite, TCPSite

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
Run = Callable[..., Any]


async def hello(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), b"hello")


async def ask(address: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(GET)
    async with asyncio.timeout(PATIENCE):
        raw = await reader.read()
    writer.close()
    return raw


@pytest.fixture(params=["watching", "asking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let asyncio's own loop pass for one that cannot watch sockets, as that of Windows, or not."""
    if request.param == "asking":
        monkeypatch.setattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop, raising=False)
    return str(request.param)


def test_many_at_once_at_several_addresses(run: Run, way: str) -> None:
    async def main() -> None:
        runner = ServerRunner(Server(hello), shutdown_timeout=PATIENCE)
        await runner.setup()
        site = TCPSite(runner, ["127.0.0.1", "127.0.0.2"], 0)
        await site.start()
        raws = await asyncio.gather(*(ask(runner.addresses[number % 2]) for number in range(100)))
        assert all(raw.endswith(b"hello") for raw in raws)
        addresses = runner.addresses
        await runner.cleanup()
        assert site.sockets == []
        for address in addresses:
            with pytest.raises(ConnectionRefusedError):
                await ask(address)

    run(main())


def test_a_peer_that_gives_up_in_the_queue(run: Run, way: str) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            address = listening.getsockname()
            for _ in range(10):
                socket.create_connection(address, PATIENCE).close()
            runner = ServerRunner(Server(hello), shutdown_timeout=PATIENCE)
            await runner.setup()
            await SockSite(runner, listening).start()
            assert (await ask(address)).endswith(b"hello")
            await runner.cleanup()

    run(main())


def test_a_queue_that_another_process_empties(run: Run, way: str) -> None:
    """As workers do that share a socket: who is told of a connection may come too late for it."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            address = listening.getsockname()
            runners = [ServerRunner(Server(hello), shutdown_timeout=PATIENCE) for _ in range(3)]
            for runner in runners:
                await runner.setup()
                await SockSite(runner, listening.dup()).start()
            raws = await asyncio.gather(*(ask(address) for _ in range(30)))
            assert all(raw.endswith(b"hello") for raw in raws)
            for runner in runners:
                await runner.cleanup()

    run(main())


def test_a_site_that_stops_and_its_server_does_not(run: Run, way: str) -> None:
    async def main() -> None:
        runner = ServerRunner(Server(hello), shutdown_timeout=PATIENCE)
        await runner.setup()
        sites = [TCPSite(runner, "127.0.0.1", 0), TCPSite(runner, "127.0.0.1", 0)]
        for site in sites:
            await site.start()
        await sites[0].stop()
        assert (await ask(("127.0.0.1", sites[1].port))).endswith(b"hello")
        await sites[0].start()
        assert (await ask(("127.0.0.1", sites[0].port))).endswith(b"hello")
        await runner.cleanup()

    run(main())
