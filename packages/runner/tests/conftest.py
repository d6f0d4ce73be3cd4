"""What the runner's tests share: both event loops, and servers on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from muntin.runner import Exchange, Server, ServerRunner, TCPSite

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

try:
    import uvloop
except ImportError:  # pragma: no cover - uvloop has no Windows build
    LOOPS = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(
    params=[(name, debug) for name in LOOPS for debug in (False, True)], ids=lambda p: f"{p[0]}-debug={p[1]}"
)
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine on one of the loops, in debug mode and not."""
    name, debug = request.param

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[name], debug=debug) as runner:
            return runner.run(coroutine)

    return run


class Client:
    """A raw peer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        """Everything up to the end of the next head."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(count)

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def response(self) -> tuple[bytes, bytes]:
        """The next head, and the body that its Content-Length announces."""
        head = await self.head()
        length = next(
            (int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")),
            0,
        )
        return head, await self.exactly(length)

    def close(self) -> None:
        self.writer.close()


class Serving:
    """A server that listens, and its clients."""

    def __init__(self, runner: ServerRunner, server: Server, port: int) -> None:
        self.runner = runner
        self.server = server
        self.port = port
        self.clients: list[Client] = []

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    def let_time_pass(self, seconds: float) -> None:
        """Turn the server's clock, which does not run by itself any more, and let it look at its connections."""
        clock = next(iter(self.server.connections)).clock
        clock.stop()
        clock.renew(clock.now + seconds)
        self.server.check_deadlines()

    async def until(self, happened: Callable[[], object]) -> None:
        """Let the loop run until something has happened."""
        async with asyncio.timeout(PATIENCE):
            while not happened():
                await asyncio.sleep(0)

    async def until_phase(self, name: str) -> None:
        """Let the loop run until all connections are in a phase."""
        await self.until(lambda: {each.phase.name for each in self.server.connections} == {name})


@pytest.fixture
def serve() -> Callable[..., Any]:
    """Serve a handler on a free port of loopback."""

    @asynccontextmanager
    async def serve(
        handler: Callable[[Exchange], Coroutine[Any, Any, object]], **options: Any
    ) -> AsyncIterator[Serving]:
        server = Server(handler, **options)
        runner = ServerRunner(server, shutdown_timeout=PATIENCE)
        await runner.setup()
        site = TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        serving = Serving(runner, server, site.port)
        try:
            yield serving
        finally:
            for client in serving.clients:
                client.close()
            await runner.cleanup()

    return serve
