"""Server-sent events: the format, and every way in which a stream ends."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin import web
from muntin.web.response.events import EventStream, close_event_streams, format_event
from muntin.web.testing import TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"data": "x"}, "data: x\n\n"),
        ({"data": ""}, "data: \n\n"),
        ({"data": "a\nb\r\nc\rd"}, "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data": "x", "event": "e", "id": "1", "retry": 1.5}, "event: e\nid: 1\nretry: 1500\ndata: x\n\n"),
    ],
)
def test_the_format(arguments, text):
    assert format_event(**arguments) == text


@given(st.text())
def test_no_data_can_become_another_field(data):
    lines = format_event(data).split("\n")
    assert lines[-2:] == ["", ""]
    assert all(line.startswith("data: ") for line in lines[:-2])
    assert "\r" not in "".join(lines)


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
def test_types_and_ids_are_one_line(bad):
    with pytest.raises(ValueError):
        format_event("x", event=bad)
    with pytest.raises(ValueError):
        format_event("x", id=bad)


async def test_a_stream_from_head_to_end(make_request):
    request = make_request("GET", "/", "Last-Event-ID: 41")
    stream = EventStream(retry=2.0, headers={"X-A": "b"})
    async with stream.open(request):
        assert stream.last_event_id == "41"
        stream.send("unawaited")
        await stream.send("a\nb", event="tick", id="42")
        await stream.comment("still here")
    response = request.exchange.answer
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-A"] == "b"
    assert response.body.decode() == (
        "retry: 2000\n\ndata: unawaited\n\nevent: tick\nid: 42\ndata: a\ndata: b\n\n: still here\n\n"
    )


@pytest.mark.row("HI-46")
async def test_who_waits_is_called_away_when_the_client_goes(make_request):
    request = make_request()
    left = []

    async def handler():
        stream = EventStream()
        async with stream.open(request):
            try:
                await asyncio.Event().wait()
            finally:
                left.append(True)
        return stream

    task = asyncio.ensure_future(handler())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    request.exchange.disconnect()
    assert isinstance(await task, EventStream)
    assert left == [True]
    assert task.cancelling() == 0


async def test_a_send_to_a_client_that_is_gone_ends_the_block_too(make_request):
    request = make_request()
    stream = EventStream()
    reached = False
    async with stream.open(request):
        request.exchange.disconnect()
        await stream.send("x")
        reached = True
    assert not reached
    await asyncio.sleep(0)
    assert asyncio.current_task().cancelling() == 0


@pytest.mark.parametrize("heartbeat", [None, 0.01])
async def test_to_head_there_is_nothing_to_wait_for(heartbeat):
    """The connection would be held for good, and whoever asks next on it."""
    left = []

    async def endless(request):
        stream = EventStream(heartbeat=heartbeat)
        async with stream.open(request):
            try:
                await stream.send("hello")
                await asyncio.Event().wait()
            finally:
                left.append(request.method)
        return stream

    async def hello(request):
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/events", endless), web.get("/", hello)])
    async with TestServer(app) as server, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"HEAD /events HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        )
        heads = (await reader.read()).split(b"HTTP/1.1 200 OK\r\n")[1:]
        writer.close()
    assert b"text/event-stream" in heads[0]
    assert heads[0].endswith(b"\r\n\r\n")
    assert heads[1].endswith(b"hello")
    assert left == ["HEAD"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_block_that_closes_its_stream_and_ends_is_not_called_away(make_request, method):
    request = make_request(method)
    stream = EventStream()
    async with stream.open(request):
        await stream.send("x")
        stream.close()
    await asyncio.sleep(0)
    assert asyncio.current_task().cancelling() == 0
    assert stream.finished
    assert request.exchange.answer.body == (b"" if method == "HEAD" else b"data: x\n\n")


async def test_shutdown_ends_all_streams(make_request):
    requests = [make_request(), make_request()]

    async def handler(request):
        async with EventStream().open(request):
            await asyncio.Event().wait()

    tasks = [asyncio.ensure_future(handler(request)) for request in requests]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await close_event_streams()
    await asyncio.gather(*tasks)
    for request in requests:
        assert request.exchange.answer.body == b""


async def test_a_cancellation_from_elsewhere_goes_through(make_request):
    async def handler():
        async with EventStream().open(make_request()):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(handler())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_errors_of_the_handler_go_through(make_request):
    async def handler():
        async with EventStream().open(make_request()):
            raise KeyError("own")

    with pytest.raises(KeyError):
        await handler()


async def test_the_heart_beats_and_stops(make_request):
    request = make_request()
    stream = EventStream(heartbeat=0.001)
    async with stream.open(request):
        while request.exchange.sent.count(b": \n\n") < 3:
            await asyncio.sleep(0)
        timer = stream._timer
    assert timer.cancelled()
    assert stream._timer is None
    assert set(request.exchange.answer.body.decode().split("\n\n")) == {": ", ""}
    for wrong in ({"heartbeat": 0}, {"retry": -1}):
        with pytest.raises(ValueError):
            EventStream(**wrong)


@pytest.mark.row("HI-46")
async def test_a_server_that_stops_ends_its_streams_in_order():
    left = []

    async def endless(request):
        stream = EventStream()
        async with stream.open(request):
            await stream.send("hello")
            await asyncio.Event().wait()
        left.append(stream.finished)
        return stream

    app = web.Application()
    app.router.add_get("/", endless)
    app.on_shutdown.append(close_event_streams)
    async with TestServer(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"data: hello\n\n")
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b"\r\n0\r\n\r\n", "a chunked body with its end"
    writer.close()
    assert left == [True]
