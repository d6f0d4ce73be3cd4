"""The mapping that an application shares with its handlers; it warns when it is changed while requests come.

Values have typed keys or names.
"""

import warnings
from abc import abstractmethod
from typing import Any, TypeVar, overload

from muntin.web.keys import AppKey, BaseKey
from muntin.web.storage import Storage

__all__ = ["ApplicationState"]

T = TypeVar("T")


class ApplicationState(Storage):
    """A mutable mapping by typed keys or by names; changes while requests come are advised against."""

    _key_type = AppKey

    def __init__(self) -> None:
        self._state: dict[Any, Any] = {}

    @property
    @abstractmethod
    def _is_serving(self) -> bool:
        """True while requests come."""

    def _open_storage(self) -> dict[Any, Any]:
        return self._state

    @overload
    def __setitem__(self, key: BaseKey[T], value: T) -> None: ...

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...

    def __setitem__(self, key: Any, value: Any) -> None:
        self._warn_if_serving()
        super().__setitem__(key, value)

    def __delitem__(self, key: BaseKey[Any] | str) -> None:
        self._warn_if_serving()
        del self._state[key]

    def _warn_if_serving(self) -> None:
        if self._is_serving:
            warnings.warn(
                "an application that has started should not be changed: keep a mutable value in it",
                DeprecationWarning,
                stacklevel=3,
            )
