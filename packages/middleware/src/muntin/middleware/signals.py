"""A signal: a list of coroutine functions that are awaited one after the other.

It knows the order and when the list is closed; it must not know what is signalled.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Self, TypeVarTuple

import aiosignal

from muntin.middleware.callables import describe_callable, is_plain_function
from muntin.middleware.ending import Step, run_all
from muntin.middleware.errors import CompositionError

__all__ = ["Receiver", "Signal"]

Ts = TypeVarTuple("Ts")

Receiver = Callable[[*Ts], Awaitable[object]]
"""What a signal calls; what it returns is ignored."""


def _check(receiver: object) -> None:
    if not callable(receiver):
        raise CompositionError(f"a signal calls its receivers, and {receiver!r} is not callable")
    if inspect.isclass(receiver) or inspect.isasyncgenfunction(receiver) or is_plain_function(receiver):
        raise CompositionError(
            f"a signal awaits its receivers: {describe_callable(receiver)} must be an async function"
        )


def _check_awaitable(receiver: object, made: Awaitable[object]) -> Awaitable[object]:
    if not inspect.isawaitable(made):
        raise CompositionError(f"signal receiver {describe_callable(receiver)} gave no awaitable")
    return made


class Signal(aiosignal.Signal[*Ts]):
    """A list of receivers. Append to it until it is frozen, send it from then on.

    ```python
    import asyncio

    from muntin.middleware import Signal

    log = []
    started = Signal(owner="example")


    @started
    async def note(who):
        log.append(who)


    started.freeze()
    asyncio.run(started.send("me"))
    assert log == ["me"]
    ```

    Args:
        owner: whose signal it is; only shown when it is printed.
    """

    __slots__ = ()

    def __init__(self, owner: object) -> None:
        super().__init__(owner)

    def append(self, receiver: Receiver[*Ts]) -> None:
        """Add a receiver to the end.

        Raises:
            CompositionError: it is not async.
            RuntimeError: the signal is frozen.
        """
        _check(receiver)
        super().append(receiver)

    def insert(self, pos: int, receiver: Receiver[*Ts]) -> None:
        """Add a receiver at a position; raises as `append`."""
        _check(receiver)
        super().insert(pos, receiver)

    def extend(self, receivers: Iterable[Receiver[*Ts]]) -> None:
        """Add several to the end; raises as `append`, and then adds none."""
        checked = list(receivers)
        for receiver in checked:
            _check(receiver)
        super().extend(checked)

    def __iadd__(self, receivers: Iterable[Receiver[*Ts]]) -> Self:
        self.extend(receivers)
        return self

    def __setitem__(self, index: Any, receiver: Any) -> None:
        if isinstance(index, slice):
            receiver = list(receiver)
            for each in receiver:
                _check(each)
        else:
            _check(receiver)
        super().__setitem__(index, receiver)

    async def send(self, *args: *Ts, **kwargs: Any) -> None:
        """Call the receivers in their order, each when the one before has ended; what one raises ends the sending.

        Raises:
            RuntimeError: the signal is not frozen yet.
            CompositionError: a receiver gave nothing that can be awaited.
        """
        if not self.frozen:
            raise RuntimeError("freeze the signal before sending it")
        for receiver in self:
            awaitable = receiver(*args, **kwargs)
            await _check_awaitable(receiver, awaitable)

    async def send_to_all(self, *args: *Ts, **kwargs: Any) -> None:
        """Call all receivers in their order, whatever becomes of each: for a signal of an end; as `run_all`.

        Raises:
            RuntimeError: the signal is not frozen yet.
            CleanupError: several failed. If only one did, what it raised is raised as it is.
        """
        if not self.frozen:
            raise RuntimeError("freeze the signal before sending it")

        def prepare(receiver: Receiver[*Ts]) -> Step:
            async def call() -> None:
                await _check_awaitable(receiver, receiver(*args, **kwargs))

            return f"signal receiver {describe_callable(receiver)}", call

        await run_all("several receivers of a signal failed", map(prepare, self))
