import asyncio

import pytest

from muntin.websocket import ConnectionClosed
from muntin.websocket.aio._outbox import Outbox
from muntin.websocket.aio._sending import DONE

pytestmark = pytest.mark.anyio


@pytest.fixture
def duplex(make_duplex):
    return make_duplex()


@pytest.fixture
def errors():
    return []


@pytest.fixture
def more():
    """Is true while it holds something."""
    return []


@pytest.fixture
def outbox(duplex, errors, more):
    return Outbox(
        duplex, expects_more=lambda: bool(more), soft_limit=100, hard_limit=1000, overflow=errors.append
    )


@pytest.mark.row("CF-01", "WS-07")
async def test_writes_happen_at_the_call_and_awaiting_waits_while_the_peer_is_slow(outbox, duplex):
    assert outbox.write(b"a" * 60) is DONE
    duplex.stall()
    sending = asyncio.create_task(outbox.write(b"b" * 60))
    assert duplex.take() == b"a" * 60 + b"b" * 60
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sending.done()
    duplex.flow()
    await sending
    assert outbox.write(b"c") is DONE


async def test_a_fast_peer_does_not_keep_others_waiting(outbox):
    ran = []
    asyncio.get_running_loop().call_soon(ran.append, True)
    await outbox.write(bytes(101))
    assert ran


@pytest.mark.row("CF-01")
async def test_what_nobody_waits_for_is_capped(outbox, duplex, errors):
    duplex.stall()
    for _ in range(11):
        outbox.write(bytes(100))
    with pytest.raises(ConnectionClosed, match="1100 bytes unread"):
        outbox.write(b"one too many")
    assert [str(error) for error in errors] == ["the peer has left 1100 bytes unread"]
    assert len(duplex.written) == 1100
    duplex.flow()
    outbox.write(b"there is room again")


async def test_one_large_message_is_no_overflow(outbox, duplex):
    for _ in range(3):
        outbox.write(bytes(5000))
    assert len(duplex.written) == 15000


@pytest.mark.row("HI-43")
async def test_only_the_newest_answer_waits_for_a_peer_that_does_not_read(outbox, duplex):
    outbox.answer(lambda: b"0")
    duplex.stall()
    outbox.write(bytes(101))
    duplex.take()
    for number in range(1000):
        outbox.answer(lambda number=number: b"%d" % number)
    await asyncio.sleep(0)
    assert duplex.take() == b""
    duplex.flow()
    for _ in range(3):
        await asyncio.sleep(0)
    assert duplex.take() == b"999"
    outbox.answer(lambda: b"1000")
    assert duplex.take() == b"1000"


async def test_the_peer_goes_while_an_answer_waits(outbox, duplex):
    duplex.stall()
    outbox.write(bytes(101))
    outbox.answer(lambda: b"")
    sending = outbox.write(b"x")
    duplex.abort()
    await outbox.drain()
    with pytest.raises(ConnectionResetError):
        await sending
    await asyncio.sleep(0)


@pytest.mark.row("HI-43")
@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("error", [ConnectionResetError("gone"), ConnectionClosed("cannot send control")])
async def test_an_answer_that_nobody_can_get_is_no_error_of_anybody(outbox, duplex, error, is_late):
    """Neither where the peer has gone, nor where a close frame was sent meanwhile."""

    def refuse():
        raise error

    duplex.stall()
    outbox.write(bytes(101))
    outbox.answer(refuse if isinstance(error, ConnectionClosed) else lambda: b"pong")
    if is_late:
        await asyncio.sleep(0)
    if isinstance(error, ConnectionClosed):
        duplex.flow()
    else:
        duplex.vanish()


@pytest.mark.usefixtures("complaints")
async def test_the_peer_goes_when_an_answer_is_about_to_be_written(outbox, duplex):
    duplex.stall()
    outbox.write(bytes(101))
    outbox.answer(lambda: b"pong")
    await asyncio.sleep(0)
    duplex.flow()
    duplex.is_lost = True


async def test_no_answer_writes_nothing(outbox, duplex):
    duplex.is_lost = True
    outbox.answer(bytes)
    outbox.write_last(b"")
    assert duplex.writes == 0


async def test_limits_that_are_crossed(make_duplex, errors):
    """What an awaited write waits for is no overflow, however large it was chosen."""
    duplex = make_duplex()
    outbox = Outbox(
        duplex, expects_more=lambda: False, soft_limit=1000, hard_limit=10, overflow=errors.append
    )
    duplex.stall()
    for _ in range(10):
        outbox.answer(lambda: bytes(100))
    assert errors == []
    assert len(duplex.written) == 1000


async def test_frames_are_held_while_more_are_expected(outbox, duplex, more):
    more.append(1)
    assert outbox.write(b"a") is DONE
    outbox.write(b"b")
    assert duplex.take() == b""
    assert outbox.size == 2
    more.clear()
    outbox.write(b"c")
    assert duplex.take() == b"abc"
    assert duplex.writes == 1
    await asyncio.sleep(0)
    assert duplex.writes == 1


async def test_what_is_held_is_written_in_the_next_turn(outbox, duplex, more):
    more.append(1)
    for _ in range(2):
        outbox.write(b"a")
        outbox.write(b"b")
        await asyncio.sleep(0)
        assert duplex.take() == b"ab"
    assert duplex.writes == 2


@pytest.mark.parametrize(
    "follow",
    [lambda outbox: outbox.write_last(b"c"), lambda outbox: outbox.answer(lambda: b"c")],
)
async def test_nothing_overtakes_what_is_held(outbox, duplex, more, follow):
    more.append(1)
    outbox.write(b"ab")
    follow(outbox)
    await asyncio.sleep(0)
    assert duplex.take() == b"abc"


async def test_a_lot_is_not_held(make_duplex):
    duplex = make_duplex()
    outbox = Outbox(
        duplex, expects_more=lambda: True, soft_limit=1 << 20, hard_limit=1 << 20, overflow=lambda error: None
    )
    for _ in range(10):
        outbox.write(bytes(10_000))
    assert len(duplex.take()) == 70_000
    await asyncio.sleep(0)
    assert len(duplex.take()) == 30_000


@pytest.mark.row("CF-01")
async def test_what_is_held_counts_as_under_way(outbox, duplex, more):
    more.append(1)
    outbox.write(bytes(60))
    sending = outbox.write(bytes(60))
    assert sending is not DONE
    assert len(duplex.take()) == 120
    await sending


async def test_what_is_held_goes_with_the_connection(outbox, duplex, more):
    more.append(1)
    outbox.write(b"a")
    outbox.drop()
    await asyncio.sleep(0)
    assert duplex.take() == b""
