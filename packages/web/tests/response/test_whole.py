"""Whole responses: what they say of themselves, and what is sent."""

import asyncio
import gzip
import inspect
import io
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest
from multidict import MultiDict

from muntin.http_core.coding.decoder import ContentDecoder
from muntin.http_core.coding.limits import DecodingLimits
from muntin.http_core.coding.registry import available_codings
from muntin.http_core.headers.etags import ETag
from muntin.web.keys import NotAppKeyWarning, ResponseKey
from muntin.web.response.compression import ContentCoding
from muntin.web.response.whole import Response

pytestmark = pytest.mark.anyio


def sent(request):
    return request.exchange.answer


@pytest.mark.row("HC-06", "HC-07", "HC-08")
@pytest.mark.parametrize(
    ("arguments", "content_type", "body"),
    [
        ({"body": b"x"}, "application/octet-stream", b"x"),
        ({"body": bytearray(b"x")}, "application/octet-stream", b"x"),
        ({"text": "ü"}, "text/plain; charset=utf-8", "ü".encode()),
        ({"body": "ü"}, "text/plain; charset=utf-8", "ü".encode()),
        ({"text": "я", "charset": "koi8-r"}, "text/plain; charset=koi8-r", b"\xd1"),
        ({"text": "x", "content_type": "text/html"}, "text/html; charset=utf-8", b"x"),
        ({"text": "я", "headers": {"Content-Type": "a/b; charset=koi8-r"}}, "a/b; charset=koi8-r", b"\xd1"),
        ({"body": b"x", "content_type": "image/png"}, "image/png", b"x"),
        ({}, None, b""),
        ({"body": b""}, None, b""),
        ({"text": ""}, "text/plain; charset=utf-8", b""),
    ],
)
def test_one_write_with_type_and_length(make_request, arguments, content_type, body):
    request = make_request()
    assert Response(**arguments).deliver_nowait(request)
    response = sent(request)
    assert (response.status, response.reason, response.body) == (200, "OK", body)
    assert response.headers.get("Content-Type") == content_type
    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["Server"].startswith("muntin/")
    assert len(request.exchange.writes) == 1


@pytest.mark.row("HC-09")
def test_repeated_keys_become_repeated_lines(make_request):
    request = make_request()
    Response(headers=MultiDict([("X-A", "1"), ("X-A", "2")])).deliver_nowait(request)
    assert sent(request).headers.getall("X-A") == ["1", "2"]


@pytest.mark.row("HC-12", "HC-47")
def test_a_middleware_may_change_text_and_fields(make_request):
    request = make_request()
    response = Response(text="hello")
    response.text += " wink"
    response.headers["X-A"] = "b"
    response.set_status(201)
    assert (response.status, response.reason) == (201, "Created")
    response.deliver_nowait(request)
    received = sent(request)
    assert (received.status, received.body) == (201, b"hello wink")
    assert received.headers["Content-Length"] == "10"
    assert received.headers["X-A"] == "b"


@pytest.mark.row("HC-13")
def test_a_response_is_a_mapping():
    response = Response(text="x")
    key = ResponseKey("n", int)
    response[key] = 1
    with pytest.warns(NotAppKeyWarning, match=r"'s' is no web\.ResponseKey"):
        response["s"] = "t"
    assert (response[key], response["s"], len(response), bool(Response())) == (1, "t", 2, True)
    assert Response() != Response()


@pytest.mark.row("BH-09")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"body": b"x", "text": "x"}, ValueError),
        ({"content_type": "text/html; charset=utf-8"}, ValueError),
        ({"text": "x", "headers": {"content-type": "a/b"}, "content_type": "c/d"}, ValueError),
        ({"text": "x", "headers": {"content-type": "a/b"}, "charset": "utf-8"}, ValueError),
        ({"body": b"x", "headers": {"content-type": "a/b"}, "content_type": "c/d"}, ValueError),
        ({"text": b"x"}, TypeError),
        ({"body": 5}, TypeError),
        ({"status": 99}, ValueError),
        ({"status": 1000}, ValueError),
        ({"status": "x"}, ValueError),
    ],
)
def test_what_makes_no_response(arguments, error):
    with pytest.raises(error):
        Response(**arguments)


