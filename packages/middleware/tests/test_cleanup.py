"""Cleanup contexts: order, who is torn down, and failures."""

from contextlib import asynccontextmanager

import pytest

from muntin.middleware import CleanupContexts, CleanupError, CompositionError

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
    with pytest.raises(CleanupError, match="LookupError: second; ValueError: first") as caught:
        await contexts.stop()
    assert caught.value.exceptions == [second, first]
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

    contexts = CleanupContexts()
    for wrong in (coroutine, None):
        with pytest.raises(CompositionError):
            contexts.append(wrong)
        with pytest.raises(CompositionError):
            contexts.insert(0, wrong)
    contexts.append(plain)
    with pytest.raises(CompositionError, match="plain gave int"):
        await contexts.start("owner")
    contexts.freeze()
    with pytest.raises(RuntimeError):
        contexts.append(plain)
