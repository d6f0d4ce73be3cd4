"""Sources of an application: the application itself, a coroutine that makes it, or a function."""

from collections.abc import Awaitable, Callable
from typing import Any

from muntin.web.app.application import Application

__all__ = ["Source", "call_source", "make_application"]

Source = Application | Awaitable[Application] | Callable[[], Application | Awaitable[Application]]


def call_source(source: Source) -> Any:
    """Call a function that makes an application; return anything else as it is."""
    return source() if callable(source) and not isinstance(source, Application) else source


async def make_application(source: Any) -> Any:
    """Wait for an application that a coroutine makes; return anything else as it is."""
    return await source if isinstance(source, Awaitable) else source
