"""The head of a request, its address and its mapping; bodies are in test__reading."""

import asyncio
import weakref
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from muntin import web
from muntin.http_core import HTTP_10, HTTP_11, LocalProtocolError, RemoteProtocolError
from muntin.http_core.headers.etags import ETag
from muntin.web.keys import NotAppKeyWarning, RequestKey
from muntin.web.request.request import BaseRequest, Request
from muntin.web.response.exceptions import HTTPBadRequest
from muntin.web.response.whole import Response
from muntin.web.testing import MemoryExchange, MemoryPeer, TestClient

pytestmark = pytest.mark.anyio


@pytest.mark.row("HC-01")
@pytest.mark.parametrize("method", ["GET", "PURGE", "get"])
def test_method_is_the_wire_method(make_request, method):
    assert make_request(method).method == method


@pytest.mark.row("HC-02")
def test_version(make_request):
    assert make_request(version="1.0").version != HTTP_11
    assert make_request(version="1.0").version == HTTP_10
    assert make_request().version == (1, 1)


@pytest.mark.row("HC-03", "HC-04")
def test_headers_are_a_case_insensitive_multimap(make_request):
    request = make_request("GET", "/", "accept: a", "Accept: b", "authorization: c")
    assert request.headers.getall("ACCEPT", []) == ["a", "b"]
    assert request.headers.get("AUTHORIZATION") == "c"
    assert request.headers.getall("X", [1]) == [1]
    assert request.headers is request.headers
    assert (b"accept", b"a") in list(request.raw_headers)


@pytest.mark.row("HC-33")
def test_a_path_is_decoded_once(make_request):
    request = make_request("GET", "/%D0%B0%20b/c%2Fd?x=1&x=%D0%B0+b&y")
    assert request.path == "/а b/c/d"
    assert request.raw_path == request.path_qs == "/%D0%B0%20b/c%2Fd?x=1&x=%D0%B0+b&y"
    assert request.query_string == "x=1&x=а b&y"
    assert list(request.query.items()) == [("x", "1"), ("x", "а b"), ("y", "")]
    assert str(request.rel_url) == request.path_qs


@given(st.text("".join(map(chr, range(0x21, 0x7F))).replace("#", "") + "&&&==%%", max_size=24))
def test_a_query_is_cut_as_the_url_cuts_it(query):
    request = Request(MemoryExchange(f"GET /?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode()))
    assert list(request.query.items()) == list(request.rel_url.query.items())
    assert request.query is request.query


def test_a_query_without_escapes_makes_no_url(make_request):
    request = make_request("GET", "/?a=1&b=&c&a=2&&=d")
    assert list(request.query.items()) == [("a", "1"), ("b", ""), ("c", ""), ("a", "2"), ("", "d")]
    assert request._rel_url is None
    assert request.clone(rel_url="/?e=f").query == {"e": "f"}


@pytest.mark.row("HI-31", "HI-32", "AH-36")
@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("https://example.org/p?q=1", "/p", "q=1"),
        ("http://example.org", "/", ""),
        ("http://example.org?a/b", "/", "a/b"),
        ("//evil.example/x", "//evil.example/x", ""),
        ("/a:b@c", "/a:b@c", ""),
        ("/a?b?c", "/a", "b?c"),
        ("/a?", "/a", ""),
        ("/..//./a", "/..//./a", ""),
        ("/\\evil", "/\\evil", ""),
    ],
)
def test_one_parse_for_routing_path_and_url(make_request, target, path, query):
    request = make_request("GET", target)
    assert request.target == (path, query)
    assert request.rel_url.raw_path == request.url.raw_path == path
    assert request.url.raw_query_string == query
    assert request.scheme == "http"
    assert request.url.host == "example.org"
    assert request.url.origin() == URL("http://example.org")


def test_the_other_forms_of_a_target(make_request):
    star = make_request("OPTIONS", "*")
    assert star.path == star.target.path == "*"
    assert star.url == URL("http://example.org/")
    connect = make_request("CONNECT", "example.org:443")
    assert connect.target.path == "example.org:443"
    assert connect.rel_url.host == "example.org"
    assert connect.url == URL("http://example.org/")


@pytest.mark.row("HC-42", "HC-43")
def test_scheme_host_and_remote_are_the_connections(make_request):
    lies = (
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-Host: evil",
        "X-Forwarded-Proto: https",
        "Forwarded: for=6.6.6.6;host=evil;proto=https",
    )
    request = make_request("GET", "/", "Host: example.org:81", *lies, peer=MemoryPeer(address=("1.2.3.4", 5)))
    assert (request.scheme, request.host, request.remote) == ("http", "example.org:81", "1.2.3.4")
    assert request.client_max_size == 1 << 20
    assert not request.secure
    assert make_request(peer=MemoryPeer(is_secure=True)).scheme == "https"
    assert request.forwarded == ({"for": "6.6.6.6", "host": "evil", "proto": "https"},)


