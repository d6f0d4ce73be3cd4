"""Signals: order, the frozen list, and receivers of the wrong kind."""

import asyncio
from functools import partial

import pytest

from muntin.middleware import CleanupError, CompositionError, Signal, StepCancelled

pytestmark = pytest.mark.anyio


def plain(sender):
    """Not async."""


async def receiver(sender):
    """Async."""


@pytest.mark.row("WB-13", "WB-12")
async def test_receivers_run_one_after_the_other():
    log = []
    signal = Signal("owner")

    @signal
    async def first(sender):
        log.append("first begins")
        await asyncio.sleep(0)
        log.append("first ends")
        return "ignored"

    async def second(sender):
        log.append("second")

    signal.append(second)
    signal.freeze()
    assert await signal.send("sender") is None
    assert log == ["first begins", "first ends", "second"]


@pytest.mark.row("WB-14", "CF-18")
@pytest.mark.parametrize("wrong", [plain, partial(plain, 1), dict, None, "name"])
def test_a_receiver_must_be_async(wrong):
    signal = Signal("owner")
    for add in (
        signal.append,
        lambda each: signal.insert(0, each),
        lambda each: signal.extend([receiver, each]),
        lambda each: signal.__iadd__([each]),
        signal,
    ):
        with pytest.raises(CompositionError):
            add(wrong)
    assert list(signal) == []
    signal.append(receiver)
    with pytest.raises(TypeError):
        signal[0] = wrong
    with pytest.raises(TypeError):
        signal[:] = [wrong]


async def test_what_may_be_a_receiver():
    called = []

    class Object:
        async def method(self, sender):
            called.append("method")

        async def __call__(self, sender):
            called.append("object")

    async def note(word, sender):
        called.append(word)

    signal = Signal("owner")
    signal += [Object().method, Object(), partial(note, "partial"), lambda sender: note("lambda", sender)]
    signal.freeze()
    await signal.send("sender")
    assert called == ["method", "object", "partial", "lambda"]


async def test_a_lambda_that_gives_nothing_to_await_is_named():
    signal = Signal("owner")
    signal.append(lambda sender: None)
    signal.freeze()
    with pytest.raises(CompositionError, match="lambda"):
        await signal.send("sender")


@pytest.mark.row("WB-29", "WB-30")
async def test_frozen_before_it_is_sent():
    signal = Signal("owner")
    with pytest.raises(RuntimeError, match="freeze"):
        await signal.send("sender")
    signal.freeze()
    with pytest.raises(RuntimeError):
        signal.append(receiver)


async def test_an_error_ends_the_sending():
    log = []
    signal = Signal("owner")

    @signal
    async def fail(sender):
        raise LookupError("no")

    @signal
    async def never(sender):
        log.append("never")

    signal.freeze()
    with pytest.raises(LookupError):
        await signal.send("sender")
    assert log == []


async def test_the_signal_of_an_end_reaches_all():
    log = []
    signal = Signal("test")

    def make(name, error=None):
        async def receive(value):
            log.append((name, value))
            if error is not None:
                raise error

        return receive

    for receiver in (
        make("one", OSError("one")),
        make("two"),
        make("three", ValueError("three")),
        lambda value: 5,
    ):
        signal.append(receiver)
    signal.append(make("four", asyncio.CancelledError()))
    signal.append(make("five"))
    with pytest.raises(RuntimeError, match="freeze"):
        await signal.send_to_all(1)
    signal.freeze()
    with pytest.raises(CleanupError) as caught:
        await signal.send_to_all(1)
    assert log == [(name, 1) for name in ("one", "two", "three", "four", "five")]
    kinds = [type(error) for error in caught.value.exceptions]
    assert kinds == [OSError, ValueError, CompositionError, StepCancelled]
