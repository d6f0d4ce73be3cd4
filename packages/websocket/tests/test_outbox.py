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
def outbox(duplex):
    return Outbox(duplex, soft_limit=100, hard_limit=1000)


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
async def test_what_nobody_waits_for_is_capped(outbox, duplex):
    duplex.stall()
    for _ in range(11):
        outbox.write(bytes(100))
    with pytest.raises(ConnectionClosed, match=r"^the peer has left 1100 bytes unread$"):
        outbox.write(b"one too many")
    assert len(duplex.written) == 1100
    duplex.flow()
    outbox.write(b"there is room again")


async def test_one_large_message_is_no_overflow(outbox, duplex):
    for _ in range(3):
        outbox.write(bytes(5000))
    assert len(duplex.written) == 15000


@pytest.mark.row("HI-43")
async def test_only_the_newest_pong_waits_for_a_peer_that_does_not_read(outbox, duplex):
    outbox.write_newest(lambda: b"0")
    duplex.stall()
    outbox.write(bytes(101))
    duplex.take()
    for number in range(1000):
        outbox.write_newest(lambda number=number: b"%d" % number)
    await asyncio.sleep(0)
    assert duplex.take() == b""
    duplex.flow()
    for _ in range(3):
        await asyncio.sleep(0)
    assert duplex.take() == b"999"
    outbox.write_newest(lambda: b"1000")
    assert duplex.take() == b"1000"


async def test_the_peer_goes_while_a_pong_waits(outbox, duplex):
    duplex.stall()
    outbox.write(bytes(101))
    outbox.write_newest(lambda: b"")
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
async def test_a_pong_that_cannot_be_sent_is_no_error(outbox, duplex, error, is_late):
    """The peer has gone, or a close frame was sent meanwhile."""

    def refuse():
        raise error

    duplex.stall()
    outbox.write(bytes(101))
    outbox.write_newest(refuse if isinstance(error, ConnectionClosed) else lambda: b"pong")
    if is_late:
        await asyncio.sleep(0)
    if isinstance(error, ConnectionClosed):
        duplex.flow()
    else:
        duplex.vanish()


@pytest.mark.usefixtures("complaints")
async def test_the_peer_goes_when_a_pong_is_about_to_be_written(outbox, duplex):
    duplex.stall()
    outbox.write(bytes(101))
    outbox.write_newest(lambda: b"pong")
    await asyncio.sleep(0)
    duplex.flow()
    duplex.is_lost = True


async def test_an_empty_frame_is_not_written(outbox, duplex):
    duplex.is_lost = True
    outbox.write_newest(bytes)
    outbox.write_now(b"")
    assert duplex.writes == 0


async def test_limits_that_are_crossed(make_duplex):
    """The hard limit is never below the soft limit, at which an awaited write waits."""
    duplex = make_duplex()
    outbox = Outbox(duplex, soft_limit=1000, hard_limit=10)
    duplex.stall()
    for _ in range(10):
        outbox.write_newest(lambda: bytes(100))
    assert len(duplex.written) == 1000


async def test_frames_are_held_while_more_are_expected(outbox, duplex):
    assert outbox.write(b"a", hold=True) is DONE
    outbox.write(b"b", hold=True)
    assert duplex.take() == b""
    assert outbox.size == 2
    outbox.write(b"c")
    assert duplex.take() == b"abc"
    assert duplex.writes == 1
    await asyncio.sleep(0)
    assert duplex.writes == 1


async def test_what_is_held_is_written_in_the_next_turn(outbox, duplex):
    for _ in range(2):
        outbox.write(b"a", hold=True)
        outbox.write(b"b", hold=True)
        await asyncio.sleep(0)
        assert duplex.take() == b"ab"
    assert duplex.writes == 2


@pytest.mark.parametrize(
    "follow",
    [
        lambda outbox: outbox.write_now(b"c"),
        lambda outbox: outbox.write_newest(lambda: b"c"),
        lambda outbox: outbox.write_newest(lambda: b"c", hold=True),
    ],
)
async def test_nothing_overtakes_what_is_held(outbox, duplex, follow):
    outbox.write(b"ab", hold=True)
    follow(outbox)
    await asyncio.sleep(0)
    assert duplex.take() == b"abc"


async def test_a_lot_is_not_held(make_duplex):
    duplex = make_duplex()
    outbox = Outbox(duplex, soft_limit=1 << 20, hard_limit=1 << 20)
    for _ in range(10):
        outbox.write(bytes(10_000), hold=True)
    assert len(duplex.take()) == 70_000
    await asyncio.sleep(0)
    assert len(duplex.take()) == 30_000


@pytest.mark.row("CF-01")
async def test_what_is_held_counts_as_in_flight(outbox, duplex):
    outbox.write(bytes(60), hold=True)
    sending = outbox.write(bytes(60), hold=True)
    assert sending is not DONE
    assert len(duplex.take()) == 120
    await sending


async def test_what_is_held_goes_with_the_connection(outbox, duplex):
    outbox.write(b"a", hold=True)
    outbox.drop()
    await asyncio.sleep(0)
    assert duplex.take() == b""
