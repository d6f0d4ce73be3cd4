"""Connections after an upgrade."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import ResponseHead
from muntin.runner import Exchange

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0
Run = Callable[..., Any]
Serve = Callable[..., Any]


def test_upgrade(run: Run, serve: Serve) -> None:
    class Shout:
        def __init__(self, duplex: Any) -> None:
            self.duplex = duplex
            self.ended = asyncio.Event()

        def data_received(self, data: bytes) -> None:
            self.duplex.write(data.upper())

        def eof_received(self) -> None:
            self.ended.set()

        def connection_lost(self, exc: Exception | None) -> None:
            self.ended.set()

    async def handler(exchange: Exchange) -> None:
        duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "shout")]))
        receiver = Shout(duplex)
        await asyncio.sleep(0)
        duplex.attach(receiver)
        await receiver.ended.wait()

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(
                b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\nleft over "
            )
            assert (await client.head()).startswith(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\n")
            assert await client.exactly(10) == b"LEFT OVER "
            client.send(b"more")
            assert await client.exactly(4) == b"MORE"
            client.writer.write_eof()
            assert await client.rest() == b""
            assert not serving.server.connections

    run(main())


@pytest.mark.row("WS-22")
@pytest.mark.parametrize("asks", ["before", "after"])
def test_an_upgraded_connection_is_told_of_the_shutdown(run: Run, serve: Serve, asks: str) -> None:
    class Parrot:
        def __init__(self, duplex: Any) -> None:
            self.duplex = duplex
            self.ended = asyncio.Event()

        def data_received(self, data: bytes) -> None:
            self.duplex.call_on_shutdown(self.say_goodbye)
            self.duplex.write(data)

        def say_goodbye(self) -> None:
            self.duplex.write(b"goodbye")
            self.duplex.close()

        def eof_received(self) -> None:
            self.ended.set()

        def connection_lost(self, exc: Exception | None) -> None:
            self.ended.set()

    async def handler(exchange: Exchange) -> None:
        duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "parrot")]))
        parrot = Parrot(duplex)
        duplex.attach(parrot)
        await parrot.ended.wait()

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: parrot\r\nConnection: upgrade\r\n\r\n")
            await client.head()
            if asks == "before":
                client.send(b"hello ")
                assert await client.exactly(6) == b"hello "
            ending = asyncio.create_task(serving.server.shutdown(3600))
            if asks == "after":
                await asyncio.sleep(0)
                client.send(b"hello ")
            async with asyncio.timeout(PATIENCE):
                await ending
                assert (await client.rest()).endswith(b"goodbye")

    run(main())
