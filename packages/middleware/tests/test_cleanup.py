"""Cleanup contexts: order, who is torn down, and failures."""

import asyncio
import contextlib
from contextlib import asynccontextmanager

import pytest

from muntin.middleware import CleanupContexts, CleanupError, CompositionError, StepCancelled

pytestmark = pytest.mark.anyio


def make_context(log, name, *, on_start=None, on_stop=None):
    async def context(owner):
        if on_start is not None:
            raise on_start
        log.append(f"{name} up")
        yield
        log.append(f"{name} down")
        if on_stop is not None:
            raise on_stop

    return context


@pytest.mark.row("WB-15", "WB-19")
async def test_they_unwind_in_reverse():
    log = []
    contexts = CleanupContexts()
    contexts.append(make_context(log, "one"))
    contexts.append(make_context(log, "two"))
    await contexts.start("owner")
    await contexts.stop()
    assert log == ["one up", "two up", "two down", "one down"]
    await contexts.stop()
    assert log[-1] == "one down"
    assert len(log) == 4, "torn down once only"


@pytest.mark.row("WB-16")
async def test_torn_down_if_and_only_if_started():
    log = []
    contexts = CleanupContexts(
        [
            make_context(log, "one"),
            make_context(log, "two", on_start=OSError("no")),
            make_context(log, "three"),
        ]
    )
    with pytest.raises(OSError, match="no"):
        await contexts.start("owner")
    await contexts.stop()
    assert log == ["one up", "one down"]


async def test_context_managers_are_contexts():
    log = []

    @asynccontextmanager
    async def manager(owner):
        log.append(f"{owner} enters")
        yield
        log.append("leaves")

    class Manager:
        def __init__(self, owner):
            pass

        async def __aenter__(self):
            log.append("object enters")

        async def __aexit__(self, *exc_info):
            log.append("object leaves")

    contexts = CleanupContexts([manager, Manager])
    await contexts.start("owner")
    await contexts.stop()
    assert log == ["owner enters", "object enters", "object leaves", "leaves"]


@pytest.mark.row("WB-17")
async def test_a_second_yield_is_an_error():
    log = []

    async def twice(owner):
        yield
        try:
            yield
        finally:
            log.append("closed")

    contexts = CleanupContexts([make_context(log, "one"), twice])
    await contexts.start("owner")
    with pytest.raises(RuntimeError, match=r"twice has more than one yield"):
        await contexts.stop()
    assert log == ["one up", "closed", "one down"]


async def test_no_yield_is_an_error():
    async def never(owner):
        if owner is None:
            yield

    contexts = CleanupContexts([never])
    with pytest.raises(RuntimeError, match="never ended without a yield"):
        await contexts.start("owner")
    await contexts.stop()


async def test_failures_are_collected():
    log = []
    first, second = ValueError("first"), LookupError("second")
    contexts = CleanupContexts(
        [
            make_context(log, "one", on_stop=first),
            make_context(log, "two"),
            make_context(log, "three", on_stop=second),
        ]
    )
    await contexts.start("owner")
    with pytest.raises(CleanupError) as caught:
        await contexts.stop()
    assert str(caught.value) == "several cleanup contexts failed: LookupError: second; ValueError: first"
    assert caught.value.exceptions == (second, first)
    assert log[-3:] == ["three down", "two down", "one down"]


async def test_a_single_failure_is_raised_as_it_is():
    failure = ValueError("alone")
    contexts = CleanupContexts([make_context([], "one", on_stop=failure)])
    await contexts.start("owner")
    with pytest.raises(ValueError, match="alone") as caught:
        await contexts.stop()
    assert caught.value is failure


async def test_contexts_of_the_wrong_kind():
    async def coroutine(owner):
        pass

    def plain(owner):
        return 42

    contexts = CleanupContexts([plain])
    for wrong in (coroutine, None, 5):
        with pytest.raises(CompositionError):
            contexts.append(wrong)
        with pytest.raises(CompositionError):
            contexts.insert(0, wrong)
        with pytest.raises(CompositionError):
            CleanupContexts([plain, wrong])
        with pytest.raises(CompositionError):
            contexts.extend([plain, wrong])
        with pytest.raises(CompositionError):
            contexts += [plain, wrong]
        with pytest.raises(CompositionError):
            contexts[0] = wrong
        with pytest.raises(CompositionError):
            contexts[:] = [plain, wrong]
    assert list(contexts) == [plain], "nothing of what was refused is there"
    contexts += iter([plain])
    contexts[0] = contexts[1]
    contexts[1:] = iter([plain, plain])
    assert list(contexts) == [plain] * 3
    contexts.clear()
    contexts.append(plain)
    with pytest.raises(CompositionError, match="plain returned int"):
        await contexts.start("owner")
    contexts.freeze()
    with pytest.raises(RuntimeError):
        contexts.append(plain)


