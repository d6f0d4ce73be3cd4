import asyncio
import gc
from collections.abc import Coroutine

import pytest

from muntin.websocket.aio._sending import DONE, Sending

# Seconds after which a test hangs, however busy the machine is
PATIENCE = 120.0

pytestmark = [pytest.mark.anyio, pytest.mark.row("CF-01")]


class Gate:
    """A future, and the number of times that it was waited for."""

    def __init__(self):
        self.asked = 0
        self.future = asyncio.get_running_loop().create_future()

    async def wait(self):
        self.asked += 1
        await self.future


async def test_both_are_coroutines_to_whoever_asks():
    assert isinstance(DONE, Coroutine)
    assert isinstance(Sending(Gate().wait), Coroutine)
    assert asyncio.iscoroutine(DONE)


async def test_done_is_done_however_it_is_awaited():
    assert await DONE is None
    assert await asyncio.create_task(DONE) is None
    assert await asyncio.gather(DONE, DONE) == [None, None]
    assert await asyncio.wait_for(DONE, PATIENCE) is None
    async with asyncio.TaskGroup() as group:
        group.create_task(DONE)
    DONE.close()
    with pytest.raises(StopIteration):
        DONE.send(None)


async def test_nothing_is_waited_for_and_nothing_complains_when_it_is_not_awaited():
    gate = Gate()
    Sending(gate.wait)
    Sending(gate.wait).close()
    gc.collect()  # a coroutine of Python itself would warn here
    assert gate.asked == 0


@pytest.mark.parametrize("wrap", [lambda sending: sending, asyncio.create_task, asyncio.ensure_future])
async def test_awaiting_waits(wrap):
    gate = Gate()
    sending = Sending(gate.wait)
    asyncio.get_running_loop().call_soon(gate.future.set_result, None)
    assert await wrap(sending) is None
    assert gate.asked == 1


async def test_errors_come_through():
    gate = Gate()
    asyncio.get_running_loop().call_soon(gate.future.set_exception, ConnectionResetError("gone"))
    with pytest.raises(ConnectionResetError, match="gone"):
        await asyncio.create_task(Sending(gate.wait))


async def test_cancelling_before_and_after_the_first_step():
    gate = Gate()
    early, late = asyncio.create_task(Sending(gate.wait)), asyncio.create_task(Sending(gate.wait))
    early.cancel()
    asyncio.get_running_loop().call_soon(late.cancel)
    results = await asyncio.gather(early, late, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 2
    assert gate.asked == 1


async def test_driven_by_hand():
    gate = Gate()
    sending = Sending(gate.wait)
    assert sending.send(None) is gate.future
    sending.close()
    for target in (DONE, Sending(gate.wait)):
        for arguments in ((KeyError("a"),), (KeyError,), (KeyError, KeyError("a"), None)):
            with pytest.raises(KeyError):
                target.throw(*arguments)
    try:
        raise ValueError("with a traceback")
    except ValueError as error:
        traceback = error.__traceback__
    with pytest.raises(ValueError, match="again") as info:
        DONE.throw(ValueError, ValueError("again"), traceback)
    assert info.value.__traceback__ is not None