@pytest.mark.row("HI-34", "AH-26", "AH-28")
@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\r\nX: y", "a\0b", "a\x1bb", "a\x7fb"])
def test_characters_that_would_break_a_head_are_refused_when_set(bad):
    response = Response()
    for attempt in (
        lambda: Response(reason=bad),
        lambda: Response(headers={"X": bad}),
        lambda: Response(headers={bad: "x"}),
        lambda: Response(content_type=f"text/{bad}"),
        lambda: Response(text="", charset=bad),
        lambda: response.set_status(200, bad),
        lambda: response.set_cookie("a", bad),
        lambda: response.set_cookie(bad, "a"),
        lambda: response.set_cookie("a", "b", path=bad),
        lambda: response.set_cookie("a", "b", domain=bad),
        lambda: response.set_cookie("a", "b", samesite=bad),
        lambda: response.set_cookie("a", "b", expires=bad),
        lambda: response.set_cookie("a", "b", max_age=bad),
        lambda: setattr(response, "content_type", f"text/{bad}"),
        lambda: setattr(response, "etag", bad),
        lambda: setattr(response, "last_modified", bad),
    ):
        with pytest.raises(ValueError):
            attempt()


@pytest.mark.row("HI-35")
@pytest.mark.parametrize("line", [("a b", "c"), ("X", "a\r\nb"), ("", "x")])
def test_what_is_put_into_the_mapping_is_refused_at_once(make_request, line):
    request = make_request()
    response = Response(text="x")
    with pytest.raises(ValueError):
        response.headers[line[0]] = line[1]
    assert response.deliver_nowait(request)
    assert [*request.exchange.answer.headers] == ["Content-Type", "Server", "Content-Length"]


def test_cookies_are_told_apart_as_browsers_do(make_request):
    request = make_request()
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie("a", "2", max_age=3, secure=True, httponly=True, samesite="lax")
    response.set_cookie("a", "3", path="/x", partitioned=True, secure=True)
    response.set_cookie("b", 'c"d', domain="example.org", expires=0)
    response.del_cookie("z")
    assert response.cookies["b"].value == 'c"d'
    assert (response.cookies["a"]["path"], response.cookies["b"]["max-age"]) == ("/x", "")
    response.deliver_nowait(request)
    assert sent(request).headers.getall("Set-Cookie") == [
        "a=2; Path=/; Max-Age=3; Secure; HttpOnly; SameSite=Lax",
        "a=3; Path=/x; Secure; Partitioned",
        'b="c\\"d"; Domain=example.org; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        "z=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
    ]


ATTRIBUTES = [
    {},
    {"path": "/x"},
    {"path": None},
    {"domain": "example.org"},
    {"secure": True, "httponly": True},
    {"samesite": "None", "secure": True},
    {"samesite": "None", "secure": True, "partitioned": True},
    {"partitioned": True, "secure": True, "path": "/x", "domain": "example.org", "version": "1"},
]


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_a_cookie_is_deleted_by_the_attributes_that_it_was_set_with(make_request, attributes):
    fields = []
    for is_set in (True, False):
        request, response = make_request(), Response()
        if is_set:
            response.set_cookie("a", "b", **attributes)
        else:
            response.del_cookie("a", **attributes)
        response.deliver_nowait(request)
        fields.append(sent(request).headers["Set-Cookie"].split("; "))
    given, taken = fields
    assert taken[0] == "a="
    assert set(taken[1:]) == {*given[1:], "Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"}


def test_deleting_takes_whatever_setting_does_but_the_value_and_its_times():
    set_by, deleted_by = (
        inspect.signature(method).parameters for method in (Response.set_cookie, Response.del_cookie)
    )
    assert set_by.keys() - deleted_by.keys() == {"value", "expires", "max_age"}
    assert not deleted_by.keys() - set_by.keys()
    with pytest.raises(ValueError, match="must be secure"):
        Response().del_cookie("a", partitioned=True)


def test_a_partitioned_cookie_is_another_one(make_request):
    request, response = make_request(), Response()
    response.set_cookie("a", "1", secure=True, partitioned=True)
    response.del_cookie("a", secure=True)
    response.set_cookie("a", "2", secure=True, partitioned=True)
    response.deliver_nowait(request)
    assert sent(request).headers.getall("Set-Cookie") == [
        "a=2; Path=/; Secure; Partitioned",
        "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure",
    ]


@pytest.mark.parametrize(
    ("given", "sent_as"),
    [(0.9, 1), (0.001, 1), ("0.9", 1), (1.0, 1), (1.5, 2), (59.99, 60), (0, 0), (0.0, 0), ("0", 0), (-0.5, 0), (-1, -1),
     ("3600", 3600), (Decimal("0.5"), 1), (True, 1), (2**53 + 1, 2**53 + 1)],
)  # fmt: skip
def test_parts_of_a_second_do_not_remove_a_cookie(given, sent_as):
    response = Response()
    response.set_cookie("a", "b", max_age=given)
    assert response.cookies["a"].field == f"a=b; Path=/; Max-Age={sent_as}"
    assert response.cookies["a"]["max-age"] == sent_as


