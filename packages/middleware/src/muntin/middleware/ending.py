"""The end of something, in steps: each runs, even if others fail.

Here are failures and cancellations. What comes to an end is no concern of this module.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from muntin.middleware.errors import CleanupError, StepCancelled

__all__ = ["Step", "run_all"]

Step = tuple[str, Callable[[], Awaitable[object]]]
"""The name of a step in messages, and a function that returns what to await."""


async def run_all(message: str, steps: Iterable[Step]) -> None:
    """Run steps one after the other, each even if others fail, and raise at the end what failed.

    A cancellation interrupts the step that runs; the steps behind it run, and then the cancellation goes on. If a step
    raises `CancelledError` and nobody has cancelled `run_all`, the step has failed with a `StepCancelled`: it awaited a
    task that it had cancelled.

    Args:
        message: that of a group of failures.
        steps: taken one by one, so that each may depend on the result of the one before.

    Raises:
        CleanupError: several failed; the failures of a `run_all` inside a step are among them. If only one failed,
            its own exception is raised.
        asyncio.CancelledError: `run_all` was cancelled; the failures are its cause.
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
                failures += _flatten(error.__cause__)  # a `run_all` inside the step was cancelled
                interruption = interruption or error
        except (KeyboardInterrupt, SystemExit) as error:
            interruption = error  # more urgent than a cancellation, and still no reason to skip steps
        except Exception as error:
            failures += _flatten(error)
        counted = _count_cancellations()
    failure = failures[0] if len(failures) == 1 else CleanupError(message, failures) if failures else None
    if interruption is None and counted > begun:
        interruption = asyncio.CancelledError()  # a step suppressed it, but it was not for that step alone
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
