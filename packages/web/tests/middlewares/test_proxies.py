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
            response = await client.answer(exchange)
        return response.json() if response.status == 200 else response.status

    return ask


ALL = ("for", "proto", "host", "port", "prefix")
NETWORKS = {"networks": ["10.0.0.0/8"]}


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
        (["X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.2"], ["10.0.0.2", "http", "inner"]),
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
            ["X-Forwarded-For: 192.0.2.7, 10.0.0.3, 10.0.0.2", "X-Forwarded-Proto: https, http"],
            ["192.0.2.7", "https", "inner"],
        ),
        (
            ["X-Forwarded-For: " + ", ".join(["6.6.6.6"] * 500 + ["192.0.2.7"])],
            ["192.0.2.7", "http", "inner"],
        ),
    ],
)
async def test_the_outermost_of_ours_is_believed(ask, lines, seen):
    assert await ask(*lines, **NETWORKS, trust=["for", "proto", "host"]) == seen


@pytest.mark.row("HI-48", "HC-42")
async def test_others_are_not_believed(ask):
    lines = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"]
    assert await ask(*lines, peer="192.0.2.99", **NETWORKS, trust=ALL) == ["192.0.2.99", "http", "inner"]
    assert await ask("Forwarded: for=1.2.3.4;proto=https") == ["10.0.0.1", "http", "inner"]


GARBAGE = [
    "hello",
    "",
    " , ,",
    "fe80::1%eth0",
    "<script>",
    "999.1.1.1",
    "[2001:db8::1",
    '"10.0.0.2',
    "\\",
    "10.0.0.9",  # one of ours, as a stranger may say
    "unknown",
    ", ".join(["198.51.100.1"] * 40),
    ", ".join(["10.0.0.2"] * 40),
]


@pytest.mark.row("HI-48")
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("options", [NETWORKS, {"hops": 1}], ids=["networks", "hops"])
@pytest.mark.parametrize("garbage", GARBAGE)
async def test_what_a_stranger_wrote_to_the_left_has_no_influence(ask, garbage, options, strict):
    """In the same line or in one of its own, in any field: the entry that our proxy appended says who asked."""
    options = {**options, "trust": ALL, "strict": strict}
    right = {"For": "203.0.113.9", "Proto": "https", "Host": "example.com", "Port": "8443"}
    seen = ["203.0.113.9", "https", "example.com:8443"]
    for spoiled, value in right.items():
        others = [f"X-Forwarded-{name}: {value}" for name, value in right.items() if name != spoiled]
        appended = f"X-Forwarded-{spoiled}: {garbage}, {value}"
        assert await ask(*others, appended, **options) == seen
        lines = [f"X-Forwarded-{spoiled}: {garbage}", f"X-Forwarded-{spoiled}: {value}"]
        assert await ask(*others, *lines, **options) == seen


@pytest.mark.row("HI-48")
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("options", [NETWORKS, {"hops": 1}], ids=["networks", "hops"])
@pytest.mark.parametrize(
    "garbage",
    [
        *GARBAGE,
        "what is this",
        "for=nobody;proto=https",
        "for=1.2.3.4;for=5.6.7.8",
        'for="',
        'for="\\',
        'host="a, for=10.0.0.2',
        "for=10.0.0.2;proto=gopher",
        ", ".join(["for=198.51.100.1"] * 40),
        ", ".join(["for=10.0.0.2"] * 40),
        ";".join(f"p{number}=x" for number in range(40)),
    ],
)
async def test_neither_has_it_in_forwarded(ask, garbage, options, strict):
    options = {**options, "forwarded": True, "trust": ["for", "proto", "host"], "strict": strict}
    for right in (
        "for=203.0.113.9;proto=https;host=example.com",
        'host="example.com";proto="https";for="203.0.113.9:80";by=_us;x="a, \\"b"',
    ):
        seen = ["203.0.113.9", "https", "example.com"]
        assert await ask(f"Forwarded: {garbage}, {right}", **options) == seen
        assert await ask(f"Forwarded: {garbage}", f"Forwarded: {right}", **options) == seen