def test_times_of_cookies_that_are_none():
    response = Response()
    for bad in (float("nan"), float("inf"), "soon", "", "1e999", "1; Secure"):
        with pytest.raises(ValueError):
            response.set_cookie("a", "b", max_age=bad)
    for bad in (float("nan"), float("inf"), 1e20):
        with pytest.raises(ValueError):
            response.set_cookie("a", "b", expires=bad)
    response.set_cookie("a", "b", expires=0.5)
    assert response.cookies["a"].field == "a=b; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT"
    response.set_cookie("a", "b", expires="Thu, 01 Jan 1970 00:00:02 GMT")
    assert response.cookies["a"].field.endswith("00:00:02 GMT")


def test_type_and_charset_are_told_apart():
    response = Response(text="x")
    response.content_type = "text/html"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    response.charset = "KOI8-R"
    assert (response.content_type, response.charset) == ("text/html", "koi8-r")
    response.text = "я"
    assert response.body == b"\xd1"
    response.charset = None
    assert response.headers["Content-Type"] == "text/html"
    with pytest.raises(RuntimeError):
        Response(body=b"").charset = "utf-8"


def test_dates_and_tags():
    response = Response()
    assert (response.last_modified, response.etag) == (None, None)
    for value in (0, 0.0, datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1), date(1970, 1, 1)):
        response.last_modified = value
        assert response.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert response.last_modified == datetime(1970, 1, 1, tzinfo=UTC)
    response.etag = "x"
    assert (response.etag, response.headers["ETag"]) == (ETag("x"), '"x"')
    response.etag = ETag("y", is_weak=True)
    assert response.headers["ETag"] == 'W/"y"'
    response.etag = response.last_modified = None
    assert not response.headers
    with pytest.raises(ValueError):
        response.etag = 5


def test_the_length_follows_from_the_body():
    response = Response(text="abc")
    assert response.content_length == 3
    with pytest.raises(RuntimeError):
        response.content_length = 5
    response.enable_compression()
    assert response.content_length is None


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [200, 204, 304])
async def test_no_body_where_none_may_be(make_request, method, status):
    for deliver in (lambda r, q: r.deliver(q), prepare_and_end):
        request = make_request(method)
        await deliver(Response(status=status, body=b"abc"), request)
        head, _, body = bytes(request.exchange.sent).partition(b"\r\n\r\n")
        assert body == (b"abc" if (method, status) == ("GET", 200) else b"")
        assert (b"Content-Length: 3" in head) is (status == 200)
        assert (b"Content-Type" in head) is (status == 200)


async def prepare_and_end(response, request):
    await response.prepare(request)
    assert response.prepared
    await response.write_eof()
    assert response.finished


@pytest.mark.row("HC-11", "HC-47")
async def test_changes_after_prepare_are_not_sent(make_request):
    request = make_request()
    response = Response(text="abc")
    await response.prepare(request)
    response.headers["X-Late"] = "x"
    response.set_cookie("late", "x")
    await response.write_eof()
    received = sent(request)
    assert received.body == b"abc"
    assert received.headers["Content-Length"] == "3"
    assert "X-Late" not in received.headers
    assert "Set-Cookie" not in received.headers
    with pytest.raises(ValueError):
        await Response(text="x").write_eof(b"more")


async def test_one_response_answers_one_request(make_request):
    request, response = make_request(), Response(text="x")
    assert response.deliver_nowait(request)
    assert response.deliver_nowait(request)
    await response.deliver(request)
    assert len(request.exchange.writes) == 1
    with pytest.raises(RuntimeError, match="another request"):
        response.deliver_nowait(make_request())
    with pytest.raises(RuntimeError, match="another request"):
        await response.deliver(make_request())


async def test_signals_see_the_defaults_and_may_change_them(make_request):
    order = []

    async def outer(request, response):
        order.append(dict(response.headers))
        response.headers["X-A"] = "b"
        response.text = "longer"

    async def inner(request, response):
        order.append(response.headers["X-A"])

    request = make_request()
    request.prepare_signals = (outer, inner)
    response = Response(text="abc")
    assert not response.deliver_nowait(request)
    await response.deliver(request)
    assert order[0].keys() == {"Content-Type", "Content-Length", "Date", "Server"}
    assert order[0]["Content-Length"] == "3"
    assert order[1] == "b"
    assert sent(request).body == b"longer"
    assert sent(request).headers["Content-Length"] == "6"
    assert sent(request).headers.getall("Date") == [order[0]["Date"]]
    assert len(request.exchange.writes) == 1


