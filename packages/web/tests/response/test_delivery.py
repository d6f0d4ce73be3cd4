"""How responses are sent: which way each goes, and what a subclass may put in the place of ours."""

import gc
import io
from typing import Any

import pytest

from muntin import web
from muntin.static import StaticRoot
from muntin.web.response.body import BodyKind, FileStretch, kind_of
from muntin.web.response.delivery import Way, choose
from muntin.web.response.overriding import LEFT_TO_US, sends_by_itself

pytestmark = pytest.mark.anyio


# The table


@pytest.mark.parametrize(
    ("kind", "as_it_is", "encoded", "in_pieces"),
    [
        (BodyKind.BYTES, Way.WHOLE, Way.WHOLE, Way.STREAM),
        (BodyKind.FILE_IN_MEMORY, Way.WHOLE, Way.STREAM, Way.STREAM),
        (BodyKind.FILE, Way.FILE, Way.STREAM, Way.STREAM),
        (BodyKind.PIECES, Way.STREAM, Way.STREAM, Way.STREAM),
        (BodyKind.WRITTEN, Way.STREAM, Way.STREAM, Way.STREAM),
        (BodyKind.SOCKET, Way.UPGRADE, Way.UPGRADE, Way.UPGRADE),
    ],
)
def test_every_body_has_a_way(kind: BodyKind, as_it_is: Way, encoded: Way, in_pieces: Way) -> None:
    assert choose(kind, is_encoded=False, in_pieces=False) is as_it_is
    assert choose(kind, is_encoded=True, in_pieces=False) is encoded
    assert choose(kind, is_encoded=False, in_pieces=True) is in_pieces
    assert choose(kind, is_encoded=True, in_pieces=True) is in_pieces


def test_the_table_is_complete() -> None:
    for kind in BodyKind:
        assert choose(kind, is_encoded=False, in_pieces=False) in Way


def test_what_a_body_is_sent_with_says_its_kind() -> None:
    for kind in BodyKind:
        assert kind_of(kind) is kind
    assert kind_of(FileStretch(io.BytesIO(b"a"), 0, 1, 1)) is BodyKind.FILE
    assert kind_of(lambda duplex, request: None) is BodyKind.SOCKET


# What subclasses replace


