"""What can go wrong when handlers, signals and contexts are put together.

```
TypeError
└── CompositionError  a middleware, signal receiver or cleanup context of the wrong kind: fix the program
RuntimeError
└── CleanupError      several cleanup contexts failed on the way down: look at each
```
"""

from collections.abc import Sequence

__all__ = ["CleanupError", "CompositionError"]


class CompositionError(TypeError):
    """Something was put where it cannot work; the message names it and says why."""


class CleanupError(RuntimeError):
    """Several contexts failed while they were torn down.

    Attributes:
        exceptions: what each of them raised, in the order of the tear-down.
    """

    def __init__(self, message: str, exceptions: Sequence[BaseException]) -> None:
        super().__init__(message, list(exceptions))
        self.exceptions = list(exceptions)

    def __str__(self) -> str:
        details = "; ".join(f"{type(error).__name__}: {error}" for error in self.exceptions)
        return f"{self.args[0]}: {details}"
