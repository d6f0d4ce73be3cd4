"""Typed keys for the storages of applications, requests and responses.

A key has a name, the module that made it and the type of its value; two keys are never equal.
"""

import inspect
import warnings
from types import FrameType
from typing import Any, Final, Generic, TypeVar, get_args

__all__ = ["AppKey", "BaseKey", "NotAppKeyWarning", "RequestKey", "ResponseKey", "warn_of_plain_key"]

T = TypeVar("T")

_BETWEEN: Final = frozenset(
    (__name__, "muntin.web.storage", "muntin.web.app.state", "_collections_abc", "collections.abc")
)
"""Modules between the line that stores a value and the warning about it."""


class NotAppKeyWarning(UserWarning):
    """A value is stored under a key that is no `AppKey`, `RequestKey` or `ResponseKey`."""


class BaseKey(Generic[T]):
    """A key that is equal to nothing but itself, with the type of its value for type checkers.

    Args:
        name: for messages; need not be unique.
        t: the type of the value. It is not checked at run time. May be left out in `AppKey[int]("name")`.
    """

    __slots__ = ("__orig_class__", "__weakref__", "_module", "_name", "_type")

    def __init__(self, name: str, t: type[T] | None = None) -> None:
        self._name = name
        self._module = _module_of(inspect.currentframe())
        self._type: Any = t

    @property
    def name(self) -> str:
        """Module and name, as in ``shop.orders.database``."""
        return f"{self._module}.{self._name}"

    def __lt__(self, other: object) -> bool:
        """Compare by names, for sorting; typed keys stand before plain ones."""
        if isinstance(other, BaseKey):
            return self.name < other.name
        return True if isinstance(other, str) else NotImplemented

    def __gt__(self, other: object) -> bool:
        """Compare by names, for sorting."""
        if isinstance(other, BaseKey):
            return self.name > other.name
        return False if isinstance(other, str) else NotImplemented

    def __repr__(self) -> str:
        kind = self._type or next(iter(get_args(getattr(self, "__orig_class__", None))), None)
        shown = "unknown" if kind is None else _format_type(kind)
        return f"<{type(self).__name__}({self.name}, type={shown})>"


class AppKey(BaseKey[T]):
    """A key of `Application`."""

    __slots__ = ()


class RequestKey(BaseKey[T]):
    """A key of `Request`."""

    __slots__ = ()


class ResponseKey(BaseKey[T]):
    """A key of `StreamResponse` and its subclasses."""

    __slots__ = ()


def warn_of_plain_key(key: object, kind: type[BaseKey[Any]]) -> None:
    """Warn of a value that is stored under a key of another kind.

    The warning names the line that stores it, also by `update` or `setdefault`, which the standard library implements.
    """
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(
        f"{key!r} is no web.{kind.__name__}: its value has no type, and another library may use the same name",
        NotAppKeyWarning,
        stacklevel=level,
    )


def _module_of(frame: FrameType | None) -> str:
    """Return the name of the module that makes the key: that of the first frame outside of this module."""
    while frame is not None and frame.f_globals.get("__name__") in (__name__, "typing"):
        frame = frame.f_back
    return "?" if frame is None else str(frame.f_globals.get("__name__", "?"))


def _format_type(kind: Any) -> str:
    if not isinstance(kind, type) or get_args(kind):
        return repr(kind)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
