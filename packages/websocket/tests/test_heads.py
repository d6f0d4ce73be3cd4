import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket.aio._heads import BadHead, format_head, parse_request, parse_response


def test_a_request():
    head = b"GET /chat?a=1 HTTP/1.1\r\nHost: x\r\nX-Note:  caf\xe9 au lait \t\r\nEmpty:\r\n\r\n"
    assert parse_request(head) == (
        "GET",
        "/chat?a=1",
        (("Host", "x"), ("X-Note", "café au lait"), ("Empty", "")),
    )
    for line in (
        b"GET http://x/chat HTTP/1.1",
        b"GET HTTPS://X?a HTTP/1.1",
        b"GET http://x:80/ HTTP/1.1",
        b"GET https://x:443/ HTTP/1.1",
        b"HEAD / HTTP/1.1",
    ):
        assert parse_request(line + b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n").method in ("GET", "HEAD")


def test_a_response():
    assert parse_response(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n") == (
        101,
        (("Upgrade", "websocket"),),
    )
    assert parse_response(b"HTTP/1.1 404\r\n\r\n") == (404, ())


@pytest.mark.row("HI-43")
@pytest.mark.parametrize(
    "head",
    [
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET /\xe9 HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET /#x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET ws://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:///x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://a@x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x01c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x7f\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x@y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x:port\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: caf\xe9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [:::]\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [v1.x]\r\n\r\n",
        b"GET http://:80/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[:::]/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_malformed_request(head):
    with pytest.raises(BadHead, match="malformed") as info:
        parse_request(head)
    assert info.value.status == 400


@pytest.mark.row("HI-43")
@pytest.mark.parametrize(
    ("first", "lines", "status", "reason"),
    [
        (b"GET / HTTP/1.1", b"", 400, "exactly one Host"),
        (b"GET / HTTP/1.1", b"Host: x\r\nhost: x\r\n", 400, "exactly one Host"),
        (b"GET http://y/ HTTP/1.1", b"Host: x\r\n", 400, "different authorities"),
        (b"GET http://x:81/ HTTP/1.1", b"Host: x\r\n", 400, "different authorities"),
        (b"GET https://x:80/ HTTP/1.1", b"Host: x\r\n", 400, "different authorities"),
        (b"GET / HTTP/1.1", b"Host: x\r\nContent-Length: 5\r\n", 400, "no body"),
        (b"GET / HTTP/1.1", b"Host: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n", 400, "no body"),
        (b"GET / HTTP/1.1", b"Host: x\r\nContent-Length: -0\r\n", 400, "no body"),
        (b"GET / HTTP/1.1", b"Host: x\r\nTransfer-Encoding: chunked\r\n", 400, "no body"),
        (b"GET / HTTP/1.1", b"Host: x\r\nTransfer-Encoding: \r\n", 400, "no body"),
        (b"GET / HTTP/1.0", b"Host: x\r\n", 400, "HTTP/1.1"),
        (b"GET / HTTP/2.0", b"Host: x\r\n", 505, "HTTP/1.1"),
        (b"GET /" + b"a" * 8190 + b" HTTP/1.1", b"Host: x\r\n", 414, "too long"),
        (b"GET / HTTP/1.1", b"Host: x\r\nA: " + b"a" * 8190 + b"\r\n", 431, "too long"),
        (b"GET / HTTP/1.1", b"Host: x\r\n" + b"A: b\r\n" * 128, 431, "more than 128 fields"),
    ],
)
def test_what_is_served_nowhere(first, lines, status, reason):
    with pytest.raises(BadHead, match=reason) as info:
        parse_request(first + b"\r\n" + lines + b"\r\n")
    assert info.value.status == status


@pytest.mark.parametrize("head", [b"HTTP/1.1 99 x\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"ICY 200 OK\r\n\r\n"])
def test_a_malformed_response(head):
    with pytest.raises(ValueError, match="malformed"):
        parse_response(head)


def test_no_line_is_smuggled_in():
    for value in ("a\r\nB: c", "a\nb", "a\0", "\x1b", "\x7f", "\u2603"):
        with pytest.raises(ValueError, match="the field A has a control character"):
            format_head("GET / HTTP/1.1", [("A", value)])
    for name in ("", "a b", "A:", "é", "a\r\nb"):
        with pytest.raises(ValueError, match="is not the name of a field"):
            format_head("GET / HTTP/1.1", [(name, "b")])
    for field in ("ab", b"ab", ("a",), ("a", "b", "c"), (b"a", b"b"), ("a", 5), ("a", None)):
        with pytest.raises(TypeError, match="fields are pairs of"):
            format_head("GET / HTTP/1.1", [field])


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[!#a-zA-Z0-9_-]+", fullmatch=True),
            st.from_regex(r"[!-~\xa1-\xff]*", fullmatch=True),
        ),
        max_size=100,
    )
)
def test_fields_come_back(fields):
    head = format_head("HTTP/1.1 200 OK", fields)
    assert parse_response(head) == (200, tuple(fields))
