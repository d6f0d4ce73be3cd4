"""The mapping of values in an application, a request or a response."""

from abc import abstractmethod
from collections.abc import Iterator, MutableMapping
from typing import Any, ClassVar, TypeVar, overload

from muntin.web.keys import BaseKey, warn_of_plain_key

__all__ = ["Storage"]

T = TypeVar("T")
D = TypeVar("D")


class Storage(MutableMapping["BaseKey[Any] | str", Any]):
    """A mutable mapping of values by typed keys or by names; equal to itself alone, and always true."""

    __slots__ = ()

    _key_type: ClassVar[type[BaseKey[Any]]]
    """The class of its keys; others work, with a warning."""

    @abstractmethod
    def _open_storage(self) -> dict[Any, Any]:
        """Return the dictionary behind the mapping, made on first use."""

    @overload
    def __getitem__(self, key: BaseKey[T]) -> T: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: BaseKey[Any] | str) -> Any:
        return self._open_storage()[key]

    @overload
    def __setitem__(self, key: BaseKey[T], value: T) -> None: ...

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...

    def __setitem__(self, key: BaseKey[Any] | str, value: Any) -> None:
        if not isinstance(key, self._key_type):
            warn_of_plain_key(key, self._key_type)
        self._open_storage()[key] = value

    def __delitem__(self, key: BaseKey[Any] | str) -> None:
        del self._open_storage()[key]

    @overload  # type: ignore[override]  # a typed key gives its own type, which Mapping.get cannot say
    def get(self, key: BaseKey[T], default: None = None) -> T | None: ...

    @overload
    def get(self, key: BaseKey[T], default: D) -> T | D: ...

    @overload
    def get(self, key: str, default: Any = None) -> Any: ...

    def get(self, key: BaseKey[Any] | str, default: Any = None) -> Any:
        return self._open_storage().get(key, default)

    def __iter__(self) -> Iterator[BaseKey[Any] | str]:
        return iter(self._open_storage())

    def __len__(self) -> int:
        return len(self._open_storage())

    # A request without stored values is still a request.
    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self) >> 4
