"""A signal: a list of coroutine functions that are awaited one after the other.

The list can be frozen. What is signalled is no concern of this module.
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
"""A function that a signal calls; its result is ignored."""


def _check(receiver: object) -> None:
    if not callable(receiver):
        raise CompositionError(f"a signal calls its receivers, and {receiver!r} is not callable")
    if inspect.isclass(receiver) or inspect.isasyncgenfunction(receiver) or is_plain_function(receiver):
        raise CompositionError(
            f"a signal awaits its receivers: {describe_callable(receiver)} must be an async function"
        )


def _check_awaitable(receiver: object, made: Awaitable[object]) -> Awaitable[object]:
    if not inspect.isawaitable(made):
        raise CompositionError(f"signal receiver {describe_callable(receiver)} returned no awaitable")
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
        owner: the object that sends the signal; only for its repr.
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
        """Add a receiver at a position; raise as `append`."""
        _check(receiver)
        super().insert(pos, receiver)

    def extend(self, receivers: Iterable[Receiver[*Ts]]) -> None:
        """Add several to the end; raise as `append`, and add none then."""
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
        """Call the receivers in their order, each after the end of the one before; an exception ends the sending.

        Raises:
            RuntimeError: the signal is not frozen yet.
            CompositionError: a receiver returned nothing that can be awaited.
        """
        if not self.frozen:
            raise RuntimeError("freeze the signal before sending it")
        for receiver in self:
            awaitable = receiver(*args, **kwargs)
            await _check_awaitable(receiver, awaitable)

    async def send_to_all(self, *args: *Ts, **kwargs: Any) -> None:
        """Call all receivers in their order, even if some fail, as `run_all` does: for a signal of an end.

        Raises:
            RuntimeError: the signal is not frozen yet.
            CleanupError: several failed. If only one failed, its own exception is raised.
        """
        if not self.frozen:
            raise RuntimeError("freeze the signal before sending it")

        def prepare(receiver: Receiver[*Ts]) -> Step:
            async def call() -> None:
                await _check_awaitable(receiver, receiver(*args, **kwargs))

            return f"signal receiver {describe_callable(receiver)}", call

        await run_all("several receivers of a signal failed", map(prepare, self))