@pytest.mark.row("HI-48")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what is this, for=192.0.2.7;proto=https", [{}, {"for": "192.0.2.7", "proto": "https"}]),
        ("for=nobody;proto=https, for=192.0.2.7", [{"proto": "https"}, {"for": "192.0.2.7"}]),
        ('for="abc, for=192.0.2.7', [{}, {"for": "192.0.2.7"}]),
        ("for=_a;for=_b, for=192.0.2.7;x=y", [{}, {"for": "192.0.2.7"}]),
        ("for=192.0.2.7;host=a, for=_a;proto=1", [{"for": "192.0.2.7", "host": "a"}, {"for": "_a"}]),
        (", ,", []),
        (", ".join(["for=_a"] * 40 + ["for=_b"]), [{"for": "_a"}] * 31 + [{"for": "_b"}]),
    ],
)
def test_what_a_client_wrote_into_forwarded_does_not_hide_what_a_proxy_added(make_request, text, said):
    request = make_request("GET", "/", f"Forwarded: {text}")
    assert request.forwarded == tuple(said)


@pytest.mark.parametrize(
    ("address", "remote"),
    [(("::1", 1, 0, 0), "::1"), ("/run/x.sock", "/run/x.sock"), ("", None), (None, None)],
)
def test_remote_of_other_kinds_of_sockets(make_request, address, remote):
    assert make_request(peer=MemoryPeer(address=address)).remote == remote


def test_an_old_peer_may_not_say_whom_it_wants():
    exchange = MemoryExchange(b"GET / HTTP/1.0\r\n\r\n", peer=MemoryPeer(local_address=("::1", 80, 0, 0)))
    assert BaseRequest(exchange).host == "[::1]:80"
    assert BaseRequest(exchange).url == URL("http://[::1]/")
    unix = MemoryExchange(b"GET / HTTP/1.0\r\n\r\n", peer=MemoryPeer(local_address="/x"))
    assert BaseRequest(unix).host == "localhost"
    absolute = MemoryExchange(b"GET http://example.org/ HTTP/1.0\r\n\r\n")
    assert BaseRequest(absolute).host == "example.org"


def test_a_port_that_is_none_is_the_clients_fault(make_request):
    with pytest.raises(HTTPBadRequest):
        _ = make_request("GET", "/", "Host: example.org:99999").url


def look_at(url: URL) -> None:
    """Ask for everything that reads the authority."""
    for name in (
        "host",
        "raw_host",
        "host_subcomponent",
        "authority",
        "raw_authority",
        "port",
        "explicit_port",
    ):
        getattr(url, name)
    if "[" not in str(url):  # yarl writes some addresses in another way
        assert URL(str(url)) == url
    assert url.human_repr()


UNREADABLE = (
    "xn--a",
    "xn--",
    "XN--A.example",
    "xn--a-ecp.ru",
    "xn--0.pt:8080",
    "a_b.xn--a",
)


@pytest.mark.row("HI-07")
@pytest.mark.parametrize("host", UNREADABLE)
def test_a_host_that_cannot_be_read_is_the_clients_fault(make_request, host):
    request = make_request("GET", "/", f"Host: {host}")
    assert request.host == host
    with pytest.raises(HTTPBadRequest):
        _ = request.url
    with pytest.raises(HTTPBadRequest):
        _ = make_request("CONNECT", f"{host.partition(':')[0].lower()}:443", f"Host: {host}").rel_url
    for replace in (lambda host: request.clone(host=host), lambda host: request.trust_forwarded(host=host)):
        with pytest.raises(ValueError, match=r"."):
            replace(host)


@pytest.mark.row("HI-07")
@pytest.mark.parametrize(
    "host", ["[1::2::3]", "[::1", "[12345::]", "[not::an::address]", "[:::]:80", "a:65536"]
)
def test_a_host_that_is_none_is_not_believed(make_request, host):
    with pytest.raises(ValueError, match=r"."):
        make_request().trust_forwarded(host=host)


@pytest.mark.parametrize(
    "host", ["xn--mnchen-3ya.de", "[::ffff:192.0.2.1]:80", "a%41", "a..b", ".", "0x7f.1", "-a-"]
)
def test_odd_hosts_that_can_be_read(make_request, host):
    look_at(make_request("GET", "/", f"Host: {host}").url)