@pytest.mark.row("HI-48")
@pytest.mark.parametrize("garbage", ["hello", "", "fe80::1%eth0", "unknown"])
async def test_who_asks_from_inside_of_the_networks_is_found_as_well(ask, garbage):
    lines = [f"X-Forwarded-For: {garbage}, 10.0.0.5", "X-Forwarded-Proto: https"]
    assert await ask(*lines) == ["10.0.0.5", "https", "inner"]
    line = f"Forwarded: for={garbage or 'x'}, for=10.0.0.5;proto=https"
    assert await ask(line, **NETWORKS, forwarded=True) == [
        "10.0.0.5",
        "https" * (garbage != "unknown") or "http",
        "inner",
    ]


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    ("said", "seen"),
    [("ws", "http"), ("wss", "https"), ("WSS", "https"), ("https, ws", "http"), ("gopher, wss", "https")],
)
async def test_the_scheme_of_a_websocket(ask, said, seen):
    """Some proxies name the scheme that the client's URL had."""
    assert await ask("X-Forwarded-For: 192.0.2.7", f"X-Forwarded-Proto: {said}") == [
        "192.0.2.7",
        seen,
        "inner",
    ]
    scheme = said.rpartition(", ")[2]
    line = f"Forwarded: for=192.0.2.7;proto={scheme}"
    assert await ask(line, **NETWORKS, forwarded=True) == ["192.0.2.7", seen, "inner"]


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (["X-Forwarded-For: not-an-address"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For: 999.1.1.1"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For: ١.2.3.4"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For: [2001:db8::1"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For: 2001:db8::1%eth0"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For: 192.0.2.7:port"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For:"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-For: 6.6.6.6,"], ["10.0.0.1", "https", "example.com"]),
        (["X-Forwarded-Proto: gopher"], ["192.0.2.7", "http", "example.com"]),
        (["X-Forwarded-Proto: https://"], ["192.0.2.7", "http", "example.com"]),
        (["X-Forwarded-Proto:"], ["192.0.2.7", "http", "example.com"]),
        (["X-Forwarded-Proto: https,"], ["192.0.2.7", "http", "example.com"]),
        (["X-Forwarded-Host: evil/../"], ["192.0.2.7", "https", "inner"]),
        (["X-Forwarded-Host: example.com:99999"], ["192.0.2.7", "https", "inner"]),
        (["X-Forwarded-Host: user@example.com"], ["192.0.2.7", "https", "inner"]),
        (["X-Forwarded-Port: 99999"], ["192.0.2.7", "https", "example.com"]),
        (["X-Forwarded-Port: +1"], ["192.0.2.7", "https", "example.com"]),
        (["X-Forwarded-Prefix: //evil.example"], ["192.0.2.7", "https", "example.com"]),
    ],
)
async def test_what_our_proxy_says_and_nobody_can_read_is_dropped_alone(ask, lines, seen):
    lines = [line.encode("utf-8").decode("latin-1") for line in lines]
    sound = {"For": "192.0.2.7", "Proto": "https", "Host": "example.com"}
    others = [
        f"X-Forwarded-{name}: {value}"
        for name, value in sound.items()
        if not lines[0].startswith(f"X-Forwarded-{name}:")
    ]
    assert await ask(*others, *lines, **NETWORKS, trust=ALL) == seen
    assert await ask(*others, *lines, hops=1, trust=ALL) == seen
    assert await ask(*others, *lines, **NETWORKS, trust=ALL, strict=True) == 400
    assert await ask(*others, *lines, hops=1, trust=ALL, strict=True) == 400


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    ("element", "seen"),
    [
        ("for=192.0.2.7;proto=gopher;host=example.com", ["192.0.2.7", "http", "example.com"]),
        ('for=192.0.2.7;proto="https:";host=example.com', ["192.0.2.7", "http", "example.com"]),
        ('for=192.0.2.7;proto=https;host="a/b"', ["192.0.2.7", "https", "inner"]),
        ('for=192.0.2.7;proto=https;host="a:99999"', ["192.0.2.7", "https", "inner"]),
        ("for=nobody;proto=https;host=example.com", ["10.0.0.1", "https", "example.com"]),
        ('for="[fe80::1%eth0]";proto=https;host=example.com', ["10.0.0.1", "https", "example.com"]),
        (";;=", ["10.0.0.1", "http", "inner"]),
        ("for=192.0.2.7;for=192.0.2.8;proto=https", ["10.0.0.1", "http", "inner"]),
    ],
)
async def test_the_same_in_forwarded(ask, element, seen):
    options = {"forwarded": True, "trust": ["for", "proto", "host"]}
    for said in (element, f"for=6.6.6.6, {element}"):
        assert await ask(f"Forwarded: {said}", **NETWORKS, **options) == seen
        assert await ask(f"Forwarded: {said}", **options, hops=1) == seen
        assert await ask(f"Forwarded: {said}", **NETWORKS, **options, strict=True) == 400


