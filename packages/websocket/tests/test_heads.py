import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket.aio._heads import format_head, parse_request, parse_response


def test_a_request():
    head = b"GET /chat?a=1 HTTP/1.1\r\nHost: x\r\nX-Note:  caf\xe9 au lait \t\r\nEmpty:\r\n\r\n"
    assert parse_request(head) == (
        "GET",
        "/chat?a=1",
        (("Host", "x"), ("X-Note", "café au lait"), ("Empty", "")),
    )


def test_a_response():
    assert parse_response(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n") == (
        101,
        (("Upgrade", "websocket"),),
    )
    assert parse_response(b"HTTP/1.1 404\r\n\r\n") == (404, ())


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET /\xe9 HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 257 + b"\r\n",
    ],
)
def test_a_malformed_request(head):
    with pytest.raises(ValueError, match=r"malformed|more than 256 fields"):
        parse_request(head)


@pytest.mark.parametrize("head", [b"HTTP/1.1 99 x\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"ICY 200 OK\r\n\r\n"])
def test_a_malformed_response(head):
    with pytest.raises(ValueError, match="malformed"):
        parse_response(head)


def test_no_line_is_smuggled_in():
    for value in ("a\r\nB: c", "a\nb", "a\0"):
        with pytest.raises(ValueError, match="line break or NUL"):
            format_head("GET / HTTP/1.1", [("A", value)])


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[!#a-zA-Z0-9_-]+", fullmatch=True),
            st.from_regex(r"[!-~\xa1-\xff]*", fullmatch=True),
        )
    )
)
def test_fields_come_back(fields):
    head = format_head("GET / HTTP/1.1", fields)
    assert parse_request(head).fields == tuple(fields)