def make_waiting_context(log, name, *, suppressed=False):
    """As it is documented for background tasks: cancelled at the end, and awaited."""

    async def context(owner):
        task = asyncio.ensure_future(asyncio.Event().wait())
        yield
        task.cancel()
        log.append(f"{name} down")
        with contextlib.suppress(asyncio.CancelledError if suppressed else ()):
            await task

    return context


async def test_the_cancellation_of_something_else_is_a_failure():
    log = []
    contexts = CleanupContexts(
        [make_context(log, "one"), make_waiting_context(log, "task"), make_context(log, "two")]
    )
    await contexts.start("owner")
    with pytest.raises(StepCancelled, match=r"context ended by the cancellation of something else") as caught:
        await contexts.stop()
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert log[2:] == ["two down", "task down", "one down"]
    assert not asyncio.current_task().cancelling()


async def test_all_failures_come_together():
    log = []
    contexts = CleanupContexts(
        [
            make_context(log, "one", on_stop=OSError("one")),
            make_waiting_context(log, "task"),
            make_context(log, "two", on_stop=ValueError("two")),
            make_waiting_context(log, "quiet", suppressed=True),
        ]
    )
    await contexts.start("owner")
    with pytest.raises(ExceptionGroup) as caught:
        await contexts.stop()
    assert [type(error) for error in caught.value.exceptions] == [ValueError, StepCancelled, OSError]
    assert log[2:] == ["quiet down", "two down", "task down", "one down"]


async def test_whoever_cancels_the_stop_is_heard_at_its_end():
    log, is_down = [], asyncio.Event()

    async def slow(owner):
        yield
        is_down.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("slow down")

    contexts = CleanupContexts([make_context(log, "one", on_stop=OSError("one")), slow])
    await contexts.start("owner")
    stopping = asyncio.ensure_future(contexts.stop())
    await is_down.wait()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await stopping
    assert stopping.cancelled()
    assert log == ["one up", "slow down", "one down"]
    assert isinstance(caught.value.__cause__ or caught.value.__context__.__cause__, OSError)
    await contexts.stop()
    assert len(log) == 3, "there is nothing left to tear down"


async def test_a_context_cannot_swallow_the_cancellation_of_the_stop():
    log, is_down = [], asyncio.Event()

    async def deaf(owner):
        yield
        is_down.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        log.append("deaf down")

    contexts = CleanupContexts([make_context(log, "one"), deaf])
    await contexts.start("owner")
    stopping = asyncio.ensure_future(contexts.stop())
    await is_down.wait()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert log[1:] == ["deaf down", "one down"]


async def test_a_time_limit_inside_a_context_is_its_own():
    async def limited(owner):
        yield
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()

    contexts = CleanupContexts([limited])
    await contexts.start("owner")
    await contexts.stop()


async def test_a_stop_while_the_task_is_cancelled_already():
    """As after `finally`: the cancellation was before, and is no failure of the end."""
    log, done = [], []

    async def live():
        contexts = CleanupContexts([make_context(log, "one"), make_context(log, "two")])
        await contexts.start("owner")
        try:
            await asyncio.Event().wait()
        finally:
            await contexts.stop()
            done.append(True)

    task = asyncio.ensure_future(live())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (log[2:], done) == (["two down", "one down"], [True])


@pytest.mark.parametrize("urgent", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_leaves_nothing_open(urgent):
    """Outside a loop's task, as loops do not like these."""
    log = []
    contexts = CleanupContexts([make_context(log, "one"), make_context(log, "two", on_stop=urgent())])

    async def live():
        await contexts.start("owner")
        with pytest.raises(urgent):
            await contexts.stop()

    asyncio.run(live())
    assert log[2:] == ["two down", "one down"]
