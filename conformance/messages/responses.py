"""What goes out for a response, however it was made: the bytes beside aiohttp's, and what it says of itself."""

import io
import json
from datetime import UTC, date, datetime, timedelta, timezone

from multidict import CIMultiDict, MultiDict

from conformance.messages.sides import Case, make_request

__all__ = ["DIFFERENCES", "cases"]


ATTRIBUTES = [
    *("status", "reason", "content_type", "charset", "content_length", "last_modified"),
    *("etag", "chunked", "keep_alive", "prepared"),
]


async def numbers():
    yield b"one"
    yield b"two"


async def failing():
    yield b"one"
    raise RuntimeError("no two")


def changed(make, *changes):
    """Return a function that makes a response and changes it."""

    def make_and_change(web):
        response = make(web)
        for change in changes:
            change(response)
        return response

    return make_and_change


def text(web):
    return web.Response(text="hello")


def empty(web):
    return web.Response()


def setting(name, value):
    return lambda response: setattr(response, name, value)


def calling(name, *arguments, **keywords):
    return lambda response: getattr(response, name)(*arguments, **keywords)


MADE = {
    "empty": empty,
    "text": text,
    "text empty": lambda web: web.Response(text=""),
    "text unicode": lambda web: web.Response(text="ü€"),
    "text charset": lambda web: web.Response(text="ü", charset="latin-1"),
    "text charset upper case": lambda web: web.Response(text="ü", charset="UTF-16"),
    "text charset unknown": lambda web: web.Response(text="ü", charset="nope"),
    "text not in charset": lambda web: web.Response(text="€", charset="latin-1"),
    "text type": lambda web: web.Response(text="<p>", content_type="text/html"),
    "text type in fields": lambda web: web.Response(text="x", headers={"Content-Type": "text/html"}),
    "text type and charset in fields": lambda web: web.Response(
        text="ü", headers={"Content-Type": "text/html; charset=latin-1"}
    ),
    "text type twice": lambda web: web.Response(
        text="x", headers={"content-type": "a/b"}, content_type="c/d"
    ),
    "text charset twice": lambda web: web.Response(
        text="x", headers={"content-type": "a/b"}, charset="utf-8"
    ),
    "text bytes": lambda web: web.Response(text=b"x"),
    "text number": lambda web: web.Response(text=1),
    "text and body": lambda web: web.Response(text="x", body=b"x"),
    "text and empty body": lambda web: web.Response(text="x", body=b""),
    "charset in type": lambda web: web.Response(text="x", content_type="text/html; charset=utf-8"),
    "charset in type of body": lambda web: web.Response(body=b"x", content_type="text/html; charset=utf-8"),
    "charset in type of nothing": lambda web: web.Response(content_type="text/html; charset=utf-8"),
    "bytes": lambda web: web.Response(body=b"\0\xff"),
    "bytes empty": lambda web: web.Response(body=b""),
    "bytes type": lambda web: web.Response(body=b"x", content_type="image/png"),
    "bytes type and charset": lambda web: web.Response(body=b"x", content_type="text/css", charset="utf-8"),
    "bytes charset": lambda web: web.Response(body=b"x", charset="utf-8"),
    "bytes type in fields": lambda web: web.Response(body=b"x", headers={"Content-Type": "image/png"}),
    "bytes type twice": lambda web: web.Response(
        body=b"x", headers={"Content-Type": "a/b"}, content_type="c/d"
    ),
    "bytearray": lambda web: web.Response(body=bytearray(b"x")),
    "memoryview": lambda web: web.Response(body=memoryview(b"x")),
    "body text": lambda web: web.Response(body="ü"),
    "body text type": lambda web: web.Response(body="x", content_type="text/html"),
    "body text charset": lambda web: web.Response(body="ü", content_type="text/html", charset="latin-1"),
    "body BytesIO": lambda web: web.Response(body=io.BytesIO(b"abc")),
    "body StringIO": lambda web: web.Response(body=io.StringIO("ü")),
    "body BytesIO type": lambda web: web.Response(body=io.BytesIO(b"abc"), content_type="image/png"),
    "body BytesIO read": lambda web: web.Response(body=_read(io.BytesIO(b"abc"))),
    "body BytesIO empty": lambda web: web.Response(body=io.BytesIO()),
    "body generator": lambda web: web.Response(body=numbers()),
    "body generator type": lambda web: web.Response(body=numbers(), content_type="text/plain"),
    "body failing generator": lambda web: web.Response(body=failing()),
    "body list": lambda web: web.Response(body=[b"x"]),
    "body number": lambda web: web.Response(body=1),
    "body dict": lambda web: web.Response(body={}),
    "status": lambda web: web.Response(status=201),
    "status enum": lambda web: web.Response(status=__import__("http").HTTPStatus.ACCEPTED),
    "status text": lambda web: web.Response(status="404"),
    "status nonsense": lambda web: web.Response(status="nope"),
    "status 204": lambda web: web.Response(status=204),
    "status 204 text": lambda web: web.Response(status=204, text="x"),
    "status 205": lambda web: web.Response(status=205),
    "status 304": lambda web: web.Response(status=304),
    "status 304 text": lambda web: web.Response(status=304, text="x"),
    "status 299": lambda web: web.Response(status=299, text="x"),
    "status 599": lambda web: web.Response(status=599, text="x"),
    "status 999": lambda web: web.Response(status=999, text="x"),
    "status 1000": lambda web: web.Response(status=1000, text="x"),
    "status 99": lambda web: web.Response(status=99, text="x"),
    "status 0": lambda web: web.Response(status=0, text="x"),
    "reason": lambda web: web.Response(status=200, reason="Fine"),
    "reason empty": lambda web: web.Response(reason=""),
    "reason unicode": lambda web: web.Response(reason="Gut, größer"),
    "reason line end": lambda web: web.Response(reason="a\r\nX: 1"),
    "reason line feed": lambda web: web.Response(reason="a\nb"),
    "reason number": lambda web: web.Response(reason=1),
    "fields mapping": lambda web: web.Response(headers={"X-A": "1", "x-b": "2"}),
    "fields multidict": lambda web: web.Response(headers=MultiDict([("X-A", "1"), ("X-A", "2")])),
    "fields case": lambda web: web.Response(headers=CIMultiDict([("X-A", "1"), ("x-a", "2")])),
    "fields pairs": lambda web: web.Response(headers=[("X-A", "1"), ("X-A", "2")]),
    "fields unicode": lambda web: web.Response(headers={"X-A": "ü€"}),
    "fields empty value": lambda web: web.Response(headers={"X-A": ""}),
    "fields line end": lambda web: web.Response(headers={"X-A": "1\r\nX-B: 2"}),
    "fields line feed": lambda web: web.Response(headers={"X-A": "1\nX-B: 2"}),
    "fields NUL": lambda web: web.Response(headers={"X-A": "1\0"}),
    "fields name line end": lambda web: web.Response(headers={"X-A\r\nX-B": "1"}),
    "fields name space": lambda web: web.Response(headers={"X A": "1"}),
    "fields name colon": lambda web: web.Response(headers={"X:A": "1"}),
    "fields number": lambda web: web.Response(headers={"X-A": 1}),
    "fields none": lambda web: web.Response(headers={"X-A": None}),
    "fields length": lambda web: web.Response(text="hello", headers={"Content-Length": "5"}),
    "fields date": lambda web: web.Response(headers={"Date": "x", "Server": "y"}),
    "fields location": lambda web: web.Response(status=302, headers={"Location": "/a"}),
    "fields later": changed(text, lambda r: r.headers.update({"X-A": "1"})),
    "fields removed": changed(text, lambda r: r.headers.pop("Content-Type")),
    "text set": changed(text, setting("text", "other")),
    "text set on empty": changed(empty, setting("text", "other")),
    "text set unicode": changed(lambda web: web.Response(text="x", charset="latin-1"), setting("text", "ü")),
    "text set on type": changed(
        lambda web: web.Response(body=b"x", content_type="text/html"), setting("text", "ü")
    ),
    "text set bytes": changed(text, setting("text", b"x")),
    "text set none": changed(text, setting("text", None)),
    "text of bytes": changed(
        lambda web: web.Response(body=b"abc"), lambda r: setattr(r, "text", r.text + "!")
    ),
    "text added": changed(text, lambda r: setattr(r, "text", r.text + " wink")),
    "body set": changed(text, setting("body", b"other")),
    "body set none": changed(text, setting("body", None)),
    "body set text": changed(text, setting("body", "other")),
    "type set": changed(text, setting("content_type", "text/html")),
    "type set on empty": changed(empty, setting("content_type", "text/html")),
    "type set nonsense": changed(text, setting("content_type", "nonsense")),
    "type set line end": changed(text, setting("content_type", "text/html\r\nX: 1")),
    "type set with charset": changed(text, setting("content_type", "text/html; charset=latin-1")),
    "type set none": changed(text, setting("content_type", None)),
    "charset set": changed(text, setting("charset", "latin-1")),
    "charset set none": changed(text, setting("charset", None)),
    "charset set on empty": changed(empty, setting("charset", "utf-8")),
    "charset set line end": changed(text, setting("charset", "utf-8\r\nX: 1")),
    "length set": changed(text, setting("content_length", 3)),
    "status set": changed(text, calling("set_status", 404)),
    "status set reason": changed(text, calling("set_status", 404, "Gone fishing")),
    "status set reason line end": changed(text, calling("set_status", 404, "a\r\nb")),
    "status set same": changed(lambda web: web.Response(reason="A"), calling("set_status", 201)),
    "close": changed(text, calling("force_close")),
    "chunked": changed(text, calling("enable_chunked_encoding")),
    "chunked size": changed(text, calling("enable_chunked_encoding", 2)),
    "chunked length": changed(
        lambda web: web.Response(text="x", headers={"Content-Length": "1"}),
        calling("enable_chunked_encoding"),
    ),
    "compression": changed(text, calling("enable_compression")),
    "modified seconds": changed(text, setting("last_modified", 784111777)),
    "modified fraction": changed(text, setting("last_modified", 784111777.2)),
    "modified time": changed(text, setting("last_modified", datetime(1994, 11, 6, 8, 49, 37))),
    "modified UTC": changed(text, setting("last_modified", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))),
    "modified microseconds": changed(
        text, setting("last_modified", datetime(1994, 11, 6, 8, 49, 37, 999999, tzinfo=UTC))
    ),
    "modified zone": changed(
        text,
        setting("last_modified", datetime(1994, 11, 6, 9, 49, 37, tzinfo=timezone(timedelta(hours=1)))),
    ),
    "modified date": changed(text, setting("last_modified", date(1994, 11, 6))),
    "modified text": changed(text, setting("last_modified", "Sun, 06 Nov 1994 08:49:37 GMT")),
    "modified nonsense": changed(text, setting("last_modified", "yesterday")),
    "modified line end": changed(text, setting("last_modified", "a\r\nX: 1")),
    "modified none": changed(text, setting("last_modified", 0), setting("last_modified", None)),
    "modified list": changed(text, setting("last_modified", [])),
    "etag text": changed(text, setting("etag", "abc")),
    "etag empty": changed(text, setting("etag", "")),
    "etag any": changed(text, setting("etag", "*")),
    "etag quoted": changed(text, setting("etag", '"abc"')),
    "etag unicode": changed(text, setting("etag", "ü")),
    "etag space": changed(text, setting("etag", "a b")),
    "etag line end": changed(text, setting("etag", "a\r\nX: 1")),
    "etag number": changed(text, setting("etag", 1)),
    "etag none": changed(text, setting("etag", "a"), setting("etag", None)),
    "json": lambda web: web.json_response({"a": [1, "ü"]}),
    "json none": lambda web: web.json_response(None),
    "json nothing": lambda web: web.json_response(),
    "json text": lambda web: web.json_response(text="[1]"),
    "json body": lambda web: web.json_response(body=b"[1]"),
    "json both": lambda web: web.json_response(1, text="1"),
    "json body and text": lambda web: web.json_response(text="1", body=b"1"),
    "json status": lambda web: web.json_response({}, status=201, reason="R", headers={"X-A": "1"}),
    "json type": lambda web: web.json_response({}, content_type="application/problem+json"),
    "json dumps": lambda web: web.json_response({}, dumps=lambda value: "42"),
    "json dumps bytes": lambda web: web.json_response({}, dumps=lambda value: b"42"),
    "json impossible": lambda web: web.json_response(object()),
    "json nan": lambda web: web.json_response(float("nan")),
    "json bytes": lambda web: web.json_bytes_response(
        {"a": 1}, dumps=lambda value: json.dumps(value).encode()
    ),
    "json bytes body": lambda web: web.json_bytes_response(body=b"[1]", dumps=lambda value: b""),
    "json bytes both": lambda web: web.json_bytes_response(1, body=b"[1]", dumps=lambda value: b""),
    "json bytes nothing": lambda web: web.json_bytes_response(dumps=lambda value: b"x"),
    "json bytes status": lambda web: web.json_bytes_response(
        1, dumps=lambda value: b"1", status=404, reason="R", headers={"X-A": "1"}, content_type="a/b"
    ),
    "stream": lambda web: web.StreamResponse(),
    "stream status": lambda web: web.StreamResponse(status=404, reason="R", headers={"X-A": "1"}),
    "stream type": lambda web: web.StreamResponse(headers={"Content-Type": "text/plain"}),
    "stream length": lambda web: web.StreamResponse(headers={"Content-Length": "0"}),
    "stream length set": changed(lambda web: web.StreamResponse(), setting("content_length", 0)),
    "stream length set none": changed(
        lambda web: web.StreamResponse(), setting("content_length", 5), setting("content_length", None)
    ),
    "stream length negative": changed(lambda web: web.StreamResponse(), setting("content_length", -1)),
    "stream length text": changed(lambda web: web.StreamResponse(), setting("content_length", "0")),
    "stream chunked": changed(lambda web: web.StreamResponse(), calling("enable_chunked_encoding")),
    "stream charset": changed(
        lambda web: web.StreamResponse(), setting("content_type", "text/plain"), setting("charset", "UTF-8")
    ),
    "stream 204": lambda web: web.StreamResponse(status=204),
    "stream 304": lambda web: web.StreamResponse(status=304),
    "none": lambda web: None,
    "string": lambda web: "hello",
    "cookie": changed(text, calling("set_cookie", "a", "1")),
    "cookie all": changed(
        text,
        calling(
            "set_cookie",
            "a",
            "1",
            expires="Sun, 06 Nov 1994 08:49:37 GMT",
            domain="example.org",
            max_age=5,
            path="/p",
            secure=True,
            httponly=True,
            samesite="Lax",
        ),
    ),
    "cookie version": changed(text, calling("set_cookie", "a", "1", version="1")),
    "cookie partitioned": changed(text, calling("set_cookie", "a", "1", partitioned=True, secure=True)),
    "cookie samesite lower": changed(text, calling("set_cookie", "a", "1", samesite="strict")),
    "cookie samesite none": changed(text, calling("set_cookie", "a", "1", samesite="None", secure=True)),
    "cookie samesite nonsense": changed(text, calling("set_cookie", "a", "1", samesite="Perhaps")),
    "cookie path none": changed(text, calling("set_cookie", "a", "1", path=None)),
    "cookie max age 0": changed(text, calling("set_cookie", "a", "1", max_age=0)),
    "cookie max age text": changed(text, calling("set_cookie", "a", "1", max_age="5")),
    "cookie max age nonsense": changed(text, calling("set_cookie", "a", "1", max_age="x")),
    "cookie expires nonsense": changed(text, calling("set_cookie", "a", "1", expires="x")),
    "cookie quoted": changed(text, calling("set_cookie", "a", "1 2;3,4")),
    "cookie quotes": changed(text, calling("set_cookie", "a", 'q"q\\')),
    "cookie unicode": changed(text, calling("set_cookie", "a", "ü")),
    "cookie empty": changed(text, calling("set_cookie", "a", "")),
    "cookie number": changed(text, calling("set_cookie", "a", 1)),
    "cookie line end": changed(text, calling("set_cookie", "a", "1\r\nX: 1")),
    "cookie name": changed(text, calling("set_cookie", "a b", "1")),
    "cookie name empty": changed(text, calling("set_cookie", "", "1")),
    "cookie name reserved": changed(text, calling("set_cookie", "path", "1")),
    "cookie domain line end": changed(text, calling("set_cookie", "a", "1", domain="a\r\nX: 1")),
    "cookie path semicolon": changed(text, calling("set_cookie", "a", "1", path="/;secure")),
    "cookie twice": changed(text, calling("set_cookie", "a", "1"), calling("set_cookie", "a", "2")),
    "cookie two": changed(text, calling("set_cookie", "a", "1"), calling("set_cookie", "b", "2")),
    "cookie two paths": changed(
        text, calling("set_cookie", "a", "1", path="/x"), calling("set_cookie", "a", "2", path="/y")
    ),
    "cookie deleted": changed(text, calling("del_cookie", "a")),
    "cookie deleted all": changed(
        text,
        calling(
            "del_cookie", "a", domain="example.org", path="/p", secure=True, httponly=True, samesite="Lax"
        ),
    ),
    "cookie set and deleted": changed(text, calling("set_cookie", "a", "1"), calling("del_cookie", "a")),
    "cookie deleted and set": changed(text, calling("del_cookie", "a"), calling("set_cookie", "a", "1")),
}


