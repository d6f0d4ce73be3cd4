"""Cleanup contexts: resources that are acquired before something starts, and released in reverse order after its end.

A context is an async generator function with one `yield`, or any callable that returns an async context manager; each
is called with the owner. What is acquired is no concern of this module.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Self, TypeVar

from frozenlist import FrozenList

from muntin.middleware.callables import describe_callable, is_coroutine_callable
from muntin.middleware.ending import Step, run_all
from muntin.middleware.errors import CompositionError

__all__ = ["CleanupContexts", "Context"]

O = TypeVar("O")  # noqa: E741 - the owner
_Exit = Callable[[], Any]

Context = Callable[[O], AsyncIterator[None] | AbstractAsyncContextManager[Any]]
"""A function that is called with the owner to start one context."""


class CleanupContexts(FrozenList[Context[O]]):
    """The contexts of one owner, in the order in which they start.

    ```python
    import asyncio

    from muntin.middleware import CleanupContexts

    log = []


    async def database(owner):
        log.append("open")
        yield
        log.append("closed")


    async def main():
        contexts = CleanupContexts([database])
        contexts.freeze()
        await contexts.start("me")
        log.append("in use")
        await contexts.stop()


    asyncio.run(main())
    assert log == ["open", "in use", "closed"]
    ```
    """

    def __init__(self, contexts: Iterable[Context[O]] = ()) -> None:
        super().__init__(_check_all(contexts))
        self._exits: list[tuple[Context[O], _Exit]] = []

    def append(self, context: Context[O]) -> None:
        """Add a context to the end.

        Raises:
            CompositionError: it is not callable, or a coroutine function, which has nothing to release.
            RuntimeError: the list is frozen.
        """
        _check(context)
        super().append(context)

    def insert(self, pos: int, context: Context[O]) -> None:
        """Add a context at a position; raise as `append`."""
        _check(context)
        super().insert(pos, context)

    def extend(self, contexts: Iterable[Context[O]]) -> None:
        """Add several to the end; raise as `append`, and add none then."""
        super().extend(_check_all(contexts))

    def __iadd__(self, contexts: Iterable[Context[O]]) -> Self:
        self.extend(contexts)
        return self

    def __setitem__(self, index: Any, context: Any) -> None:
        if isinstance(index, slice):
            context = _check_all(context)
        else:
            _check(context)
        super().__setitem__(index, context)

    async def start(self, owner: O) -> None:
        """Start the contexts in order; if one fails, none after it starts, and those before it wait for `stop`."""
        for context in self:
            made = context(owner)
            if isinstance(made, AbstractAsyncContextManager):
                await made.__aenter__()
                self._exits.append((context, _leaver(made)))
            elif isinstance(made, AsyncIterator):
                await _first_step(context, made)
                self._exits.append((context, _finisher(context, made)))
            else:
                raise CompositionError(
                    f"cleanup context {describe_callable(context)} returned {type(made).__name__}, "
                    "neither an async generator nor an async context manager"
                )

    async def stop(self) -> None:
        """Tear down what started, the last first, each even if others fail, as `run_all` does.

        Raises:
            CleanupError: several failed. If only one failed, its own exception is raised.
            StepCancelled: one raised a `CancelledError` of another task, such as one that it had cancelled.
            asyncio.CancelledError: `stop` was cancelled; all contexts are torn down nevertheless.
        """
        await run_all("several cleanup contexts failed", self._leave())

    def _leave(self) -> Iterator[Step]:
        while self._exits:
            context, leave = self._exits.pop()
            yield f"cleanup context {describe_callable(context)}", leave


def _check_all(contexts: Iterable[Context[O]]) -> list[Context[O]]:
    checked = list(contexts)
    for context in checked:
        _check(context)
    return checked


def _check(context: object) -> None:
    if not callable(context):
        raise CompositionError(f"a cleanup context is called, and {context!r} is not callable")
    if is_coroutine_callable(context):
        raise CompositionError(
            f"cleanup context {describe_callable(context)} is a coroutine function without a yield: "
            "write an async generator, or append it to a signal"
        )


async def _first_step(context: object, generator: AsyncIterator[None]) -> None:
    try:
        await anext(generator)
    except StopAsyncIteration:
        raise RuntimeError(f"cleanup context {describe_callable(context)} ended without a yield") from None


def _finisher(context: object, generator: AsyncIterator[None]) -> _Exit:
    async def finish() -> None:
        try:
            await anext(generator)
        except StopAsyncIteration:
            return
        if inspect.isasyncgen(generator):
            await generator.aclose()
        raise RuntimeError(f"cleanup context {describe_callable(context)} has more than one yield")

    return finish


def _leaver(manager: AbstractAsyncContextManager[Any]) -> _Exit:
    async def leave() -> None:
        await manager.__aexit__(None, None, None)

    return leave
