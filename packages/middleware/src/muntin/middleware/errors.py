"""What can go wrong when handlers, signals and contexts are put together.

```
TypeError
└── CompositionError  a middleware, signal receiver or cleanup context of the wrong kind: fix the program
RuntimeError
├── CleanupError      several steps of an end failed, and it is the group of what they raised: look at each
└── StepCancelled     a step of an end let the cancellation of something else out, as if it was its own
```
"""

from collections.abc import Sequence
from typing import Self

__all__ = ["CleanupError", "CompositionError", "StepCancelled"]


class CompositionError(TypeError):
    """Something was put where it cannot work; the message names it and says why."""


class CleanupError(ExceptionGroup[Exception], RuntimeError):
    """Several steps of an end failed: the group of what they raised, in the order in which they ran."""

    def __new__(cls, message: str, exceptions: Sequence[Exception]) -> Self:
        return super().__new__(cls, message, exceptions)

    def derive(self, excs: Sequence[Exception]) -> "CleanupError":  # type: ignore[override]
        # mypy: it may be asked for another group only if this one held what is no Exception.
        """Return a group of some of them, as `except*` asks for."""
        return CleanupError(self.message, excs)

    def __str__(self) -> str:
        details = "; ".join(f"{type(error).__name__}: {error}" for error in self.exceptions)
        return f"{self.message}: {details}"


class StepCancelled(RuntimeError):
    """A step ended by a `CancelledError`, and nobody had cancelled the end: that of a task it waited for, most often.

    The `CancelledError` is its cause.
    """
