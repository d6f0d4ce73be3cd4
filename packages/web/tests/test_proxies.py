"""Trusted proxies: what is believed, and from whom."""

import pytest

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.testing import MemoryExchange, MemoryPeer, TestClient

pytestmark = pytest.mark.anyio


@pytest.fixture
def ask():
    """Send fields from an address through the middleware; give remote, scheme and host, or the status."""

    async def ask(*lines, peer="10.0.0.1", version="1.1", **options):
        async def show(request):
            return web.json_response([request.remote, request.scheme, request.host])

        app = web.Application(
            middlewares=[trusted_proxies_middleware(**(options or {"networks": ["10.0.0.0/8"]}))]
        )
        app.router.add_get("/", show)
        hosts = ["Host: inner"] if version == "1.1" else []
        head = "\r\n".join([f"GET / HTTP/{version}", *hosts, *lines])
        exchange = MemoryExchange(f"{head}\r\n\r\n".encode("latin-1"), peer=MemoryPeer(address=(peer, 1234)))
        async with TestClient(app) as client:
            answer = await client.answer(exchange)
        return answer.json() if answer.status == 200 else answer.status

    return ask


@pytest.mark.row("MW-17", "HI-48", "HC-44")
@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ([], ["10.0.0.1", "http", "inner"]),
        (["X-Forwarded-For: 192.0.2.7"], ["192.0.2.7", "http", "inner"]),
        (
            ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: HTTPS", "X-Forwarded-Host: example.com:8443"],
            ["192.0.2.7", "https", "example.com:8443"],
        ),
        (["X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.2"], ["192.0.2.7", "http", "inner"]),
        (["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.7"], ["192.0.2.7", "http", "inner"]),
        (["X-Forwarded-For: 10.0.0.3, 10.0.0.2"], ["10.0.0.3", "http", "inner"]),
        (["X-Forwarded-For: [2001:db8::1]:99"], ["2001:db8::1", "http", "inner"]),
        (["X-Forwarded-For: 192.0.2.7:99"], ["192.0.2.7", "http", "inner"]),
        (["X-Forwarded-For: unknown"], ["10.0.0.1", "http", "inner"]),
        (
            ["X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Forwarded-Proto: http, https"],
            ["192.0.2.7", "https", "inner"],
        ),
        (["X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.2"], ["10.0.0.1", "http", "inner"]),
        (["X-Forwarded-For: ::ffff:192.0.2.7, ::ffff:10.0.0.2"], ["192.0.2.7", "http", "inner"]),
        (["X-Forwarded-For: 2001:db8::1"], ["2001:db8::1", "http", "inner"]),
        (["X-Forwarded-For: 10.0.0.2:99"], ["10.0.0.2", "http", "inner"]),
        (["X-Forwarded-Proto: https"], ["10.0.0.1", "https", "inner"]),
        (["X-Forwarded-Host: example.com"], ["10.0.0.1", "http", "example.com"]),
        (
            ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: [2001:db8::9]:8443"],
            ["192.0.2.7", "http", "[2001:db8::9]:8443"],
        ),
        (
            [
                "X-Forwarded-For: 6.6.6.6",
                "X-Forwarded-Proto: http",
                "X-Forwarded-For: 192.0.2.7, 10.0.0.2",
                "X-Forwarded-Proto: https, http",
            ],
            ["192.0.2.7", "https", "inner"],
        ),
        (
            ["X-Forwarded-For: " + ", ".join(["6.6.6.6"] * 500 + ["192.0.2.7"])],
            ["192.0.2.7", "http", "inner"],
        ),
    ],
)
async def test_the_outermost_of_ours_is_believed(ask, lines, seen):
    assert await ask(*lines) == seen