async def test_a_subclass_may_send_by_itself(make_request):
    class Loud(Response):
        async def prepare(self, request):
            self.headers["X-Loud"] = "yes"
            await super().prepare(request)

    request = make_request()
    assert not Loud(text="x").deliver_nowait(request)
    await Loud(text="x").deliver(request)
    assert sent(request).headers["X-Loud"] == "yes"
    assert sent(request).body == b"x"


@pytest.mark.row("HC-17")
async def test_the_peer_is_gone(make_request):
    request = make_request()
    request.exchange.disconnect()
    with pytest.raises(ConnectionResetError):
        Response(text="x").deliver_nowait(request)
    with pytest.raises(OSError):
        await Response(text="x").deliver(request)


@pytest.mark.row("HC-49")
def test_force_close(make_request):
    request, response = make_request(), Response(text="x")
    assert response.keep_alive is None
    response.force_close()
    assert response.keep_alive is False
    response.deliver_nowait(request)
    assert sent(request).headers["Connection"] == "close"
    assert not request.exchange.keeps_alive


def undo(coding, data):
    decoder = ContentDecoder([coding], DecodingLimits())
    whole = b"".join(decoder.decode(data))
    decoder.finish()
    return whole


@pytest.mark.row("BH-12")
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate", "gzip"),
        ("deflate, gzip;q=0.5", "deflate"),
        ("deflate", "deflate"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=0, deflate;q=0", None),
        ("identity", None),
        ("nonsense;;", None),
        (None, None),
    ],
)
async def test_compression_is_negotiated(make_request, accepted, coding):
    lines = [] if accepted is None else [f"Accept-Encoding: {accepted}"]
    if coding not in (None, *available_codings()):
        pytest.skip(f"the library for {coding} is not installed")
    decode = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}.get(
        coding, partial(undo, coding)
    )
    for text in ("small", "large" * 5000):
        request = make_request("GET", "/", *lines)
        response = Response(text=text, headers={"ETag": '"t"'})
        response.enable_compression()
        assert response.compression
        await response.deliver(request)
        received = sent(request)
        assert received.headers.get("Content-Encoding") == coding
        assert received.headers["Vary"] == "Accept-Encoding"
        assert received.headers["Content-Length"] == str(len(received.body))
        assert received.headers["ETag"] == ('W/"t"' if coding else '"t"')
        assert decode(received.body) == text.encode()


async def test_compression_by_other_rules(make_request):
    request = make_request()
    response = Response(text="x" * 100)
    response.enable_compression(ContentCoding.gzip)
    response.deliver_nowait(request)
    assert gzip.decompress(sent(request).body) == b"x" * 100
    forced = make_request()
    response = Response(text="x" * 100)
    response.enable_compression(force=True)
    await response.prepare(forced)
    await response.write_eof()
    assert sent(forced).headers["Content-Encoding"] == "deflate"
    assert zlib.decompress(sent(forced).body) == b"x" * 100
    encoded = make_request("GET", "/", "Accept-Encoding: gzip")
    response = Response(body=b"x", headers={"Content-Encoding": "br", "Vary": "*"})
    response.enable_compression()
    response.deliver_nowait(encoded)
    assert (sent(encoded).body, sent(encoded).headers.getall("Vary")) == (b"x", ["*"])


async def test_a_large_body_is_compressed_elsewhere(make_request):
    threads = []

    class Watched(ThreadPoolExecutor):
        def submit(self, *args, **kwargs):
            threads.append(1)
            return super().submit(*args, **kwargs)

    with Watched(1) as executor:
        for size, expected in ((10, 0), (11, 1)):
            response = Response(body=b"x" * size, zlib_executor_size=10, zlib_executor=executor)
            response.enable_compression(ContentCoding.gzip)
            request = make_request()
            assert response.deliver_nowait(request) is not bool(expected)
            await response.deliver(request)
            assert len(threads) == expected
            assert gzip.decompress(sent(request).body) == b"x" * size


async def pieces(*given):
    for piece in given:
        await asyncio.sleep(0)
        yield piece


