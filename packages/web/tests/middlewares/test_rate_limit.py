"""Rate limit: who may come how often."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.middlewares.rate_limit import Quota, _Buckets, rate_limit_middleware
from muntin.web.testing import MemoryExchange, MemoryPeer, TestClient, TestServer


class Clock:
    """Shows the time that it is set to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


async def hello(request):
    return web.Response(text="hello")


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"streamed")
    return response


def make_app(*arguments, outside=(), **options):
    app = web.Application(middlewares=[*outside, rate_limit_middleware(*arguments, **options)])
    app.add_routes([web.get("/", hello), web.get("/stream", stream)])
    return app


async def come(client, address, *lines):
    head = "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""])
    peer = MemoryPeer(address=(address, 1) if address else None)
    return (await client.answer(MemoryExchange(head.encode(), peer=peer))).status


@pytest.mark.anyio
async def test_a_bucket_empties_and_fills():
    clock = Clock()
    async with TestClient(make_app(Quota(3, 30), clock=clock)) as client:
        seen = []
        for wait in (0, 0, 5, 0, 4, 1.5, 100):
            clock.now += wait
            response = await client.get("/")
            seen.append((response.status, response.headers["RateLimit"], response.headers.get("Retry-After")))
        assert response.headers["RateLimit-Policy"] == '"default";q=3;w=30'
    assert seen == [
        (200, '"default";r=2;t=10', None),
        (200, '"default";r=1;t=20', None),
        (200, '"default";r=0;t=25', None),
        (429, '"default";r=0;t=25', "5"),
        (429, '"default";r=0;t=21', "1"),
        (200, '"default";r=0;t=30', None),
        (200, '"default";r=2;t=10', None),
    ]


@pytest.mark.anyio
async def test_streams_and_refusals_tell_as_well():
    async with TestClient(make_app(Quota(9, 9), name="burst")) as client:
        for path, left in (("/stream", 8), ("/missing", 7)):
            assert f'"burst";r={left};' in (await client.get(path)).headers["RateLimit"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        (None, None, True),
        (None, "192.0.2.1", False),
    ],
)
async def test_who_shares_a_bucket(one, other, is_same):
    async with TestClient(make_app(Quota(1, 60), clock=Clock())) as client:
        assert await come(client, one) == 200
        assert await come(client, other) == (429 if is_same else 200)


@pytest.mark.anyio
@pytest.mark.row("HI-49")
async def test_keys_cannot_be_forged():
    app = make_app(Quota(1, 60), clock=Clock())
    async with TestClient(app) as client:
        assert await come(client, "192.0.2.1", "X-Forwarded-For: 1.1.1.1", "Forwarded: for=1.1.1.1") == 200
        assert await come(client, "192.0.2.1", "X-Forwarded-For: 2.2.2.2", "Forwarded: for=2.2.2.2") == 429
    proxies = trusted_proxies_middleware(networks=["10.0.0.0/8"])
    async with TestClient(make_app(Quota(1, 60), clock=Clock(), outside=[proxies])) as client:
        assert await come(client, "10.0.0.1", "X-Forwarded-For: 1.1.1.1, 192.0.2.1") == 200
        assert await come(client, "10.0.0.2", "X-Forwarded-For: 2.2.2.2, 192.0.2.1") == 429
        assert await come(client, "10.0.0.1", "X-Forwarded-For: 192.0.2.2") == 200


@pytest.mark.anyio
async def test_keys_of_ones_own():
    def by_path(request):
        return None if request.path == "/stream" else request.path

    async with TestClient(make_app(Quota(1, 60), key=by_path, clock=Clock())) as client:
        assert [(await client.get(path)).status for path in ("/", "/", "/a", "/a")] == [200, 429, 404, 429]
        free = [await client.get("/stream") for _ in range(3)]
    assert [(each.status, "RateLimit" in each.headers) for each in free] == [(200, False)] * 3


def test_memory_is_bounded():
    buckets = _Buckets(Quota(1, 60), 100)
    for number in range(1000):
        buckets.take(number, 0.0)
        assert len(buckets) <= 100
    assert buckets.take(999, 0.0).wait == 60
    assert not buckets.take(0, 0.0).wait
    for number in range(100):
        buckets.take("again", 100.0 * (number + 1))
    assert len(buckets) == 1


@given(
    st.integers(1, 20),
    st.floats(0.01, 1000),
    st.lists(st.floats(0, 100), max_size=60),
)
def test_no_window_has_more_than_twice_the_quota(requests, seconds, waits):
    """A full bucket, and what flows into it meanwhile; who waits as long as he is told is let in."""
    buckets, now, granted = _Buckets(Quota(requests, seconds), 10), 0.0, []
    for wait in waits:
        now += wait
        taken = buckets.take("key", now)
        assert 0 <= taken.left < requests
        assert 0 <= taken.until_full <= seconds * (1 + 1e-6)
        if taken.wait:
            now += taken.wait
            assert not buckets.take("key", now).wait
        granted.append(now)
    for first in granted:
        assert sum(first <= time < first + seconds * 0.999 for time in granted) <= 2 * requests


