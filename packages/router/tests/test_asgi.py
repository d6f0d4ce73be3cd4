"""The example of an ASGI dispatcher, driven by hand."""

import asyncio
import importlib.util
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "router_asgi.py"


@pytest.fixture(scope="module")
def example():
    if not EXAMPLE.exists():
        pytest.skip("the examples are in the repository, not in the distribution")
    spec = importlib.util.spec_from_file_location("router_asgi", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def request_(example):
    def request(method, raw_path, **more):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "raw_path": raw_path, "headers": [(b"host", b"h")], **more}
        asyncio.run(example.app(scope, None, send))
        start, body = sent
        return start["status"], dict(start["headers"]), body["body"]

    return request


def test_it_is_short(example):
    assert len(EXAMPLE.read_text().splitlines()) <= 80


def test_a_handler_responds(request_):
    status, headers, body = request_("GET", b"/hello/J%C3%BCrgen%2FX")
    assert (status, body.decode()) == (200, "Hello, Jürgen/X!\n")
    assert headers[b"content-length"] == b"%d" % len(body)
    assert request_("GET", None, path="/hello/50%25 ü")[2].decode() == "Hello, 50%25 ü!\n"


def test_values_are_typed(request_):
    assert request_("GET", b"/square/12")[2] == b"144\n"
    assert request_("GET", b"/square/x")[0] == 404


def test_head_has_no_body(request_):
    status, headers, body = request_("HEAD", b"/square/12")
    assert (status, headers[b"content-length"], body) == (200, b"4", b"")


def test_what_is_not_there(request_):
    assert request_("GET", b"/")[0] == 404
    status, headers, body = request_("PUT", b"/hello/x")
    assert (status, headers[b"allow"], body) == (405, b"GET, HEAD, OPTIONS", b"Method Not Allowed\n")
    status, headers, body = request_("OPTIONS", b"/hello/x")
    assert (status, headers[b"allow"], body) == (200, b"GET, HEAD, OPTIONS", b"")


def test_only_http(example):
    with pytest.raises(ValueError, match="not websocket"):
        asyncio.run(example.app({"type": "websocket"}, None, None))
