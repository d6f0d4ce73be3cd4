"""Awaitables for what has been done at the call.

Sending acts at the call; awaiting the result only waits until there is room again. So a caller may leave out the await,
as the older API allows, and Python does not warn of a coroutine that was never awaited: it is made when it is awaited.

`muntin.websocket.aio` has the like (`Sending`), and both have a reason. That package imports no sibling, and web starts
without importing it: neither can have the other's. A package for both would be one more to release for forty lines.
"""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

__all__ = ["DONE", "Eager"]


class _Done(Coroutine[Any, Any, None]):
    """An awaitable that is done."""

    __slots__ = ()

    def send(self, value: Any, /) -> Any:
        raise StopIteration

    def throw(self, *error: Any) -> Any:
        raise error[0]

    def close(self) -> None:
        pass

    def __await__(self) -> Generator[Any, Any, None]:
        return _NOTHING  # type: ignore[return-value]  # an iterator is all that await needs


class _Nothing:
    """An iterator that is always at its end."""

    __slots__ = ()

    def __iter__(self) -> "_Nothing":
        return self

    def __next__(self) -> Any:
        raise StopIteration


_NOTHING: Final = _Nothing()
DONE: Final[Coroutine[Any, Any, None]] = _Done()


class Eager(Coroutine[Any, Any, None]):
    """An awaitable for what was done, but may be waited for.

    Args:
        wait: makes the coroutine that waits; called at the first step, not before.
    """

    __slots__ = ("_coroutine", "_wait")

    def __init__(self, wait: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._wait = wait
        self._coroutine: Coroutine[Any, Any, None] | None = None

    def _started(self) -> Coroutine[Any, Any, None]:
        coroutine = self._coroutine
        if coroutine is None:
            coroutine = self._coroutine = self._wait()
        return coroutine

    def send(self, value: Any, /) -> Any:
        return self._started().send(value)

    def throw(self, *error: Any) -> Any:
        return self._started().throw(*error)

    def close(self) -> None:
        if self._coroutine is not None:
            self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._started().__await__()
