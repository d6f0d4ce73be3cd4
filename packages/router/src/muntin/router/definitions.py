"""Definitions: routes written down before there is a router, and the table that collects them.

A definition is a value that registers itself on any object with the right methods; it needs no `Router`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

__all__ = [
    "AbstractRouteDef",
    "Decorator",
    "Registrar",
    "RouteDef",
    "RouteTableDef",
    "StaticDef",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "static",
    "view",
]

F = TypeVar("F")

if TYPE_CHECKING:
    # A table without an argument takes handlers of any type. `typing` has defaults since Python 3.13.
    from typing_extensions import TypeVar as _TypeVar

    H = _TypeVar("H", default=object)
else:
    H = TypeVar("H")


class Registrar(Protocol):
    """A router, as far as definitions use it. With `add_static` it takes static definitions, too."""

    @property
    def add_route(self) -> Callable[..., Any]:
        """Register a handler, called with method, path, handler and keywords."""

    @property
    def add_get(self) -> Callable[..., Any]:
        """Register for GET, and for HEAD unless `allow_head=False`: called with path, handler, keywords."""


class AbstractRouteDef(Protocol):
    """A definition: it registers itself."""

    def register(self, router: Registrar) -> list[Any]:
        """Register on the router, and return what the router returned."""


@dataclass(frozen=True, repr=False)
class RouteDef:
    """The definition of a route: method, path, handler, and the keywords of its registration."""

    method: str
    path: str
    handler: Any
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def register(self, router: Registrar) -> list[Any]:
        """Register on the router, and return its route in a list."""
        if self.method == "GET":
            # The one method with a rule of its own: the router decides whether HEAD is registered, too.
            return [router.add_get(self.path, self.handler, **self.kwargs)]
        return [router.add_route(self.method, self.path, self.handler, **self.kwargs)]

    def __repr__(self) -> str:
        handler = getattr(self.handler, "__name__", repr(self.handler))
        return (
            f"<{type(self).__name__} {self.method} {self.path} -> {handler}{_format_keywords(self.kwargs)}>"
        )


@dataclass(frozen=True, repr=False)
class StaticDef:
    """The definition of a directory of files: the prefix of its URLs, its path, the keywords of its registration."""

    prefix: str
    path: str | PathLike[str]
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def register(self, router: Registrar) -> list[Any]:
        """Register on the router, which must have `add_static`, and return the routes of its resource."""
        add_static = getattr(router, "add_static", None)
        if add_static is None:
            raise TypeError(f"{self!r} needs a router with add_static, and {router!r} has none")
        return list(add_static(self.prefix, self.path, **self.kwargs))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.prefix} -> {self.path}{_format_keywords(self.kwargs)}>"


def _format_keywords(kwargs: Mapping[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in sorted(kwargs.items()))


def route(method: str, path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for any method; `"*"` stands for all."""
    return RouteDef(method, path, handler, kwargs)


def head(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for HEAD."""
    return route("HEAD", path, handler, **kwargs)


def options(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for OPTIONS."""
    return route("OPTIONS", path, handler, **kwargs)


def get(
    path: str, handler: Any, *, name: str | None = None, allow_head: bool = True, **kwargs: Any
) -> RouteDef:
    """Define a route for GET, and for HEAD too unless `allow_head` is false."""
    return route("GET", path, handler, name=name, allow_head=allow_head, **kwargs)


def post(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for POST."""
    return route("POST", path, handler, **kwargs)


def put(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for PUT."""
    return route("PUT", path, handler, **kwargs)


def patch(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for PATCH."""
    return route("PATCH", path, handler, **kwargs)


def delete(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for DELETE."""
    return route("DELETE", path, handler, **kwargs)


def view(path: str, handler: Any, **kwargs: Any) -> RouteDef:
    """Define a route for all methods; the handler, such as a class based view, tells them apart."""
    return route("*", path, handler, **kwargs)


def static(prefix: str, path: str | PathLike[str], **kwargs: Any) -> StaticDef:
    """Define a directory of files."""
    return StaticDef(prefix, path, kwargs)


class Decorator(Generic[H]):
    """A decorator that defines the handler in a table, and returns it unchanged."""

    __slots__ = ("_define", "_items")

    def __init__(self, items: list[AbstractRouteDef], define: Callable[[Any], AbstractRouteDef]) -> None:
        self._items = items
        self._define = define

    @overload
    def __call__(self: "Decorator[object]", handler: F, /) -> F: ...

    @overload
    def __call__(self, handler: H, /) -> H: ...

    def __call__(self, handler: Any, /) -> Any:
        self._items.append(self._define(handler))
        return handler


class RouteTableDef(Sequence[AbstractRouteDef], Generic[H]):
    """A table of definitions, filled by decorators; with an argument, of handlers of that type alone.

    A decorator returns the handler unchanged, so it stands above decorators that change the handler.
    """

    def __init__(self) -> None:
        self._items: list[AbstractRouteDef] = []

    @overload
    def __getitem__(self, index: int) -> AbstractRouteDef: ...

    @overload
    def __getitem__(self, index: slice) -> list[AbstractRouteDef]: ...

    def __getitem__(self, index: int | slice) -> AbstractRouteDef | list[AbstractRouteDef]:
        return self._items[index]

    def __iter__(self) -> Iterator[AbstractRouteDef]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._items)}>"

    def _take(self, method: str, path: str, kwargs: dict[str, Any]) -> Decorator[H]:
        return Decorator(self._items, lambda handler: RouteDef(method, path, handler, kwargs))

    def route(self, method: str, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for any method; `"*"` stands for all."""
        return self._take(method, path, kwargs)

    def head(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for HEAD."""
        return self._take("HEAD", path, kwargs)

    def get(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for GET, and for HEAD too unless `allow_head` is false."""
        return Decorator(self._items, lambda handler: get(path, handler, **kwargs))

    def post(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for POST."""
        return self._take("POST", path, kwargs)

    def put(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for PUT."""
        return self._take("PUT", path, kwargs)

    def patch(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for PATCH."""
        return self._take("PATCH", path, kwargs)

    def delete(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for DELETE."""
        return self._take("DELETE", path, kwargs)

    def options(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler for OPTIONS."""
        return self._take("OPTIONS", path, kwargs)

    def view(self, path: str, **kwargs: Any) -> Decorator[H]:
        """Define the decorated handler, such as a class based view, for all methods."""
        return self._take("*", path, kwargs)

    def static(self, prefix: str, path: str | PathLike[str], **kwargs: Any) -> None:
        """Define a directory of files."""
        self._items.append(static(prefix, path, **kwargs))
