"""A tree of files to serve, and the questions that every test asks of it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

try:
    import uvloop
except ImportError:  # not made for every platform
    uvloop = None
else:  # its first loop keeps two descriptors for the life of the process; have them before any test counts
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.sleep(0))


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {}), id="asyncio"),
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    if request.param[1] and uvloop is None:
        pytest.skip("uvloop is not installed")
    return request.param


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a root with ordinary files, next to things that must stay private."""
    root = tmp_path / "static"
    for folder in ("css", "docs/deep", "empty", "with space"):
        (root / folder).mkdir(parents=True)
    (root / "hello.txt").write_bytes(b"hello, world\n")
    (root / "css" / "site.css").write_bytes(b"body { margin: 0 }\n")
    (root / "docs" / "index.html").write_bytes(b"<!doctype html><title>docs</title>")
    (root / "docs" / "deep" / "page.html").write_bytes(b"<!doctype html><title>deep</title>")
    (root / "with space" / "a b.txt").write_bytes(b"spaces\n")
    (root / "digits.bin").write_bytes(b"0123456789")
    (root / "large.bin").write_bytes(bytes(range(256)) * 1024)
    sibling = tmp_path / "static-private"
    sibling.mkdir()
    (sibling / "secret.txt").write_bytes(b"secret\n")
    (tmp_path / "secret.txt").write_bytes(b"secret\n")
    return root


def count_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def _keeps_descriptors() -> Iterator[None]:
    """Fail a test that leaves a descriptor open."""
    if not os.path.isdir("/proc/self/fd"):
        yield
        return
    before = count_descriptors()
    yield
    assert count_descriptors() <= before


Running = list[tuple[tuple[str, int], uvicorn.Server]]


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractAsyncContextManager[Running]]:
    """Return a context manager that serves ASGI applications with uvicorn, each on a loopback port of its own."""

    @asynccontextmanager
    async def serve(*apps: Any) -> AsyncIterator[Running]:
        running: Running = []
        tasks = []
        for app in apps:
            listener = socket.create_server(
                ("127.0.0.1", 0)
            )  # clients wait in its backlog until uvicorn is up
            server = uvicorn.Server(
                uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=5)
            )
            running.append((listener.getsockname(), server))
            # Not `serve()`, which takes the process's signal handlers for itself.
            tasks.append(asyncio.create_task(server._serve([listener])))
        yield running
        for _, server in running:
            server.should_exit = True
        await asyncio.gather(*tasks)

    return serve
