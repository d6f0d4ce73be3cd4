"""The errors of composing handlers, signals and contexts.

```
TypeError
└── CompositionError  a middleware, signal receiver or cleanup context of the wrong kind: fix the program
RuntimeError
├── CleanupError      several steps of an end failed: the group of their exceptions; look at each
└── StepCancelled     a step of an end raised the `CancelledError` of another task
```
"""

from collections.abc import Sequence
from typing import Self

__all__ = ["CleanupError", "CompositionError", "StepCancelled"]


class CompositionError(TypeError):
    """An object was put where it cannot work; the message names it and the reason."""


class CleanupError(ExceptionGroup[Exception], RuntimeError):
    """Several steps of an end failed: the group of their exceptions, in the order of the steps."""

    def __new__(cls, message: str, exceptions: Sequence[Exception]) -> Self:
        return super().__new__(cls, message, exceptions)

    def derive(self, excs: Sequence[Exception]) -> "CleanupError":  # type: ignore[override]
        # mypy: the result may have another type only if this group has exceptions that are no `Exception`.
        """Return a group of some of the exceptions; `except*` calls this."""
        return CleanupError(self.message, excs)

    def __str__(self) -> str:
        details = "; ".join(f"{type(error).__name__}: {error}" for error in self.exceptions)
        return f"{self.message}: {details}"


class StepCancelled(RuntimeError):
    """A step raised `CancelledError`, and nobody had cancelled the end: most often, the step awaited a cancelled task.

    The `CancelledError` is its cause.
    """
