"""Running a coroutine that mostly does not wait without a new task, so that the coroutine notices no difference.

The problem
-----------
asyncio runs every coroutine inside a task: `asyncio.timeout()`, `TaskGroup` and anyio need the result of
`asyncio.current_task()`. But making a task, scheduling its first step and waiting for the next turn of the loop costs
more than many handlers do. Most handlers look something up and return; they never wait, and do not need a task of
their own.

The solution
------------
A driver keeps one task in reserve, in its *seat*, from the first call of `make_ready` on. The task has taken its first
step, and waits at a gate.

*First step.* `Driver.run` enters that task with `asyncio._enter_task`, the documented way to step coroutines from
elsewhere, and runs the coroutine's first step at once, in a fresh copy of the server's context. The coroutine runs in a
real task. If it ends within that step, nothing was scheduled, and the seat is free for the next coroutine.

The step is `next` with a default on the iterator that `__await__` returns. For a coroutine that ends, `next` returns
the default; `send` would raise StopIteration, and making and catching an exception costs more than the rest of the
step. What the coroutine returns is dropped, as nobody asks for it.

*Hand-over.* If it suspends instead, it has yielded what it waits for (a future, or None for a bare yield). The seat
stores the iterator, the context and that future, and opens the gate. In the next turn of the loop the seat's task wakes
and continues where the first step stopped: it yields the same future to its own task, which then waits for it. Each
further step runs in the same context as the first. When the coroutine ends, the task ends, and the driver makes a new
seat.

Invariants
----------
1. `asyncio.current_task()` is the same task from the coroutine's first line to its last, and belongs to no
   other coroutine that has suspended. A task per *suspending* coroutine: awaiting it or cancelling it from
   elsewhere concerns that one alone.
2. Every step of the coroutine runs inside one context, a copy of the server's, that no other coroutine runs in.
3. A seat is entered only while its task waits at the gate. A task that is cancelled before its own first step
   never runs its body, and a running task cannot be entered; in both cases the coroutine would be lost.
4. A cancellation is never lost and never arrives twice. It can come at three moments:
   - during the first step (code in that step cancelled the current task): the gate is cancelled, and the seat's
     task will wake with CancelledError;
   - between the hand-over and the waking of the task (by a time-out that was started in the first step): the gate is
     open already, the task stores the request and wakes with CancelledError;
   - later: the task waits for the coroutine's own future, and asyncio cancels it as usual.
   In the first two cases the seat does what `Task.cancel` would have done if the task had waited for the future
   already: it cancels the *future*, and throws CancelledError into the coroutine only if that is impossible.
   `asyncio.shield` and the awaiting of other tasks rely on that order.
5. A seat whose task was cancelled, or was asked to be (`Task.cancelling()`), is not used again, even if the
   coroutine ended without noticing.

The cost: a coroutine that suspends takes one turn of the loop more than in a task of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from types import coroutine as generator_coroutine
from typing import Any, Final

__all__ = ["Driver"]

Done = Callable[[BaseException | None], None]
"""Called once when a coroutine has ended: with None, or with what it raised."""

Steps = Generator[Any, None, object]
"""The steps of a coroutine, as `__await__` returns them; each yields what the coroutine waits for."""

_ENDED: Final = object()
"""The result of a first step in which the coroutine ended; no coroutine can yield this object."""


class Seat:
    """The place where a task waits to take over a coroutine.

    It has no reference to its task. A task refers to the error that ended it, which refers to the frames that it passed
    through, and these refer to the seat; a cycle would keep all that a coroutine holds until the collector of cycles
    runs. For the same reason the frames below delete their variables at the end.
    """

    __slots__ = ("_awaited", "_context", "_done", "_driver", "_steps", "gate", "is_parked")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.gate: asyncio.Future[None] = loop.create_future()
        """The future that the task waits for; done when the gate was opened, or cancelled with the task."""
        self.is_parked = False
        """True if the task waits at the gate, or has passed it."""
        self._steps: Steps | None = None
        self._context: Context | None = None
        self._awaited: Any = None
        self._driver: Driver | None = None
        self._done: Done | None = None

    @property
    def is_taken(self) -> bool:
        """True if a coroutine was handed over and has not ended."""
        return self._done is not None

    def take_over(self, steps: Steps, context: Context, awaited: Any, driver: "Driver", done: Done) -> None:
        """Make the task continue a coroutine that waits for `awaited`; its end is reported to the driver."""
        self._steps = steps
        self._context = context
        self._awaited = awaited
        self._driver = driver
        self._done = done
        # Cancelled during the first step: the task wakes with CancelledError by itself.
        if not self.gate.done():
            self.gate.set_result(None)

    async def wait(self) -> None:
        """Wait at the gate, then continue the coroutine that was handed over, if there is one."""
        self.is_parked = True
        cancelled: tuple[Any, ...] | None = None
        try:
            await self.gate
        except asyncio.CancelledError as error:
            cancelled = error.args
        if self._steps is None:
            return
        going = _resume(self._steps, self._context, self._awaited, cancelled)
        self._steps = self._context = self._awaited = None
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
        driver, done = self._driver, self._done
        self._driver = self._done = None
        if driver is not None and done is not None:
            driver.end(error, done)


@generator_coroutine
def _resume(steps: Any, context: Any, awaited: Any, cancelled: tuple[Any, ...] | None) -> Steps:
    """Continue a coroutine, in its context, that waits for `awaited`, within the task that runs this."""
    try:
        if cancelled is not None and not _cancel(awaited, cancelled):
            awaited = context.run(steps.throw, asyncio.CancelledError(*cancelled))
        elif awaited is None:
            # A bare yield waits for one turn of the loop, and passing the gate took one.
            awaited = context.run(steps.send, None)
        while True:
            try:
                yield awaited
            except BaseException as error:
                awaited = context.run(steps.throw, error)
            else:
                awaited = context.run(steps.send, None)
    except StopIteration as stop:
        return stop.value
    finally:
        # The awaited future may keep the error that ends this. (mypyc deletes no variables of a generator.)
        steps = context = awaited = None


def _cancel(awaited: Any, cancelled: tuple[Any, ...]) -> bool:
    """Cancel the future that a coroutine waits for; return True if that will raise in the coroutine by itself."""
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
        # Made by the first call of make_ready(): a connection whose TLS handshake fails never uses its driver, and
        # nothing would end its task.
        self._seat: Seat | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task of the coroutine that is running, otherwise of the next one; None after `close`."""
        if self._task is None:
            self._renew()
        return self._task

    def make_ready(self) -> bool:
        """Return True if a coroutine can be run now; if not, try again in the next turn of the loop."""
        seat = self._seat
        if seat is not None and seat.is_parked and not seat.gate.done():
            return True
        if seat is None or seat.gate.done() or self._task is None or self._task.done():
            # It will never be free: its task was cancelled before it came to the gate, or at it.
            self._renew()
        return False

    def run(self, coroutine: Coroutine[Any, Any, object], done: Done) -> None:
        """Run a coroutine: its first step now, the others as it wakes.

        To be called from outside any task, after `make_ready` returned True, and while no other coroutine is running.

        Args:
            coroutine: the coroutine; the driver owns it from now on.
            done: called when it has ended, before this method returns if it ends in the first step.
        """
        seat, task = self._seat, self._task
        if seat is None or task is None:
            raise RuntimeError(
                "a driver runs a coroutine only after make_ready() returned True, and before close()"
            )
        context = self._context.copy()
        steps = coroutine.__await__()
        awaited: Any = _ENDED
        outcome: BaseException | None = None
        asyncio._enter_task(self._loop, task)  # noqa: SLF001 - documented for those who step coroutines
        try:
            awaited = context.run(next, steps, _ENDED)
        except BaseException as error:
            outcome = error
        finally:
            asyncio._leave_task(self._loop, task)  # noqa: SLF001
        if awaited is not _ENDED:
            seat.take_over(steps, context, awaited, self, done)
            return
        try:
            done(outcome)
            if isinstance(outcome, (KeyboardInterrupt, SystemExit)):
                raise outcome
        finally:
            # The error passed through this frame.
            del outcome

    def end(self, error: BaseException | None, done: Done) -> None:
        """Report the end of a coroutine that was handed over, and make a new seat for the next one."""
        self._renew()
        done(error)

    def _renew(self) -> None:
        if self._is_closed:
            # The task refers to the error that ended it, and that error may refer to the task.
            self._seat = self._task = None
        else:
            self._seat = seat = Seat(self._loop)
            self._task = asyncio.Task(seat.wait(), loop=self._loop, context=self._context)

    def cancel(self) -> None:
        """Cancel the coroutine that is running."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Cancel the task in reserve; a running coroutine continues."""
        self._is_closed = True
        if self._seat is not None and self._task is not None and not self._seat.is_taken:
            self._task.cancel()
            self._seat = self._task = None
