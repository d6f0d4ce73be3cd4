"""Routes, the resources they belong to, and the matches that name them.

They are in one module because each refers to the others: a resource has routes, a route has a resource, and a match
is a route or the resource that refused the method. Handlers are opaque: nothing here calls them.
"""

import keyword
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from yarl import URL

from muntin.router.errors import MethodError, ResourceNameError, RouteConflict

__all__ = [
    "ANY_METHOD",
    "NOTHING",
    "AbstractResource",
    "Found",
    "Match",
    "Matched",
    "MethodNotAllowed",
    "MountPoint",
    "NotFound",
    "ResourceRegistry",
    "Route",
    "check_method",
    "check_name",
]

H = TypeVar("H")
H_co = TypeVar("H_co", covariant=True)

ANY_METHOD = "*"
"""The method of a route for all methods that no other route of its resource has."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
"""The variables of a path without variables: shared, and therefore read-only."""

# token (RFC 9110, section 5.6.2)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STANDARD = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


def check_method(method: str) -> str:
    """Return the method to register; a standard one may be in lower case.

    Raises:
        MethodError: it is no token.
    """
    if not isinstance(method, str) or _TOKEN.fullmatch(method) is None:
        raise MethodError(f"{method!r} is no HTTP method: a method is a token such as GET")
    return method.upper() if method.upper() in _STANDARD else method


def check_name(name: str) -> str:
    """Return the name.

    Raises:
        ResourceNameError: it is not identifiers joined by dashes, dots or colons, or one of them is a keyword.
    """
    for word in re.split(r"[.:-]", name):
        if not word.isidentifier():
            raise ResourceNameError(f"name {name!r} must be identifiers joined by '-', '.' or ':'")
        if keyword.iskeyword(word):
            raise ResourceNameError(f"name {name!r} must not use the Python keyword {word!r}")
    return name


class MountPoint(Protocol):
    """The place of a router inside another one."""

    @property
    def payload(self) -> Any:
        """The object that was passed when the router was mounted; in an application framework, the application."""


class ResourceRegistry(Protocol):
    """The router of a resource, as far as the resource uses it."""

    @property
    def prefix(self) -> str:
        """The canonical path of all the mounts above."""

    @property
    def mounts(self) -> tuple[MountPoint, ...]:
        """The mounts above, from the outermost to the innermost."""

    def change(self) -> None:
        """Prepare for a change; raise `FrozenError` if the router is frozen."""


class AbstractResource(ABC, Generic[H]):
    """The target of paths. Derive from it for a resource with rules of its own.

    The router asks each such resource by `match`, one after the other; no index helps.
    """

    # Defaults for subclasses that do not call this __init__: they have no name, and everything else works.
    _name: str | None = None
    _registry: ResourceRegistry | None = None

    def __init__(self, *, name: str | None = None) -> None:
        self._name = name if name is None else check_name(name)

    @property
    def name(self) -> str | None:
        """The name for reverse lookups, if it has one."""
        return self._name

    @property
    @abstractmethod
    def canonical(self) -> str:
        """The template with the prefixes of all mounts, without regular expressions: `/admin/users/{id}`."""

    @abstractmethod
    def match(self, method: str, path: str, host: str | None = None) -> "Match[H] | Matched[H] | None":
        """Match a canonical path, relative to the router's own prefix; return None if the resource does not have it."""

    @abstractmethod
    def url_for(self, **parts: Any) -> URL:
        """Build the URL of the resource."""

    @abstractmethod
    def get_info(self) -> dict[str, Any]:
        """Describe the resource for tools that list or document routes."""

    @abstractmethod
    def __iter__(self) -> "Iterator[Route[H]]":
        """Iterate over the routes."""

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    @property
    def prefix(self) -> str:
        """The canonical path of all the mounts above."""
        return "" if self._registry is None else self._registry.prefix

    @property
    def mounts(self) -> tuple[MountPoint, ...]:
        """The mounts above, from the outermost to the innermost."""
        return () if self._registry is None else self._registry.mounts

    def join(self, registry: ResourceRegistry) -> None:
        """Enter a router; the router calls this, once."""
        if self._registry is not None:
            raise RouteConflict(f"{self!r} is in a router already")
        self._registry = registry

    def change(self) -> None:
        """Prepare for a change; raise `FrozenError` if the router is frozen."""
        if self._registry is not None:
            self._registry.change()

    def __repr__(self) -> str:
        name = "" if self._name is None else f" {self._name!r}"
        return f"<{type(self).__name__}{name} {self.canonical}>"


