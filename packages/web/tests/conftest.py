"""What the tests of web share: the event loops, and requests made of bytes."""

from collections.abc import Callable

import pytest

from muntin.web.request import Request
from muntin.web.testing.exchange import MemoryExchange, MemoryPeer


@pytest.fixture(params=[("asyncio", {}), ("asyncio", {"use_uvloop": True})], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    if request.param[1]:
        pytest.importorskip("uvloop")
    return request.param


MakeRequest = Callable[..., Request]


@pytest.fixture
def make_request() -> MakeRequest:
    """Give a request of its parts; what is sent is at `request.exchange`."""

    def make(
        method: str = "GET",
        target: str = "/",
        *lines: str,
        body: bytes | None = None,
        version: str = "1.1",
        peer: MemoryPeer | None = None,
        **kwargs: int,
    ) -> Request:
        head = [f"{method} {target} HTTP/{version}"]
        if not any(line.lower().startswith("host:") for line in lines):
            head.append("Host: example.org")
        if body is not None and not any(
            line.lower().startswith(("content-length", "transfer-")) for line in lines
        ):
            head.append(f"Content-Length: {len(body)}")
        raw = "\r\n".join([*head, *lines, "", ""]).encode("utf-8", "surrogateescape") + (body or b"")
        return Request(MemoryExchange(raw, peer=peer), **kwargs)

    return make
