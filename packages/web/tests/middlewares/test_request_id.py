"""Request ids: whose are taken over, and where they can be found."""

import re

import httpx
import pytest

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.middlewares.request_id import REQUEST_ID, make_request_id, request_id_middleware
from muntin.web.testing import MemoryExchange, MemoryPeer, TestClient, TestServer

pytestmark = pytest.mark.anyio

FIELD = "X-Request-ID"


async def show(request):
    return web.Response(text=request[REQUEST_ID])


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(request[REQUEST_ID].encode())
    return response


async def fail(request):
    raise ZeroDivisionError


@pytest.fixture
def make_app():
    def make(*, inside=(), **options):
        numbers = iter(range(100))
        options.setdefault("make", lambda: f"made-{next(numbers)}")
        app = web.Application(middlewares=[request_id_middleware(**options), *inside])
        app.add_routes([web.get("/", show), web.get("/stream", stream), web.get("/fail", fail)])
        return app

    return make


@pytest.fixture
def ask(make_app):
    """Send fields from an address; return the id in the response and that in the body."""

    async def ask(*lines, peer=("10.0.0.1", 1234), **options):
        head = "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""])
        async with TestClient(make_app(**options)) as client:
            response = await client.answer(MemoryExchange(head.encode(), peer=MemoryPeer(address=peer)))
        return response.headers[options.get("field", FIELD)], response.text

    return ask


async def test_every_answer_has_one(make_app):
    async with TestClient(make_app()) as client:
        responses = [await client.get(path) for path in ("/", "/stream", "/fail", "/missing")]
    assert [(each.status, each.headers.getall(FIELD)) for each in responses] == [
        (200, ["made-0"]),
        (200, ["made-1"]),
        (500, ["made-2"]),
        (404, ["made-3"]),
    ]
    assert [each.text for each in responses[:2]] == ["made-0", "made-1"]


async def test_ids_of_peers_that_are_trusted(ask):
    line = f"{FIELD}: 6f1c/AZ.~+=:@-_"
    assert await ask(line) == ("made-0", "made-0")
    taken = "6f1c/AZ.~+=:@-_"
    for networks, peer in (
        (["10.0.0.0/8"], ("10.0.0.1", 1)),
        (["10.0.0.0/8"], ("::ffff:10.0.0.1", 1)),
        (["192.0.2.0/24", "::1"], ("::1", 1, 0, 0)),
    ):
        assert await ask(line, trusted=networks, peer=peer) == (taken, taken)


@pytest.mark.parametrize("peer", [("192.0.2.1", 1), "", "/run/web.sock", ("not-an-address", 1)])
async def test_ids_of_others(ask, peer):
    assert await ask(f"{FIELD}: forged", trusted=["10.0.0.0/8"], peer=peer) == ("made-0", "made-0")


@pytest.mark.parametrize(
    "lines",
    [
        [f"{FIELD}: two words"],
        [f"{FIELD}: <script>"],
        [f"{FIELD}: {'a' * 129}"],
        [f"{FIELD}: é"],
        [f"{FIELD}:"],
        [f"{FIELD}: one", f"{FIELD}: two"],
        [],
    ],
)
async def test_ids_that_are_none(ask, lines):
    assert await ask(*lines, trusted=["10.0.0.0/8"]) == ("made-0", "made-0")


async def test_who_is_trusted_does_not_follow_from_fields(ask):
    proxies = trusted_proxies_middleware(networks=["192.0.2.0/24"])
    lines = (f"{FIELD}: forged", "X-Forwarded-For: 10.0.0.1")
    assert await ask(*lines, trusted=["10.0.0.0/8"], peer=("192.0.2.1", 1), inside=[proxies]) == (
        "made-0",
        "made-0",
    )


async def test_another_field(ask):
    assert await ask("X-Trace: abc", trusted=["10.0.0.1"], field="X-Trace") == ("abc", "abc")


def test_what_is_made():
    made = {make_request_id() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)


@pytest.mark.parametrize("options", [{"trusted": ["x"]}, {"trusted": "10.0.0.1"}, {"field": "no name"}])
def test_mistakes(options):
    with pytest.raises(ValueError, match=r".+"):
        request_id_middleware(**options)


async def test_over_a_socket(make_app):
    app = make_app(trusted=["127.0.0.0/8"])
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        response = await client.get(str(server.make_url("/")), headers={FIELD: "mine"})
    assert (response.headers[FIELD], response.text) == ("mine", "mine")