async def test_forwarded(ask):
    options = {**NETWORKS, "forwarded": True, "trust": ["for", "proto", "host"]}
    line = (
        'Forwarded: for=6.6.6.6, for="[2001:db8::1]:99";proto=https;host=example.com, for=10.0.0.2;proto=http'
    )
    assert await ask(line, **options) == ["2001:db8::1", "https", "example.com"]
    lines = line.replace(", ", "\r\nForwarded: ").split("\r\n")
    assert await ask(*lines, **options) == ["2001:db8::1", "https", "example.com"], "several copies are one"
    assert await ask("Forwarded: for=6.6.6.6, for=unknown", **options) == ["10.0.0.1", "http", "inner"]
    assert await ask("X-Forwarded-For: 6.6.6.6", **options) == ["10.0.0.1", "http", "inner"]
    assert await ask("Forwarded: for=_hidden;proto=https", **options) == ["10.0.0.1", "https", "inner"]


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    ("trust", "seen"),
    [
        (None, ["192.0.2.7", "https", "inner"]),
        (["for"], ["192.0.2.7", "http", "inner"]),
        (["proto"], ["10.0.0.1", "https", "inner"]),
        ({"host"}, ["10.0.0.1", "http", "example.com"]),
        (["port"], ["10.0.0.1", "http", "inner:8443"]),
        (("host", "port"), ["10.0.0.1", "http", "example.com:8443"]),
    ],
)
async def test_only_what_is_named_is_believed(ask, trust, seen):
    """A field that the proxy does not set itself is the client's."""
    lines = ["For: 192.0.2.7", "Proto: https", "Host: example.com", "Port: 8443"]
    chosen = {} if trust is None else {"trust": trust}
    assert await ask(*(f"X-Forwarded-{line}" for line in lines), **NETWORKS, **chosen) == seen
    assert await ask(*(f"X-Forwarded-{line}" for line in lines), hops=1, **chosen) == seen


async def test_what_is_not_named_is_not_even_read(ask):
    lines = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: a/b", "X-Forwarded-Port: x"]
    assert await ask(*lines, **NETWORKS, strict=True) == ["192.0.2.7", "http", "inner"]
    lines = ["X-Forwarded-For: 10.0.0.3, 10.0.0.2", "X-Forwarded-Proto: https, http"]
    assert await ask(*lines, **NETWORKS, trust=["proto"]) == ["10.0.0.1", "http", "inner"]
    assert await ask(*lines, hops=2, trust=["proto"]) == ["10.0.0.1", "https", "inner"]


@pytest.mark.parametrize(
    ("lines", "host"),
    [
        (["X-Forwarded-Port: 443", "X-Forwarded-Proto: https"], "inner"),
        (["X-Forwarded-Port: 80", "X-Forwarded-Proto: https"], "inner:80"),
        (["X-Forwarded-Port: 80"], "inner"),
        (["X-Forwarded-Port: 8080", "X-Forwarded-Host: example.com:99"], "example.com:8080"),
        (["X-Forwarded-Port: 8080", "X-Forwarded-Host: [2001:db8::9]"], "[2001:db8::9]:8080"),
        (["X-Forwarded-Port: 1, 8080"], "inner:8080"),
    ],
)
async def test_the_port(ask, lines, host):
    assert (await ask(*lines, **NETWORKS, trust=ALL))[2] == host