class Plain(web.Response):
    """Replaces nothing that sends."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(text="plain", **kwargs)


class Prepares(web.Response):
    async def prepare(self, request: Any) -> None:
        self.headers["X-Replaced"] = "prepare"
        await super().prepare(request)


class Writes(web.Response):
    def write(self, data: Any) -> Any:
        return super().write(bytes(data).upper())


class Ends(web.Response):
    def write_eof(self, data: bytes = b"") -> Any:
        self.ended = True
        return super().write_eof(data)


class Delivers(web.Response):
    async def deliver(self, request: Any) -> None:
        self.headers["X-Replaced"] = "deliver"
        await super().deliver(request)


class Files(web.FileResponse):
    async def prepare(self, request: Any) -> None:
        await super().prepare(request)
        self.sent_by = "prepare"


@pytest.mark.parametrize(
    "kind", [web.Response, web.StreamResponse, web.FileResponse, web.HTTPNotFound, Plain]
)
def test_ours_are_left_to_us(kind: type[web.StreamResponse]) -> None:
    assert not sends_by_itself(kind)
    assert not sends_by_itself(kind), "remembered"


@pytest.mark.parametrize("kind", [Prepares, Writes, Ends, Delivers, Files, web.WebSocketResponse])
def test_what_replaces_a_method_sends_by_itself(kind: type[web.StreamResponse]) -> None:
    assert sends_by_itself(kind)
    assert sends_by_itself(kind)
    assert kind not in LEFT_TO_US


def test_a_subclass_that_replaces_nothing_is_one_write(make_request: Any) -> None:
    for _ in range(2):
        request = make_request()
        assert Plain().deliver_nowait(request)
        assert (len(request.exchange.writes), request.exchange.answer.body) == (1, b"plain")


def test_classes_that_are_made_all_the_time_are_not_kept(make_request: Any) -> None:
    for _ in range(600):
        request = make_request()
        assert type("Passing", (Plain,), {})().deliver_nowait(request)
    assert len(LEFT_TO_US) <= 256


async def send(response: Any, request: Any) -> Any:
    if not response.deliver_nowait(request):
        await response.deliver(request)
    return request.exchange.answer


async def test_the_methods_of_a_subclass_are_used(make_request: Any, tmp_path: Any) -> None:
    assert (await send(Prepares(text="x"), make_request())).headers["X-Replaced"] == "prepare"
    assert (await send(Delivers(text="x"), make_request())).headers["X-Replaced"] == "deliver"
    assert (await send(Writes(body=io.BytesIO(b"loud")), make_request())).body == b"LOUD"
    ends = Ends(text="x")
    assert (await send(ends, make_request())).body == b"x"
    assert ends.ended
    (tmp_path / "a.txt").write_text("a")
    files = Files(tmp_path / "a.txt")
    assert (await send(files, make_request())).body == b"a"
    assert files.sent_by == "prepare"


# What else is asked for


async def test_all_that_was_the_body_once_is_closed(make_request: Any) -> None:
    bodies = [io.BytesIO(b"first"), io.BytesIO(b"second")]
    response = web.Response(body=bodies[0])
    response.body = bodies[1]
    response.body = b"third"
    request = make_request()
    assert not response.deliver_nowait(request), "closing is waited for"
    await response.deliver(request)
    assert request.exchange.answer.body == b"third"
    assert [body.closed for body in bodies] == [True, True]
    assert response.deliver_nowait(request)


async def test_options_of_one_response_are_not_those_of_another(make_request: Any) -> None:
    for ask in (
        web.Response.force_close,
        web.Response.enable_chunked_encoding,
        web.Response.enable_compression,
    ):
        ask(web.Response())
    web.Response().trailers["X-A"] = "b"
    response, request = web.Response(text="x"), make_request()
    assert response.deliver_nowait(request)
    assert (response.keep_alive, response.chunked, response.compression) == (True, False, False)
    assert "Vary" not in request.exchange.answer.headers


# Plans


@pytest.fixture
def root(tmp_path: Any) -> StaticRoot:
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 1024)
    return StaticRoot(tmp_path)


@pytest.mark.parametrize(("name", "writes"), [("small.txt", 1), ("large.bin", 2)])
async def test_a_plan_is_sent_as_a_file_is(
    make_request: Any, root: StaticRoot, name: str, writes: int
) -> None:
    for method in ("GET", "HEAD"):
        request = make_request(method)
        plan = root.plan(method, name, lambda name: None)
        expected = dict(plan.fields)
        response = web.FileResponse(plan)
        assert (response.status, response.content_type) == (200, expected["Content-Type"].partition(";")[0])
        assert response.content_length == int(expected["Content-Length"])
        received = await send(response, request)
        assert len(request.exchange.writes) == (1 if method == "HEAD" else writes)
        assert {name: received.headers[name] for name in expected} == expected
        assert len(received.body) == (0 if method == "HEAD" else int(expected["Content-Length"]))


async def test_a_file_that_is_not_sent_is_closed(root: StaticRoot) -> None:
    plan = root.plan("GET", "large.bin", lambda name: None)
    file = plan.file
    assert file is not None
    response = web.FileResponse(plan)
    assert not file.closed
    del plan, response
    gc.collect()
    assert file.closed


async def test_head_of_a_small_file_that_would_be_encoded(make_request: Any, tmp_path: Any) -> None:
    (tmp_path / "a.txt").write_text("text" * 500)
    responses = {}
    for method in ("GET", "HEAD"):
        response, request = (
            web.FileResponse(tmp_path / "a.txt"),
            make_request(method, "/", "Accept-Encoding: gzip"),
        )
        response.enable_compression()
        received = responses[method] = await send(response, request)
        assert received.headers["Content-Encoding"] == "gzip"
    assert responses["HEAD"].body == b""
    # The length of what is left out is not known, and that of nothing must not be stated in its place.
    assert "Content-Length" not in responses["HEAD"].headers
