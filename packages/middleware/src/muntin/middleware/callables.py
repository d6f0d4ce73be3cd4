"""Kinds of callables, through partials, wrappers and bound methods. None is called here."""

import inspect
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

__all__ = ["describe_callable", "is_coroutine_callable", "is_plain_function", "warn_about"]


def _innermost(function: object) -> object:
    """Return the function behind partials, `functools.wraps` and a callable object's `__call__`."""
    for _ in range(64):  # a loop in __wrapped__ would otherwise never end
        if isinstance(function, partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            break
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        return type(function).__call__ if callable(function) else function
    return function


def is_coroutine_callable(function: object) -> bool:
    """Return whether calling it certainly returns a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(_innermost(function))


def is_plain_function(function: object) -> bool:
    """Return whether it was written with `def`, so that a call runs it; a lambda may return anything."""
    innermost = _innermost(function)
    if inspect.iscoroutinefunction(innermost) or inspect.isasyncgenfunction(innermost):
        return False
    return (inspect.isfunction(innermost) or inspect.ismethod(innermost)) and innermost.__name__ != "<lambda>"


def describe_callable(function: Callable[..., Any] | object) -> str:
    """Return the name by which a programmer finds it: `module.qualified_name`, or its repr."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__qualname__", None)
    if name is None:
        return repr(function)
    return f"{getattr(function, '__module__', '?')}.{name}"


def warn_about(function: Callable[..., Any], message: str, category: type[Warning]) -> None:
    """Warn for the line where a function was written: it is the line to change."""
    innermost = _innermost(function)
    code = getattr(innermost, "__code__", None)
    if code is None:
        warnings.warn(message, category, stacklevel=2)
        return
    scope = getattr(innermost, "__globals__", {})
    warnings.warn_explicit(
        message,
        category,
        code.co_filename,
        code.co_firstlineno,
        module=scope.get("__name__"),
        registry=scope.setdefault("__warningregistry__", {}),
    )