@pytest.mark.parametrize("arguments", [(0, 1), (1, 0), (1, -1), (1, float("nan")), (1, float("inf"))])
def test_quotas_that_are_none(arguments):
    with pytest.raises(ValueError, match="quota"):
        Quota(*arguments)


@pytest.mark.parametrize("options", [{"name": 'a"b'}, {"name": ""}, {"name": "é"}, {"most_keys": 0}])
def test_mistakes(options):
    with pytest.raises(ValueError, match=r".+"):
        rate_limit_middleware(Quota(1, 1), **options)


@pytest.mark.anyio
async def test_over_a_socket():
    async with (
        TestServer(make_app(Quota(1, 60), clock=Clock())) as server,
        httpx.AsyncClient(timeout=None) as client,
    ):
        url = str(server.make_url("/"))
        assert (await client.get(url)).status_code == 200
        refused = await client.get(url)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


def members(response, field):
    """The list in all lines of a field, as names and what is said of them."""
    listed = ", ".join(response.headers.getall(field, [])).split(", ")
    return [tuple(member.split(";", 1)) for member in listed]


async def fail(request):
    raise ZeroDivisionError


async def leave(request):
    raise web.HTTPFound("/")


async def tell_more(request):
    fields = {"RateLimit": '"disk, a";r=7, "daily";r=1', "RateLimit-Policy": '"disk, a";q=9'}
    return web.Response(headers=fields)


def make_layered_app(*limits, inner=()):
    clock = Clock()
    app = web.Application(
        middlewares=[rate_limit_middleware(quota, name=name, clock=clock) for quota, name in limits]
    )
    below = web.Application(
        middlewares=[rate_limit_middleware(quota, name=name, clock=clock) for quota, name in inner]
    )
    routes = [("/", hello), ("/stream", stream), ("/fail", fail), ("/leave", leave), ("/more", tell_more)]
    for each in (app, below):
        each.add_routes([web.get(path, handler) for path, handler in routes])
    app.add_subapp("/below/", below)
    return app


BURST, DAILY = (Quota(2, 60), "burst"), (Quota(1000, 86400), "daily")


@pytest.mark.anyio
@pytest.mark.parametrize("limits", [(DAILY, BURST), (BURST, DAILY)], ids=["daily outside", "burst outside"])
@pytest.mark.parametrize("path", ["/", "/stream", "/fail", "/leave", "/missing"])
async def test_several_limits_are_one_list_in_one_order(limits, path):
    async with TestClient(make_layered_app(*limits)) as client:
        for _ in range(2):
            response = await client.get(path)
            assert response.status != 429
            for field in ("RateLimit", "RateLimit-Policy"):
                assert [name for name, _ in members(response, field)] == [f'"{name}"' for _, name in limits]
        refusal = await client.get(path)
    told = dict(members(refusal, "RateLimit"))
    assert refusal.status == 429
    assert told['"burst"'] == "r=0;t=60"
    assert told.get('"daily"') == ("r=997;t=260" if limits[0] is DAILY else None)
    assert members(refusal, "RateLimit-Policy")[-1] == ('"burst"', "q=2;w=60")


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/below/", "/below/stream", "/below/fail", "/below/leave"])
async def test_limits_of_inner_applications_join_those_of_outer_ones(path):
    async with TestClient(make_layered_app(DAILY, inner=[BURST, (Quota(5, 5), "short")])) as client:
        response = await client.get(path)
        alone = await client.get("/stream")
    assert members(response, "RateLimit") == [
        ('"daily"', "r=999;t=87"),
        ('"burst"', "r=1;t=30"),
        ('"short"', "r=4;t=1"),
    ]
    assert [name for name, _ in members(alone, "RateLimit")] == ['"daily"']


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/", "/stream", "/fail"])
async def test_limits_of_one_name_are_told_apart(path):
    limits = [(Quota(9, 60), "default"), (Quota(8, 60), "default"), (Quota(7, 60), "default-2")]
    async with TestClient(make_layered_app(*limits)) as client:
        response = await client.get(path)
    assert members(response, "RateLimit-Policy") == [
        ('"default"', "q=9;w=60"),
        ('"default-2"', "q=8;w=60"),
        ('"default-2-2"', "q=7;w=60"),
    ]


@pytest.mark.anyio
async def test_what_the_handler_says_of_others_stays():
    async with TestClient(make_layered_app(DAILY, BURST)) as client:
        response = await client.get("/more")
    assert response.headers.getall("RateLimit") == ['"daily";r=999;t=87, "burst";r=1;t=30, "disk, a";r=7']
    policy = '"daily";q=1000;w=86400, "burst";q=2;w=60, "disk, a";q=9'
    assert response.headers.getall("RateLimit-Policy") == [policy]


@pytest.mark.anyio
async def test_a_limit_that_does_not_apply_says_nothing():
    app = web.Application(
        middlewares=[
            rate_limit_middleware(*DAILY[:1], name="daily", key=lambda request: None),
            rate_limit_middleware(*BURST[:1], name="burst"),
        ]
    )
    app.router.add_get("/", hello)
    async with TestClient(app) as client:
        assert [name for name, _ in members(await client.get("/"), "RateLimit")] == ['"burst"']