class Route(Generic[H]):
    """A method of a resource, and the handler for it."""

    __slots__ = ("handler", "method", "options", "resource")

    def __init__(
        self,
        method: str,
        handler: H,
        resource: AbstractResource[H],
        options: Mapping[str, Any] = NOTHING,
    ) -> None:
        self.method = check_method(method)
        self.handler = handler
        self.resource = resource
        self.options = options
        """All other keywords of the registration: the router stores them and does not use them."""

    @property
    def name(self) -> str | None:
        """The name of the resource."""
        return self.resource.name

    def url_for(self, **parts: Any) -> URL:
        """Build the URL of the resource."""
        return self.resource.url_for(**parts)

    def get_info(self) -> dict[str, Any]:
        """Describe the resource for tools that list or document routes."""
        return self.resource.get_info()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.method}] {self.resource!r} -> {self.handler!r}>"


class Matched(Generic[H]):
    """A route for the request.

    Attributes:
        route: the route.
        variables: the decoded text of the variables.
        values: the variables in the types of their converters; the same mapping where there are none.
    """

    __slots__ = __match_args__ = ("route", "variables", "values")

    route: Route[H]
    variables: Mapping[str, str]
    values: Mapping[str, Any]

    if TYPE_CHECKING:

        def __new__(
            cls, route: Route[H], variables: Mapping[str, str], values: Mapping[str, Any]
        ) -> "Found[H]": ...

    else:

        def __init__(self, route, variables, values) -> None:
            self.route = route
            self.variables = variables
            self.values = values

    @property
    def resource(self) -> AbstractResource[H]:
        """The resource of the route."""
        return self.route.resource

    @property
    def mounts(self) -> tuple[MountPoint, ...]:
        """The mounts that lead to the resource, from the outermost to the innermost."""
        return self.route.resource.mounts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Matched):
            return NotImplemented
        return (self.route, self.variables, self.values) == (other.route, other.variables, other.values)

    __hash__ = None  # type: ignore[assignment]  # as of the mappings in it

    def __repr__(self) -> str:
        return f"Matched(route={self.route!r}, variables={self.variables!r}, values={self.values!r})"


if TYPE_CHECKING:

    class Found(Matched[Any], Generic[H]):
        """The type of a `Matched` that a router returns, for type checkers only.

        Where `isinstance` or `match` narrows a union to a generic class, mypy forgets the argument. This one is a
        `Matched` of anything already, and so it is not narrowed but stays as it is, with an argument of its own.
        """

        route: Route[H]

        @property
        def resource(self) -> AbstractResource[H]: ...

else:
    Found = Matched


class MethodNotAllowed(Generic[H]):
    """A path that exists, for other methods (RFC 9110, section 15.5.6).

    Attributes:
        allowed: what to send in `Allow`, sorted.
        resource: the first resource that refused.
    """

    __slots__ = __match_args__ = ("allowed", "resource")

    def __init__(self, allowed: tuple[str, ...], resource: AbstractResource[H]) -> None:
        self.allowed = allowed
        self.resource = resource

    @property
    def mounts(self) -> tuple[MountPoint, ...]:
        """The mounts that lead to the resource, from the outermost to the innermost."""
        return self.resource.mounts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MethodNotAllowed):
            return NotImplemented
        return self.allowed == other.allowed and self.resource == other.resource

    def __hash__(self) -> int:
        return hash((self.allowed, self.resource))

    def __repr__(self) -> str:
        return f"MethodNotAllowed(allowed={self.allowed!r}, resource={self.resource!r})"


class NotFound(NamedTuple):
    """A path without a resource; `mounts` are those that it led through, from the outermost to the innermost."""

    mounts: tuple[MountPoint, ...] = ()


Match = Found[H] | MethodNotAllowed[H] | NotFound
