"""The end of something, in steps: each runs, whatever becomes of the others.

It knows failures and cancellations; it must not know what is ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from muntin.middleware.errors import CleanupError, StepCancelled

__all__ = ["Step", "run_all"]

Step = tuple[str, Callable[[], Awaitable[object]]]
"""What a failure calls it, and what to await."""


async def run_all(message: str, steps: Iterable[Step]) -> None:
    """Run steps one after the other, each whatever the others do, and raise at the end what failed.

    Who cancels this interrupts the step that runs; the steps behind it run, and then the cancellation goes on. A
    `CancelledError` that comes out of a step though nobody cancelled this is a failure of that step, a
    `StepCancelled`: it came from a task that the step cancelled and waited for.

    Args:
        message: what a group of failures says.
        steps: asked for one by one, so that each may depend on how far the one before got.

    Raises:
        CleanupError: several failed; the failures of an end inside this one are among its own. If only one failed,
            what it raised is raised as it is.
        asyncio.CancelledError: this was cancelled; the failures are its cause.
    """
    failures: list[Exception] = []
    interruption: BaseException | None = None
    begun = counted = _count_cancellations()
    for name, step in steps:
        try:
            await step()
        except asyncio.CancelledError as error:
            if _count_cancellations() == counted:
                failures.append(_blame(name, error))
            else:
                failures += _flatten(error.__cause__)  # an end inside this one was interrupted
                interruption = interruption or error
        except (KeyboardInterrupt, SystemExit) as error:
            interruption = (
                error  # more urgent than a cancellation, and still no reason to leave something open
            )
        except Exception as error:
            failures += _flatten(error)
        counted = _count_cancellations()
    failure = failures[0] if len(failures) == 1 else CleanupError(message, failures) if failures else None
    if interruption is None and counted > begun:
        interruption = asyncio.CancelledError()  # a step has swallowed it, but it was not for that step alone
    if interruption is not None:
        raise interruption from failure
    if failure is not None:
        raise failure


def _flatten(error: BaseException | None) -> Sequence[Exception]:
    if isinstance(error, CleanupError):
        return error.exceptions
    return [error] if isinstance(error, Exception) else []


def _blame(name: str, error: asyncio.CancelledError) -> StepCancelled:
    failure = StepCancelled(
        f"{name} ended by the cancellation of something else: await what was cancelled in "
        "`with contextlib.suppress(asyncio.CancelledError)`"
    )
    failure.__cause__ = error
    return failure


def _count_cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