async def test_bodies_of_other_kinds(make_request, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    with path.open("rb") as opened:
        opened.read(2)
        request = make_request()
        response = Response(body=opened)
        assert not response.deliver_nowait(request)
        await response.deliver(request)
        assert opened.closed
    received = sent(request)
    assert (received.body, received.headers["Content-Type"], received.headers["Content-Length"]) == (
        b"23456789",
        "text/plain",
        "8",
    )
    assert received.headers["Content-Disposition"] == 'attachment; filename="a.txt"'
    for body, expected in (
        (io.BytesIO(b"abc"), b"abc"),
        (io.StringIO("ü"), "ü".encode()),
        (pieces(b"a", b"", b"b"), b"ab"),
    ):
        request = make_request()
        await Response(body=body, headers={"Content-Type": "x/y"}).deliver(request)
        assert sent(request).body == expected
        assert sent(request).headers.getall("Content-Type") == ["x/y"]


@pytest.mark.row("AH-33", "HI-46")
async def test_a_file_is_closed_when_the_client_is_gone(make_request, tmp_path):
    closed = []

    async def endless():
        try:
            while True:
                yield b"x" * 100
        finally:
            closed.append(True)

    request = make_request()
    request.exchange.stall()
    delivering = asyncio.ensure_future(Response(body=endless()).deliver(request))
    await asyncio.sleep(0)
    request.exchange.disconnect()
    with pytest.raises(ConnectionResetError):
        await delivering
    assert closed == [True]
    path = tmp_path / "f"
    path.write_bytes(b"x")
    file = path.open("rb")
    request = make_request()
    request.exchange.disconnect()
    with pytest.raises(ConnectionResetError):
        await Response(body=file).deliver(request)
    assert file.closed


@pytest.mark.parametrize(
    ("method", "line", "status"),
    [
        ("GET", 'If-None-Match: "t"', 304),
        ("GET", 'If-None-Match: W/"t"', 304),
        ("HEAD", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", 304),
        ("GET", 'If-None-Match: "other"', 200),
        ("GET", 'If-Match: "other"', 412),
        ("PUT", 'If-None-Match: "t"', 412),
        ("GET", "X: y", 200),
    ],
)
def test_conditional_responses(make_request, method, line, status):
    request = make_request(method, "/", line)
    response = Response(text="abc")
    response.etag, response.last_modified = "t", 0
    response.make_conditional(request)
    response.deliver_nowait(request)
    received = sent(request)
    assert received.status == status
    assert received.headers["ETag"] == '"t"'
    failed = Response(status=404)
    failed.make_conditional(request)
    assert failed.status == 404


@pytest.mark.parametrize("has_trailers", [True, False])
def test_a_body_that_is_known_can_be_streamed(make_request, has_trailers):
    request, response = make_request(), Response(text="abc")
    if has_trailers:
        response.trailers["X-Sum"] = "1"
    else:
        response.enable_chunked_encoding()
        assert response.content_length is None
    assert not response.deliver_nowait(request)
    asyncio.run(response.deliver(request))
    assert sent(request).headers["Transfer-Encoding"] == "chunked"
    assert (sent(request).body, len(sent(request).trailers)) == (b"abc", has_trailers)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("text/plain; version=1.0.0; charset=utf-8", "text/plain; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0"),
        ('multipart/related; type="a/b"', 'multipart/related; type="a/b"'),
        ("text/html", "text/html; charset=koi8-r"),
    ],
)
def test_a_type_is_assigned_with_its_parameters(given, sent):
    response = Response(text="x", charset="koi8-r")
    response.content_type = given
    assert response.headers["Content-Type"] == sent


def test_a_type_is_made_with_parameters_but_the_charset_apart():
    made = Response(body=b"x", content_type="text/plain; version=1.0.0", charset="utf-8")
    assert made.headers["Content-Type"] == "text/plain; version=1.0.0; charset=utf-8"
    assert (made.content_type, made.charset) == ("text/plain", "utf-8")
    assert Response(text="x", content_type="a/b; c=d").headers["Content-Type"] == "a/b; c=d; charset=utf-8"
    with pytest.raises(ValueError, match="pass it as charset"):
        Response(text="x", content_type="text/plain; version=1; charset=utf-8")


@pytest.mark.parametrize(
    "bad",
    ["text", "text/", "text/plain;", "text/plain; a", "text/plain; a=", "a/b; c=d\r\nE: f", 'a/b; c="d'],
)
def test_a_malformed_type_is_refused(bad):
    response = Response()
    with pytest.raises(ValueError, match="not a type and a subtype"):
        response.content_type = bad
    with pytest.raises(ValueError, match="not a type and a subtype"):
        Response(body=b"x", content_type=bad)
