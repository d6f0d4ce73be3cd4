"""The result of a send: an awaitable that may be awaited or ignored.

When a send returns, the frame is written. Awaiting the result waits until the peer has room for more. Callers may omit
the await, so the result is not a coroutine of Python's own, which would warn that it was never awaited. It implements
`collections.abc.Coroutine`, so `create_task` and `gather` accept it.

`muntin.web.response.eager` has the like, and both have a reason. This package imports no sibling, and a program that
only serves HTTP loads no module of this one: neither can have the other's. A package for both would be one more to
release for forty lines. They also differ: every message that is sent needs one of these, so the common one is shared.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, cast

__all__ = ["DONE", "Sending"]


class Sending(Coroutine[Any, Any, None]):
    """An action that was done at the call; awaiting it waits until its result has been processed.

    Args:
        wait: returns what to await; it is called when the waiting begins, and not at all without an await.
    """

    __slots__ = ("_steps", "_wait")

    def __init__(self, wait: Callable[[], Awaitable[None]]) -> None:
        self._wait = wait
        self._steps: Generator[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait().__await__()

    def send(self, value: Any) -> Any:
        if self._steps is None:
            self._steps = self.__await__()
        return self._steps.send(value)

    def throw(self, typ: Any, val: Any = None, tb: Any = None) -> Any:
        if self._steps is None:
            raise _as_exception(typ, val, tb)
        return self._steps.throw(_as_exception(typ, val, tb))

    def close(self) -> None:
        if self._steps is not None:
            self._steps.close()


# An iterator that is exhausted stays exhausted, so all can share one; `await` accepts any iterator.
_NOTHING = cast("Generator[Any, Any, None]", iter(()))


class _Done(Sending):
    """A sending without anything to wait for. It has no state, so all can share one."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    # Returns _NOTHING without a call of a Python function: most sends end here.
    __await__ = staticmethod(_NOTHING.__iter__)

    def send(self, value: Any) -> Any:
        raise StopIteration

    def throw(self, typ: Any, val: Any = None, tb: Any = None) -> Any:
        raise _as_exception(typ, val, tb)

    def close(self) -> None:
        pass


DONE = _Done()


def _as_exception(typ: Any, val: Any, tb: Any) -> BaseException:
    """Return the exception that the arguments of `throw` mean, in their old and in their new form."""
    error = typ if isinstance(typ, BaseException) else val if isinstance(val, BaseException) else typ()
    return error.with_traceback(tb) if tb else error
