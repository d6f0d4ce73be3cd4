import asyncio

import pytest

from muntin.websocket import WSMessage, WSMsgType
from muntin.websocket.aio._inbox import Inbox

pytestmark = pytest.mark.anyio

END = WSMessage(WSMsgType.CLOSED, None)


@pytest.fixture
def calls():
    return []


@pytest.fixture
def inbox(calls):
    return Inbox(
        1000,
        pause=lambda: calls.append("pause"),
        resume=lambda: calls.append("resume"),
        emptied=lambda: calls.append("emptied"),
        end=lambda: END,
    )


def message(size=1):
    return WSMessage(WSMsgType.BINARY, bytes(size))


async def test_first_in_first_out(inbox):
    assert not inbox.has_messages()
    for size in (3, 1, 2):
        inbox.put(message(size), size)
    assert inbox.has_messages()
    assert [len((await inbox.take()).data) for _ in range(3)] == [3, 1, 2]


async def test_taking_the_last_one_there_will_be_is_told(inbox, calls):
    for size in (1, 2):
        inbox.put(message(size), size)
        await inbox.take()
    inbox.put(message(3), 3)
    inbox.put(message(4), 4)
    inbox.finish()
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


async def test_reading_pauses_when_it_is_full_and_goes_on_when_it_is_half_empty(inbox, calls):
    for _ in range(3):
        inbox.put(message(300), 300)
    assert calls == ["pause"]
    assert inbox.is_paused
    await inbox.take()
    assert calls == ["pause"]
    await inbox.take()
    assert calls == ["pause", "resume"]
    inbox.put(message(2000), 2000)
    inbox.put(WSMessage(WSMsgType.CLOSE, 1000), 0)
    await inbox.take()
    await inbox.take()
    assert calls == ["pause", "resume"] * 2
    await inbox.take()
    assert not inbox.is_paused


@pytest.mark.row("HI-43")
async def test_a_crowd_of_empty_messages_is_bounded_too(inbox, calls):
    for _ in range(8):
        inbox.put(message(0), 0)
    assert calls == ["pause"]


async def test_the_end_comes_after_what_is_there(inbox):
    inbox.put(message(), 1)
    inbox.finish()
    inbox.put(message(), 1)
    assert [await inbox.take() for _ in range(3)] == [message(), END, END]


async def test_the_end_may_drop_what_is_there(inbox, calls):
    inbox.put(message(2000), 2000)
    inbox.finish(drop=True)
    assert calls == ["pause", "resume"]
    assert await inbox.take() == END


async def test_the_end_wakes_who_waits(inbox):
    asyncio.get_running_loop().call_soon(inbox.finish)
    assert await inbox.take() == END


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
