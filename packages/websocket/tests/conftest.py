"""What the tests of this package share."""

from collections.abc import Callable

import pytest
from muntin.websocket import Connection, Deflate, Role, WSMessage, WSMsgType

MASK = b"\x37\xfa\x21\x3d"


@pytest.fixture(params=["asyncio", "asyncio+uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"use_uvloop": request.param == "asyncio+uvloop"}


@pytest.fixture
def client() -> Callable[..., Connection]:
    """Make a client whose frames are the same each time."""

    def make(**options: object) -> Connection:
        return Connection(Role.CLIENT, new_mask=lambda: MASK, **options)  # type: ignore[arg-type]  # any option

    return make


def _replay(make: Callable[[], Connection], data: bytes) -> list[WSMessage]:
    """Give what a connection says to `data`, having checked that the reads do not matter: whole, or in bytes."""

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
    """Replay bytes to a server, whole and byte by byte, and give its messages."""

    def run(data: bytes, **options: object) -> list[WSMessage]:
        return _replay(lambda: Connection(Role.SERVER, **options), data)  # type: ignore[arg-type]  # any option

    return run


@pytest.fixture
def pair() -> Callable[..., tuple[Connection, Connection]]:
    """Make a client and a server that agreed on the same."""

    def make(deflate: Deflate | None = None, **options: object) -> tuple[Connection, Connection]:
        return (
            Connection(Role.CLIENT, deflate=deflate, **options),  # type: ignore[arg-type]  # any option
            Connection(Role.SERVER, deflate=deflate, **options),  # type: ignore[arg-type]  # any option
        )

    return make
