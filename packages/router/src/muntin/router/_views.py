"""Views: read-only collections over a router that stay current while it grows."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Generic, TypeVar

__all__ = ["CollectionView", "MappingView"]

T = TypeVar("T")


class CollectionView(Collection[T], Generic[T]):
    """A collection whose items come from a new iteration each time."""

    __slots__ = ("_iterate",)

    def __init__(self, iterate: Callable[[], Iterator[T]]) -> None:
        self._iterate = iterate

    def __iter__(self) -> Iterator[T]:
        return self._iterate()

    def __len__(self) -> int:
        return sum(1 for _ in self._iterate())

    def __contains__(self, item: object) -> bool:
        return any(item is each or item == each for each in self._iterate())

    def __repr__(self) -> str:
        return f"<{len(self)}: {', '.join(map(repr, self))}>"


class MappingView(Mapping[str, T], Generic[T]):
    """A mapping whose values are computed at each access."""

    __slots__ = ("_mapping", "_present")

    def __init__(self, mapping: Mapping[str, object], present: Callable[[str], T]) -> None:
        self._mapping = mapping
        self._present = present

    def __getitem__(self, name: str) -> T:
        return self._present(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping)

    def __len__(self) -> int:
        return len(self._mapping)

    def __repr__(self) -> str:
        return f"<{', '.join(f'{name}: {value!r}' for name, value in self.items())}>"