_hosts = st.one_of(
    st.from_regex(r"[a-z0-9\-._~!$&'()*+,;=]{1,20}(:[0-9]{0,5})?", fullmatch=True),
    st.from_regex(r"(xn--[a-z0-9\-]{0,8}\.?){1,3}(:[0-9]{0,5})?", fullmatch=True),
    st.from_regex(r"(a|%[0-9A-F]{2}){1,4}(\.xn--[a-z0-9]{0,4})?", fullmatch=True),
)


@settings(deadline=None, max_examples=500)
@given(_hosts)
def test_every_host_is_readable_or_the_clients_fault(host):
    with suppress(RemoteProtocolError, HTTPBadRequest):
        exchange = MemoryExchange(f"GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        look_at(Request(exchange).url)


@pytest.mark.row("HI-07")
async def test_no_host_makes_a_500():
    async def show(request):
        return Response(text=f"{request.url.host} {request.url.human_repr()} {request.url.authority}")

    app = web.Application()
    app.router.add_get("/", show)
    async with TestClient(app) as client:
        for host in (*UNREADABLE, "a:99999"):
            response = await client.answer(MemoryExchange(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()))
            assert response.status == 400
        readable = MemoryExchange(b"GET / HTTP/1.1\r\nHost: xn--mnchen-3ya.de\r\n\r\n")
        assert (await client.answer(readable)).text.startswith("m\u00fcnchen.de ")


@pytest.mark.row("HC-44")
def test_clone_replaces_what_a_proxy_tells(make_request):
    request = make_request("GET", "/a?b")
    key = RequestKey("k", int)
    request[key] = 1
    clone = request.clone(scheme="https", host="shop.example:8443", remote="9.9.9.9", client_max_size=5)
    assert (clone.scheme, clone.host, clone.remote, clone.client_max_size) == (
        "https",
        "shop.example:8443",
        "9.9.9.9",
        5,
    )
    assert clone.secure
    assert clone.url == URL("https://shop.example:8443/a?b")
    assert clone[key] == 1
    clone[key] = 2
    assert request[key] == 1
    assert request.scheme == "http"
    assert clone.clone(remote="8.8.8.8").scheme == "https"


@pytest.mark.row("HC-44")
def test_clone_replaces_the_head(make_request):
    request = make_request("GET", "/a", "X-A: 1", "Cookie: a=b")
    assert request.cookies == {"a": "b"}
    clone = request.clone(method="POST", rel_url="/c%20d?e=f", headers={"Host": "other", "X-B": "ü"})
    assert (clone.method, clone.path, clone.query["e"]) == ("POST", "/c d", "f")
    assert dict(clone.headers) == {"Host": "other", "X-B": "ü"}
    assert clone.cookies == {}
    assert clone.host == "other"


@pytest.mark.row("HI-32", "HI-34")
@pytest.mark.parametrize("host", ["evil/x", "u@h", "h#x", "h?x", "h\\x", "", "h h", "h\r\n", "[::1"])
def test_clone_refuses_what_is_no_host(make_request, host):
    with pytest.raises(ValueError):
        make_request().clone(host=host)


def test_clone_refuses_broken_fields(make_request):
    with pytest.raises(ValueError):
        make_request().clone(headers={"X": "a\r\nb"})


@pytest.mark.row("HC-44")
async def test_the_body_can_be_read_once_by_clone_or_original(make_request):
    request = make_request("POST", "/", body=b"12345678", client_max_size=4)
    assert await request.clone(client_max_size=100).read() == b"12345678"
    read = make_request("POST", "/", body=b"x")
    await read.read()
    with pytest.raises(RuntimeError):
        read.clone()


@pytest.mark.row("HC-14")
def test_a_request_is_a_mapping_for_its_own_life(make_request):
    request = make_request()
    key = RequestKey("user", str)
    request[key] = "ann"
    with pytest.warns(NotAppKeyWarning, match=r"'n' is no web\.RequestKey"):
        request["n"] = 1
    assert request[key] == "ann"
    assert dict(request) == {key: "ann", "n": 1}
    assert (len(request), "n" in request, bool(make_request())) == (2, True, True)
    del request["n"]
    assert request.get("n") is None
    assert request.get(key, "x") == "ann"
    assert make_request().get(key) is None
    assert request == request
    assert len({request, make_request()}) == 2


def test_conditions(make_request):
    request = make_request(
        "GET",
        "/",
        'If-Match: "a", W/"b"',
        'If-None-Match: "c"',
        'If-None-Match: "d"',
        "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        "If-Unmodified-Since: whenever",
        "If-Range: Thu, 01 Jan 1970 00:00:01 GMT",
    )
    assert request.if_match == (ETag("a"), ETag("b", True))
    assert request.if_none_match == (ETag("c"), ETag("d"))
    assert request.if_modified_since is not None
    assert request.if_modified_since.timestamp() == 0
    assert request.if_unmodified_since is None
    assert request.if_range is not None
    assert make_request().if_match is None
    assert make_request("GET", "/", "If-Match: *").if_match == (ETag("*"),)


@pytest.mark.row("AH-16")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-5", slice(0, 6, 1)),
        ("bytes=5-", slice(5, None, 1)),
        ("bytes=-5", slice(-5, None, 1)),
        ("bytes=5-2", slice(None, None, 1)),
        ("bytes=0-1,3-4", slice(None, None, 1)),
        ("bytes=١-٢", slice(None, None, 1)),
        ("rows=1-2", slice(None, None, 1)),
    ],
)
def test_range(make_request, value, expected):
    assert make_request("GET", "/", f"Range: {value}").http_range == expected


