"""Running a coroutine that mostly does not wait, without making a task for it, and so that nobody can tell.

The problem
-----------
asyncio wants every coroutine to run inside a task: `asyncio.current_task()` must have an answer, `asyncio.timeout()`,
`TaskGroup` and anyio hang on it. But making a task, scheduling its first step and letting the loop come round
to it costs more than many handlers do. Most handlers look something up and return; they never wait, and need no
task for that.

What we do
----------
A driver keeps one task in reserve, its *seat*, from when it is first asked to be ready. The seat's task exists, has
taken its first step, and waits at a gate.

*First step.* `Driver.run` enters that task with `asyncio._enter_task`, the documented way for one who steps coroutines
himself, and runs the coroutine's first step then and there, in a fresh copy of the server's context. The
coroutine finds itself in a real task. If it ends within that step, all is done: nothing was scheduled, and the
seat is free for the next.

*Hand-over.* If it suspends instead, it has given us what it waits for (a future, or None for a bare yield). The
seat takes coroutine, context and that future, and the gate opens. In the next turn of the loop the seat's task
wakes and goes on exactly where the first step stopped: it yields that very future to its own task, which from
then on waits for it as for its own. Each further step runs in the same context as the first. When the coroutine
ends, the task ends; the driver makes a new seat.

Invariants
----------
1. `asyncio.current_task()` is the same task from the coroutine's first line to its last, and belongs to no
   other coroutine that has suspended. A task per *suspending* coroutine: awaiting it or cancelling it from
   elsewhere concerns that one alone.
2. Every step of the coroutine runs inside one context, a copy of the server's, that no other coroutine runs in.
3. A seat is entered only while its task waits at the gate. A task that was cancelled before its own first step
   never runs its body at all, and one that runs cannot be entered; either would lose the coroutine.
4. A cancellation is never lost and never arrives twice. There are three moments it can hit:
   - during the first step (somebody in that step cancelled the current task): the gate is cancelled, and the
     seat's task will wake with CancelledError;
   - between the hand-over and the seat's waking (a timeout that was armed in the first step): the gate is open
     already, the task remembers the request and wakes with CancelledError;
   - later: the task waits for the coroutine's own future, and asyncio does what it always does.
   In the first two the seat does what `Task.cancel` would have done, had the task been waiting for the future
   by then: it cancels the *future*, and only where that is impossible throws CancelledError into the coroutine.
   `asyncio.shield` and the awaiting of other tasks rely on that order.
5. A seat whose task was cancelled, or counts requests to be (`Task.cancelling()`), is not used again, even if
   the coroutine ended without noticing.

What it costs: a suspending coroutine takes one turn of the loop more than under a task of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from types import coroutine as generator_coroutine
from typing import Any

__all__ = ["Driver"]

Done = Callable[[BaseException | None], None]
"""Called once when a coroutine has ended: with None, or with what it raised."""


class Seat:
    """Where a task waits to take over a coroutine.

    It does not know its task: the task keeps what ended it, which keeps the frames that it went through, and those keep
    the seat. Nothing here waits for the collector of cycles, for a coroutine may hold much. For the same reason the
    frames below hold nothing at their end.
    """

    __slots__ = ("__weakref__", "_awaited", "_context", "_coroutine", "_done", "gate", "is_parked")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self.gate: asyncio.Future[None] = loop.create_future()
        """What the task waits for; done when it was opened, or cancelled with the task."""
        self.is_parked = False
        """Whether the task has come to the gate."""
        self._coroutine: Coroutine[Any, Any, object] | None = None
        self._context = context
        self._awaited: Any = None
        self._done: Done | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a coroutine was handed over, and has not ended."""
        return self._done is not None

    def take_over(
        self, coroutine: Coroutine[Any, Any, object], context: Context, awaited: Any, done: Done
    ) -> None:
        """Let the task go on with a coroutine that waits for `awaited`."""
        self._coroutine = coroutine
        self._context = context
        self._awaited = awaited
        self._done = done
        # Cancelled during the first step: the task wakes with CancelledError by itself.
        if not self.gate.done():
            self.gate.set_result(None)

    async def wait(self) -> None:
        """Wait at the gate, then drive the coroutine on that was handed over, if one was."""
        self.is_parked = True
        cancelled: tuple[Any, ...] | None = None
        try:
            await self.gate
        except asyncio.CancelledError as error:
            cancelled = error.args
        coroutine, awaited = self._coroutine, self._awaited
        if coroutine is None:
            return
        self._coroutine = self._awaited = None
        going = _resume(coroutine, self._context, awaited, cancelled)
        del self._context, coroutine, awaited
        try:
            await going
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit) as error:
            self._end(error)
            raise
        except BaseException as error:
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(error)


