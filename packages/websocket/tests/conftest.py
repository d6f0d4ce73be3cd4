"""The fixtures that the tests of this package share."""

import asyncio
import gc
import heapq
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from muntin.websocket import Connection, Deflate, Role, WSMessage, WSMsgType
from muntin.websocket.aio import WebSocket

MASK = b"\x37\xfa\x21\x3d"


@pytest.fixture(params=["asyncio", "asyncio+uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"use_uvloop": request.param == "asyncio+uvloop"}


@pytest.fixture
def client() -> Callable[..., Connection]:
    """Build clients that always use the same mask."""

    def make(**options: object) -> Connection:
        return Connection(Role.CLIENT, new_mask=lambda: MASK, **options)  # type: ignore[arg-type]  # any option

    return make


def _replay(make: Callable[[], Connection], data: bytes) -> list[WSMessage]:
    """Return the messages in `data`, after checking that they are the same when it arrives byte by byte."""

    def show(messages: list[WSMessage]) -> list[tuple[object, ...]]:
        return [
            (type(m.data), m.data.code, str(m.data)) if m.type is WSMsgType.ERROR else tuple(m)
            for m in messages
        ]

    whole = make().receive(data)
    single = make()
    dribbled = [message for i in range(len(data)) for message in single.receive(data[i : i + 1])]
    assert show(dribbled) == show(whole)
    return whole


@pytest.fixture
def replay() -> Callable[[bytes], list[WSMessage]]:
    """Replay bytes to a server, whole and byte by byte, and return its messages."""

    def run(data: bytes, **options: object) -> list[WSMessage]:
        return _replay(lambda: Connection(Role.SERVER, **options), data)  # type: ignore[arg-type]  # any option

    return run


@pytest.fixture
def pair() -> Callable[..., tuple[Connection, Connection]]:
    """Build a client and a server with the same compression."""

    def make(deflate: Deflate | None = None, **options: object) -> tuple[Connection, Connection]:
        return (
            Connection(Role.CLIENT, deflate=deflate, **options),  # type: ignore[arg-type]  # any option
            Connection(Role.SERVER, deflate=deflate, **options),  # type: ignore[arg-type]  # any option
        )

    return make


class MemoryDuplex:
    """A Duplex whose peer is the test: it finds the bytes in `written`, and the number of writes in `writes`. It can
    `stall`, `flow` and `vanish`.
    """

    def __init__(self, backlog: bytes = b"") -> None:
        self.written = bytearray()
        self.writes = 0
        self.receiver: Any = None
        self.is_reading = True
        self.is_closed = self.is_aborted = self.is_lost = False
        self._backlog = backlog
        self._unread: int | None = None
        self._room = asyncio.Event()
        self._room.set()

    def write(self, data: bytes) -> None:
        if self.is_lost:
            raise ConnectionResetError("the peer is gone")
        self.written += data
        self.writes += 1
        if self._unread is not None:
            self._unread += len(data)

    async def drain(self) -> None:
        await self._room.wait()
        if self.is_aborted or self.is_lost:
            raise ConnectionResetError("the peer is gone")

    def attach(self, receiver: Any) -> None:
        self.receiver = receiver
        if self._backlog:
            receiver.data_received(self._backlog)

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True
        self._room.set()

    def get_extra_info(self, name: str, default: object = None) -> Any:
        return {"peername": ("192.0.2.1", 5)}.get(name, default)

    @property
    def write_buffer_size(self) -> int:
        return self._unread or 0

    # Actions of the peer

    def stall(self) -> None:
        self._unread = 0
        self._room.clear()

    def flow(self) -> None:
        self._unread = None
        self._room.set()

    def vanish(self, error: Exception | None = None) -> None:
        self.is_lost = True
        self._unread = None
        self._room.set()
        if self.receiver is not None:
            self.receiver.connection_lost(error)

    def take(self) -> bytes:
        data, self.written = bytes(self.written), bytearray()
        return data


class FakeTimer:
    def __init__(self, run: Callable[[], object]) -> None:
        self.run = run
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True
        self.run = lambda: None  # like asyncio's timers, it drops its callback


class FakeClock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 100.0
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._count = 0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Any, *args: Any) -> Any:
        timer = FakeTimer(lambda: callback(*args))
        self._count += 1
        heapq.heappush(self._timers, (self.now + delay, self._count, timer))
        return timer

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            due, _, timer = heapq.heappop(self._timers)
            self.now = max(self.now, due)
            if not timer.is_cancelled:
                timer.run()
        self.now = until

    def stall(self, seconds: float) -> None:
        """Let time pass without a turn of the loop, so that timers are late."""
        self.now += seconds

    @property
    def pending(self) -> int:
        return sum(not timer.is_cancelled for _, _, timer in self._timers)


@pytest.fixture
async def complaints(anyio_backend: tuple[str, dict[str, object]]) -> AsyncIterator[list[str]]:
    """The errors that the loop reports, such as exceptions that were never retrieved; at the end there must be none."""
    found: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, context: found.append(f"{context['message']}: {context.get('exception')!r}")
    )
    yield found
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    loop.set_exception_handler(None)
    assert found == []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_duplex() -> type[MemoryDuplex]:
    return MemoryDuplex


@pytest.fixture
def open_socket(clock: FakeClock) -> Callable[..., tuple[WebSocket, MemoryDuplex, Connection]]:
    """Build a server's socket in memory; return it, its duplex, and the engine of a client."""

    def make(
        deflate: Deflate | None = None, backlog: bytes = b"", **options: Any
    ) -> tuple[WebSocket, MemoryDuplex, Connection]:
        duplex = MemoryDuplex(backlog)
        options.setdefault("clock", clock)
        socket = WebSocket(duplex, Connection(Role.SERVER, deflate=deflate), **options)
        return socket, duplex, Connection(Role.CLIENT, new_mask=lambda: MASK, deflate=deflate)

    return make