def _read(file):
    file.read(1)
    return file


FRAMED = [
    *("empty", "text", "text empty", "bytes", "bytes empty", "body BytesIO", "body generator"),
    *("body failing generator", "status 204", "status 204 text", "status 205", "status 304"),
    *("status 304 text", "text added", "close", "chunked", "stream", "stream status"),
    *("stream length", "stream chunked", "stream 204", "stream 304", "none", "string"),
]
"""What is asked for by other requests than GET, too: it matters to the framing."""

ASKED = {
    "GET": ("GET /",),
    "HEAD": ("HEAD /",),
    "POST unread": ("POST /", "Content-Length: 3"),
    "1.0": ("GET / HTTP/1.0",),
    "kept": ("GET /", "Connection: keep-alive"),
}


def _tell(response):
    return [[name, getattr(response, name)] for name in ATTRIBUTES if hasattr(response, "status")]


def answering(make):
    """Return a handler that answers by what was made."""

    async def handler(web, request, note):
        await note.of("made", lambda: _tell(make(web)))
        try:
            return make(web)
        except Exception:
            return web.Response(text="raised")

    return handler


def cases():
    for asked, request in ASKED.items():
        raw = make_request(*request, body=b"abc" if "unread" in asked else b"")
        for name in MADE if asked == "GET" else FRAMED:
            yield Case(f"{asked}/{name}", answering(MADE[name]), raw)


