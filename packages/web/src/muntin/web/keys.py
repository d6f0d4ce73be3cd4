"""Typed keys for the storages of applications, requests and responses.

A key knows its name, the module that made it and the type of its value; two keys are never equal. It does not know
where values are kept.
"""

import inspect
import warnings
from types import FrameType
from typing import Any, Final, Generic, TypeVar, get_args

__all__ = ["AppKey", "BaseKey", "NotAppKeyWarning", "RequestKey", "ResponseKey", "warn_of_plain_key"]

T = TypeVar("T")

_BETWEEN: Final = frozenset(
    (__name__, "muntin.web.storage", "muntin.web._application.state", "_collections_abc", "collections.abc")
)
"""Modules between those who store a value and the warning about it."""


class NotAppKeyWarning(UserWarning):
    """A value is stored under something else than an `AppKey`, `RequestKey` or `ResponseKey`, whose place it is."""


class BaseKey(Generic[T]):
    """A key that is equal to nothing but itself, and tells a type checker the type of its value.

    Args:
        name: for people; need not be unique.
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
        """Tell whether it stands before another one when they are sorted: by their names, and all before plain ones."""
        if isinstance(other, BaseKey):
            return self.name < other.name
        return True if isinstance(other, str) else NotImplemented

    def __gt__(self, other: object) -> bool:
        """Tell whether it stands behind another one when they are sorted."""
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
    """A key of `StreamResponse` and its kin."""

    __slots__ = ()


def warn_of_plain_key(key: object, kind: type[BaseKey[Any]]) -> None:
    """Warn whoever stores a value under what is no key of that kind.

    Where they stand is told, also if they called `update` or `setdefault`, which the standard library has written.
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
    """Give the name of the module whose code makes the key: the first frame out of this one."""
    while frame is not None and frame.f_globals.get("__name__") in (__name__, "typing"):
        frame = frame.f_back
    return "?" if frame is None else str(frame.f_globals.get("__name__", "?"))


def _format_type(kind: Any) -> str:
    if not isinstance(kind, type) or get_args(kind):
        return repr(kind)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