@pytest.mark.row("HI-48", "HC-42")
async def test_others_are_not_believed(ask):
    lines = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"]
    assert await ask(*lines, peer="192.0.2.99") == ["192.0.2.99", "http", "inner"]
    assert await ask("Forwarded: for=1.2.3.4;proto=https") == ["10.0.0.1", "http", "inner"]


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    "line",
    [
        "X-Forwarded-For: 1.2.3.4, , 5.6.7.8",
        "X-Forwarded-For: not-an-address",
        "X-Forwarded-For: 999.1.1.1",
        "X-Forwarded-For: ١.2.3.4",
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: gopher",
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: evil/../",
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: example.com:99999",
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: user@example.com",
        "X-Forwarded-For: [2001:db8::1",
        "X-Forwarded-For: 2001:db8::1%eth0",
        "X-Forwarded-For: 192.0.2.7:port",
        "X-Forwarded-For:",
        "X-Forwarded-Proto: https, http",
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http, https, http",
    ],
)
async def test_malformed_fields(ask, line):
    line = line.encode("utf-8").decode("latin-1")
    assert await ask(line) == ["10.0.0.1", "http", "inner"]
    assert await ask(line, networks=["10.0.0.0/8"], strict=True) == 400


async def test_forwarded(ask):
    options = {"networks": ["10.0.0.0/8"], "forwarded": True}
    line = (
        'Forwarded: for=6.6.6.6, for="[2001:db8::1]:99";proto=https;host=example.com, for=10.0.0.2;proto=http'
    )
    assert await ask(line, **options) == ["2001:db8::1", "https", "example.com"]
    lines = line.replace(", ", "\r\nForwarded: ").split("\r\n")
    assert await ask(*lines, **options) == ["2001:db8::1", "https", "example.com"], "several copies are one"
    assert await ask("Forwarded: for=6.6.6.6, for=unknown", **options) == ["10.0.0.1", "http", "inner"]
    assert await ask("X-Forwarded-For: 6.6.6.6", **options) == ["10.0.0.1", "http", "inner"]
    assert await ask("Forwarded: for=_hidden;proto=https", **options) == ["10.0.0.1", "https", "inner"]
    assert await ask("Forwarded: ;;=", **options) == ["10.0.0.1", "http", "inner"]
    assert await ask("Forwarded: ;;=", **options, strict=True) == 400


async def test_a_number_of_hops(ask):
    line = "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.2"
    assert await ask(line, peer="172.16.0.1", hops=1) == ["10.0.0.2", "http", "inner"]
    assert await ask(line, peer="172.16.0.1", hops=2) == ["192.0.2.7", "http", "inner"]
    assert await ask(line, peer="172.16.0.1", hops=3) == ["6.6.6.6", "http", "inner"]


@pytest.mark.row("HI-48")
async def test_fewer_hops_than_proxies_are_not_believed(ask):
    """Who comes past the proxies tells what they like."""
    line = "X-Forwarded-For: 6.6.6.6"
    assert await ask(line, hops=2) == ["10.0.0.1", "http", "inner"]
    assert await ask(line, hops=2, strict=True) == 400
    assert await ask(hops=2, strict=True) == ["10.0.0.1", "http", "inner"]


@pytest.mark.row("HI-48")
async def test_a_request_without_a_host(ask):
    assert await ask("X-Forwarded-For: 192.0.2.7", version="1.0") == ["192.0.2.7", "http", "127.0.0.1:8080"]
    lines = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: example.com"]
    assert await ask(*lines, version="1.0") == ["192.0.2.7", "http", "example.com"]


@pytest.mark.row("HI-48")
async def test_strictness_is_for_proxies_alone(ask):
    line = "X-Forwarded-For: not-an-address"
    options = {"networks": ["10.0.0.0/8"], "strict": True}
    assert await ask(line, peer="192.0.2.99", **options) == ["192.0.2.99", "http", "inner"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"networks": ["10.0.0.0/8"], "hops": 1},
        {"hops": 0},
        {"hops": 33},
        {"networks": ["10.0.0.1/8"]},
        {"networks": ["x"]},
    ],
)
def test_mistakes(options):
    with pytest.raises(ValueError, match=r".+"):
        trusted_proxies_middleware(**options)