@pytest.mark.parametrize(
    ("said", "prefix"),
    [
        ("/shop", "/shop"),
        ("/shop/", "/shop"),
        ("/", ""),
        ("/a/b%20c", "/a/b%20c"),
        ("/evil, /shop", "/shop"),
        ("//evil.example", ""),
        ("/a//b", ""),
        ("/../a", ""),
        ("/a/%2e%2E/b", ""),
        ("/a?b", ""),
        ("shop", ""),
        ("http://evil.example", ""),
        ("/" + "a" * 300, ""),
        ("/a\\b", ""),
        ("", ""),
    ],
)
async def test_the_prefix(said, prefix):
    """It is in front of what clients see, and routes know nothing of it."""

    async def show(request):
        return web.json_response([request.prefix, str(request.url), request.path])

    middlewares = [
        trusted_proxies_middleware(networks=["10.0.0.0/8"], trust=["prefix"]),
        web.normalize_path_middleware(),
    ]
    app = web.Application(middlewares=middlewares)
    app.router.add_get("/page/", show)
    async with TestClient(app) as client:
        for path, status in (("/page/?a=1", 200), ("/page?a=1", 308)):
            head = f"GET {path} HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Prefix: {said}\r\n\r\n"
            exchange = MemoryExchange(head.encode(), peer=MemoryPeer(address=("10.0.0.1", 1234)))
            response = await client.answer(exchange)
            assert response.status == status
            if status == 200:
                assert response.json() == [prefix, f"http://inner{prefix}/page/?a=1", "/page/"]
            else:
                assert response.headers["Location"] == f"{prefix}/page/?a=1"


async def test_a_number_of_hops(ask):
    line = "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.2"
    assert await ask(line, peer="172.16.0.1", hops=1) == ["10.0.0.2", "http", "inner"]
    assert await ask(line, peer="172.16.0.1", hops=2) == ["192.0.2.7", "http", "inner"]
    assert await ask(line, peer="172.16.0.1", hops=3) == ["6.6.6.6", "http", "inner"]


@pytest.mark.row("HI-48")
async def test_a_hop_between_that_nobody_can_read_is_counted(ask):
    line = "X-Forwarded-For: 192.0.2.7, fe80::1%eth0"
    assert await ask(line, hops=2) == ["192.0.2.7", "http", "inner"]
    assert await ask(line, hops=2, strict=True) == 400


@pytest.mark.row("HI-48")
async def test_fewer_hops_than_proxies_are_not_believed(ask):
    """Who comes past the proxies tells what they like."""
    for line in ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"):
        assert await ask(line, hops=2) == ["10.0.0.1", "http", "inner"]
        assert await ask(line, hops=2, strict=True) == 400
    assert await ask(hops=2, strict=True) == ["10.0.0.1", "http", "inner"]
    line = "Forwarded: for=6.6.6.6;proto=https"
    assert await ask(line, hops=2, forwarded=True) == ["10.0.0.1", "http", "inner"]
    assert await ask(line, hops=2, forwarded=True, strict=True) == 400


@pytest.mark.row("HI-48")
async def test_a_request_without_a_host(ask):
    assert await ask("X-Forwarded-For: 192.0.2.7", version="1.0") == ["192.0.2.7", "http", "127.0.0.1:8080"]
    lines = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: example.com"]
    options = {**NETWORKS, "trust": ALL}
    assert await ask(*lines, version="1.0", **options) == ["192.0.2.7", "http", "example.com"]


@pytest.mark.row("HI-48")
async def test_strictness_is_for_proxies_alone(ask):
    line = "X-Forwarded-For: not-an-address"
    options = {"networks": ["10.0.0.0/8"], "strict": True}
    assert await ask(line, peer="192.0.2.99", **options) == ["192.0.2.99", "http", "inner"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "give either"),
        ({"networks": ["10.0.0.0/8"], "hops": 1}, "give either"),
        ({"hops": 0}, "give either"),
        ({"hops": 33}, "give either"),
        ({"networks": ["10.0.0.1/8"]}, "host bits"),
        ({"networks": ["x"]}, "does not appear"),
        ({"networks": "10.0.0.0/8"}, "collection of networks"),
        ({"networks": [10]}, "networks are texts"),
        ({"hops": 1, "trust": "for"}, "collection of names"),
        ({"hops": 1, "trust": []}, "names out of"),
        ({"hops": 1, "trust": ["For"]}, "names out of"),
        ({"hops": 1, "trust": ["for", "remote"]}, "remote"),
        ({"hops": 1, "trust": ["prefix"], "forwarded": True}, "prefix"),
        ({"hops": 1, "trust": ["port"], "forwarded": True}, "port"),
    ],
)
def test_mistakes(options, says):
    with pytest.raises(ValueError, match=says):
        trusted_proxies_middleware(**options)
