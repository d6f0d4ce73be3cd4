import asyncio
import contextlib

import pytest

from muntin.websocket import WSMessage, WSMsgType
from muntin.websocket.aio._inbox import Inbox

pytestmark = pytest.mark.anyio

END = WSMessage(WSMsgType.CLOSED, None)


@pytest.fixture
def calls():
    return []


@pytest.fixture
def inbox():
    return Inbox(1000)


@pytest.fixture
def put(inbox, calls):
    """Put messages as a socket does: it pauses its source when the inbox is full, and records that."""

    def put(message, size):
        inbox.put(message, size)
        if inbox.room < 0 and inbox.on_room is None:
            calls.append("pause")
            inbox.on_room = lambda: calls.append("resume")

    return put


def message(size=1):
    return WSMessage(WSMsgType.BINARY, bytes(size))


async def test_first_in_first_out(inbox):
    assert not inbox.messages
    for size in (3, 1, 2):
        inbox.put(message(size), size)
    assert inbox.messages
    assert [len((await inbox.take()).data) for _ in range(3)] == [3, 1, 2]


async def test_messages_of_one_read_count_together(inbox):
    taker = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.put_all([message(300), message(200)], 500)
    assert inbox.room == 1000 - 500 - 2 * 128
    assert len((await taker).data) == 300
    assert inbox.room == 1000 - 200 - 128
    assert len((await inbox.take()).data) == 200
    assert inbox.room == 1000
    inbox.finish(END)
    inbox.put_all([message(1)], 1)
    assert await inbox.take() is END


async def test_taking_the_last_message_before_the_end_is_reported_once(inbox, calls):
    for size in (1, 2):
        inbox.put(message(size), size)
        await inbox.take()
    inbox.put(message(3), 3)
    inbox.put(message(4), 4)
    inbox.finish(END)
    inbox.on_empty = lambda: calls.append("emptied")
    assert calls == []
    await inbox.take()
    assert calls == []
    await inbox.take()
    assert calls == ["emptied"]
    assert await inbox.take() == END
    assert calls == ["emptied"]


async def test_a_taker_waits(inbox):
    asyncio.get_running_loop().call_soon(inbox.put, message(7), 7)
    assert await inbox.take() == message(7)


async def test_reading_pauses_when_it_is_full_and_goes_on_when_it_is_half_empty(inbox, put, calls):
    for _ in range(3):
        put(message(300), 300)
    assert calls == ["pause"]
    assert inbox.on_room is not None
    await inbox.take()
    assert calls == ["pause"]
    await inbox.take()
    assert calls == ["pause", "resume"]
    put(message(2000), 2000)
    put(WSMessage(WSMsgType.CLOSE, 1000), 0)
    await inbox.take()
    await inbox.take()
    assert calls == ["pause", "resume"] * 2
    await inbox.take()
    assert inbox.on_room is None


@pytest.mark.row("HI-43")
async def test_a_crowd_of_empty_messages_is_bounded_too(put, calls):
    for _ in range(8):
        put(message(0), 0)
    assert calls == ["pause"]


async def test_the_end_comes_after_what_is_there(inbox):
    inbox.put(message(), 1)
    inbox.finish(END)
    inbox.put(message(), 1)
    assert [await inbox.take() for _ in range(3)] == [message(), END, END]


async def test_the_end_may_drop_what_is_there(inbox, put, calls):
    put(message(2000), 2000)
    inbox.finish(END, drop=True)
    assert calls == ["pause", "resume"]
    assert await inbox.take() == END


async def test_the_end_wakes_who_waits(inbox):
    asyncio.get_running_loop().call_soon(inbox.finish, END)
    assert await inbox.take() == END


async def test_a_later_end_replaces_an_earlier_one(inbox):
    inbox.finish(WSMessage(WSMsgType.CLOSING, None))
    assert (await inbox.take()).type is WSMsgType.CLOSING
    inbox.finish(END)
    assert await inbox.take() == END


@pytest.mark.parametrize("last", [[], [WSMessage(WSMsgType.CLOSE, 1000, "")]])
async def test_an_iteration_stops_at_the_end(inbox, last):
    for item in [message(5), *last]:
        inbox.put(item, 0)
    inbox.finish(END)
    assert await inbox.take(is_iterating=True) == message(5)
    with pytest.raises(StopAsyncIteration):
        await inbox.take(is_iterating=True)
    assert await inbox.take() == END


@pytest.mark.parametrize("is_iterating", [False, True])
async def test_a_taker_that_ignores_the_end_is_stopped(inbox, is_iterating):
    inbox.finish(END)
    for _ in range(5):
        with contextlib.suppress(StopAsyncIteration):
            await inbox.take(is_iterating=is_iterating)
    with pytest.raises(RuntimeError, match="again and again"):
        await inbox.take(is_iterating=is_iterating)


@pytest.mark.row("WS-15")
async def test_one_taker_at_a_time(inbox):
    first = asyncio.create_task(inbox.take())
    second = asyncio.create_task(inbox.take())
    with pytest.raises(RuntimeError, match="another task"):
        await second
    inbox.put(message(), 1)
    assert await first == message()


async def test_a_cancelled_taker_loses_nothing(inbox):
    taker = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.put(message(5), 5)  # it is woken …
    taker.cancel()  # … and cancelled in the same turn
    with pytest.raises(asyncio.CancelledError):
        await taker
    assert await inbox.take() == message(5)