@generator_coroutine
def _resume(
    coroutine: Coroutine[Any, Any, object],
    context: Context,
    awaited: Any,
    cancelled: tuple[Any, ...] | None,
) -> Generator[Any, None, object]:
    """Drive a coroutine on from a point where it waits for `awaited`, within the task that runs this."""
    try:
        if cancelled is not None and not _cancel(awaited, cancelled):
            awaited = context.run(coroutine.throw, asyncio.CancelledError(*cancelled))
        elif awaited is None:
            # A bare yield asks for one turn of the loop, and the way through the gate was one.
            awaited = context.run(coroutine.send, None)
        while True:
            try:
                yield awaited
            except BaseException as error:
                awaited = context.run(coroutine.throw, error)
            else:
                awaited = context.run(coroutine.send, None)
    except StopIteration as stop:
        return stop.value
    finally:
        # What was awaited may keep the very error that ends this.
        del coroutine, context, awaited


def _cancel(awaited: Any, cancelled: tuple[Any, ...]) -> bool:
    """Cancel what a coroutine waits for; tell whether that will reach the coroutine by itself."""
    return asyncio.isfuture(awaited) and awaited.cancel(*cancelled)


class Driver:
    """Runs coroutines one after the other, each to its end before the next may start.

    Args:
        loop: the event loop.
        context: each coroutine runs in a copy of it.
    """

    __slots__ = ("_context", "_is_closed", "_loop", "_seat", "_task")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self._loop = loop
        self._context = context
        self._is_closed = False
        # Not made before somebody asks whether a coroutine can be run: whoever makes a driver may be given up before it
        # begins, as a connection whose TLS handshake fails is, and nobody would end its task.
        self._seat: Seat | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task of the coroutine that is under way, and else of the next one; None if there will be none."""
        if self._task is None:
            self._renew()
        return self._task

    def make_ready(self) -> bool:
        """Tell whether a coroutine can be run now; if not, ask again in the next turn of the loop."""
        seat = self._seat
        if seat is not None and seat.is_parked and not seat.gate.done():
            return True
        if seat is None or seat.gate.done() or self._task is None or self._task.done():
            # It will never be free: it was cancelled, before it came to the gate or at it.
            self._renew()
        return False

    def run(self, coroutine: Coroutine[Any, Any, object], done: Done) -> None:
        """Run a coroutine: its first step now, the others as it wakes.

        To be called from outside any task, after `make_ready` said so, and while no other coroutine is under way.

        Args:
            coroutine: what to run; it belongs to the driver now.
            done: is called when it has ended, before this returns if that is in the first step.
        """
        seat, task = self._seat, self._task
        if seat is None or task is None:
            raise RuntimeError("a driver runs nothing before make_ready() says so, nor after its end")
        context = self._context.copy()
        outcome: BaseException | None = None
        asyncio._enter_task(self._loop, task)  # noqa: SLF001 - documented for those who step coroutines
        try:
            awaited = context.run(coroutine.send, None)
        except StopIteration:
            pass
        except BaseException as error:
            outcome = error
        else:
            seat.take_over(coroutine, context, awaited, lambda error: self._end(error, done))
            return
        finally:
            asyncio._leave_task(self._loop, task)  # noqa: SLF001
        try:
            done(outcome)
            if isinstance(outcome, (KeyboardInterrupt, SystemExit)):
                raise outcome
        finally:
            # The error went through this frame.
            del outcome

    def _end(self, error: BaseException | None, done: Done) -> None:
        self._renew()
        done(error)

    def _renew(self) -> None:
        if self._is_closed:
            # The task keeps what ended it, and may be kept by that.
            self._seat = self._task = None
        else:
            self._seat = seat = Seat(self._loop, self._context)
            self._task = asyncio.Task(seat.wait(), loop=self._loop, context=self._context)

    def cancel(self) -> None:
        """Cancel the coroutine that is under way."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Give up the reserve; a coroutine that is under way goes on."""
        self._is_closed = True
        if self._seat is not None and self._task is not None and not self._seat.is_taken:
            self._task.cancel()
            self._seat = self._task = None
