"""What a send gives back: something to await, or to leave alone.

By the time a send returns, the frame is written. What is left is to wait until the peer has room for more,
and a caller may do without. So this is no coroutine of Python's own, which would complain that nobody
awaited it, but it does implement `collections.abc.Coroutine`, so that `create_task` and `gather` take it.

Knows waiting. Must not know what was sent.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, cast

__all__ = ["DONE", "Draining", "Sending"]


class Sending(Coroutine[Any, Any, None]):
    """A frame is on its way; await it to wait while the peer is slow."""

    __slots__ = ()


# An iterator at its end stays there, so one serves all; and any iterator will do.
_NOTHING = cast("Generator[Any, Any, None]", iter(()))


class _Done(Sending):
    """There is nothing to wait for. It has no state, so one serves all."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, Any, None]:
        return _NOTHING

    def send(self, value: Any) -> Any:
        raise StopIteration

    def throw(self, typ: Any, val: Any = None, tb: Any = None) -> Any:
        raise _as_exception(typ, val, tb)

    def close(self) -> None:
        pass


DONE = _Done()


class Draining(Sending):
    """There is too much under way: awaiting it waits for `drain`, which is called only then."""

    __slots__ = ("_drain", "_steps")

    def __init__(self, drain: Callable[[], Awaitable[None]]) -> None:
        self._drain = drain
        self._steps: Generator[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._drain().__await__()

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


def _as_exception(typ: Any, val: Any, tb: Any) -> BaseException:
    """Give the exception that the arguments of `throw` mean, in its old form as well as in its new one."""
    error = typ if isinstance(typ, BaseException) else val if isinstance(val, BaseException) else typ()
    return error.with_traceback(tb) if tb else error
