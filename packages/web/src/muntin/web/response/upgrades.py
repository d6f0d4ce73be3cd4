"""What became of an exchange that was upgraded, for who runs its handler.

Once a connection speaks another protocol, HTTP cannot say any more that a handler failed. What the handler made of
the connection can, and leaves word here how.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

__all__ = ["END_UPGRADED"]

END_UPGRADED: Final[ContextVar[Callable[[Exception | None], bool] | None]] = ContextVar(
    "END_UPGRADED", default=None
)
"""Called when the handler failed with an exception, or was cancelled: None. Tells whether the exception only says that
the other protocol has ended, which is no failure. Each handler has a context of its own."""