DIFFERENCES = {
    "*/body BytesIO*/made": "`content_length` before it is sent",
    "GET/memoryview/made": "`content_length` before it is sent",
    "GET/body text/made": "`content_length` before it is sent",
    "GET/body set text/made": "`content_length` before it is sent",
    "GET/body StringIO/made": "`content_length` before it is sent",
    "GET/compression/made": "`content_length` before it is sent",
    "GET/body text type/*": "text given as `body`",
    "GET/body text charset/*": "text given as `body`",
    "GET/body list/made": "arguments of a wrong type",
    "GET/body number/made": "arguments of a wrong type",
    "GET/body dict/made": "arguments of a wrong type",
    "GET/text set */made": "arguments of a wrong type",
    "GET/type set none/*": "arguments of a wrong type",
    "GET/fields number/*": "arguments of a wrong type",
    "GET/fields none/*": "arguments of a wrong type",
    "GET/fields * end/*": "what would break a head",
    "GET/fields line feed/*": "what would break a head",
    "GET/fields NUL/*": "what would break a head",
    "GET/fields name */*": "what would break a head",
    "GET/* set line end/*": "what would break a head",
    "GET/modified line end/*": "what would break a head",
    "GET/cookie * end/*": "what would break a head",
    "GET/cookie path semicolon/*": "what would break a head",
    "GET/stream length negative/*": "what would break a head",
    "GET/type set *nonsense/*": "what would break a head",
    "GET/type set with charset/*": "what would break a head",
    "GET/cookie samesite nonsense/*": "what would break a head",
    "GET/cookie max age nonsense/*": "what would break a head",
    "GET/cookie line end/*": "what would break a head",
    "GET/compression/answer": "`Vary` with compression",
    "GET/modified date/*": "`last_modified` of a date",
    "GET/etag */*": "`etag`: the empty tag, and a star",
    "GET/cookie version/answer": "Set-Cookie",
    "GET/cookie partitioned/*": "Set-Cookie",
    "GET/cookie path none/answer": "Set-Cookie",
    "GET/cookie unicode/answer": "Set-Cookie",
    "GET/cookie empty/answer": "Set-Cookie",
    "GET/cookie name reserved/*": "Set-Cookie",
    "GET/cookie two paths/answer": "Set-Cookie",
    "GET/cookie *deleted*/answer": "Set-Cookie",
    "HEAD/*/answer": "answers to HEAD",
    "1.0/*chunked/answer": "chunks for HTTP/1.0",
    "GET/status 1000/*": "statuses below 200 and above 999",
    "GET/status 99/*": "statuses below 200 and above 999",
    "GET/status 0/*": "statuses below 200 and above 999",
}