@pytest.mark.row("HI-36", "AH-21")
def test_cookies_are_read_leniently_and_in_linear_time(make_request, caplog):
    request = make_request("GET", "/", 'Cookie: a=1; =__Host-x; b="c d"; a=2; e', "Cookie: f=ü")
    assert dict(request.cookies) == {"a": "2", "b": "c d", "f": "ü"}
    with pytest.raises(TypeError):
        request.cookies["x"] = "y"
    many = make_request("GET", "/", "Cookie: " + "; ".join(f"{n}=\\" for n in range(900)))
    assert len(many.cookies) == 512
    assert not caplog.records


def test_the_type_of_the_body(make_request):
    request = make_request("POST", "/", "Content-Type: Text/HTML; Charset=UTF-8", body=b"abc")
    assert (request.content_type, request.charset, request.content_length) == ("text/html", "UTF-8", 3)
    for line in ("Content-Type: nonsense", "X: y"):
        request = make_request("POST", "/", line, "Content-Length: 0")
        assert (request.content_type, request.charset, request.content_length) == (
            "application/octet-stream",
            None,
            0,
        )
    assert make_request().content_length is None


@pytest.mark.row("HC-05")
def test_the_transport_takes_raw_bytes(make_request):
    request = make_request()
    request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    Response(text="x").deliver_nowait(request)
    assert bytes(request.exchange.sent).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    request.exchange.disconnect()
    assert request.transport is None


def test_extra_info_and_keep_alive(make_request):
    request = make_request(peer=MemoryPeer(address=("1.1.1.1", 1), extra={"socket": "s"}))
    assert request.get_extra_info("peername") == ("1.1.1.1", 1)
    assert request.get_extra_info("socket") == "s"
    assert request.get_extra_info("other", 5) == 5
    assert request.keep_alive
    assert not make_request("GET", "/", "Connection: close").keep_alive


async def test_task_and_loop_are_the_handlers(make_request):
    assert make_request().task is asyncio.current_task()
    assert make_request().loop is asyncio.get_running_loop()


async def test_informational_answers(make_request):
    request = make_request()
    request.send_informational(103, {"Link": "</a.css>; rel=preload"})
    assert bytes(request.exchange.sent) == b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    with pytest.raises(ValueError):
        request.send_informational(103, [("Link", "a\r\nb")])
    with pytest.raises(LocalProtocolError):
        request.send_informational(200)
    Response(text="x").deliver_nowait(request)
    assert request.exchange.answer.status == 200
    old = make_request(version="1.0")
    old.send_informational()
    assert not old.exchange.sent


async def test_waiting_for_the_peer_to_go(make_request):
    request = make_request()
    waiting = asyncio.ensure_future(request.wait_for_disconnection())
    await asyncio.sleep(0)
    assert not waiting.done()
    request.exchange.disconnect()
    await waiting


def test_an_unmatched_request_says_so(make_request):
    with pytest.raises(RuntimeError):
        _ = make_request().match_info


def test_a_request_takes_no_stray_attributes_and_can_be_referred_to_weakly(make_request):
    request = make_request()
    assert weakref.ref(request)() is request
    with pytest.raises(AttributeError):
        request.stray = 1
    assert repr(make_request("GET", "/%1b[31m?x")) == "<Request GET /%1b[31m>"
    assert isinstance(request, Request)


async def test_trailers() -> None:
    body = b"1\r\na\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n"
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    request = Request(exchange)
    assert await request.read() == b"a"
    assert request.trailers.getall("X-SUM") == ["1", "2"]
    assert "X-Sum" not in request.headers
