"""Resources with routes: one path or many, and a route for each method.

A resource has its template and its routes. It must not know the other resources.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar, final

from yarl import URL

from muntin.router._quoting import decode_part
from muntin.router._routes import ANY_METHOD, NOTHING, AbstractResource, Matched, MethodNotAllowed, Route
from muntin.router._template import Template
from muntin.router.converters import CONVERTERS, Converter
from muntin.router.errors import RouteConflict, TemplateError

__all__ = ["DynamicResource", "PlainResource", "PrefixResource", "Resource", "make_resource", "parse_prefix"]

H = TypeVar("H")


class Resource(AbstractResource[H], Generic[H]):
    """A resource that has routes, at most one for each method."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._routes: dict[str, Route[H]] = {}

    @property
    def methods(self) -> Mapping[str, Route[H]]:
        """The routes by method, in the order of their registration; a live view."""
        return MappingProxyType(self._routes)

    def add_route(self, method: str, handler: H, **options: Any) -> Route[H]:
        """Register the handler for the method, `"*"` for all others; raise `RouteConflict` if it is out of reach."""
        route = Route(method, handler, self, MappingProxyType(options) if options else NOTHING)
        return self.register_route(route)

    def register_route(self, route: Route[H]) -> Route[H]:
        """Add a route that was made for this resource; raise `RouteConflict` if it can never be reached."""
        taken = self._routes.get(route.method) or self._routes.get(ANY_METHOD)
        if taken is not None:
            raise RouteConflict(f"{route!r} would never be reached: {taken!r} is registered already")
        self.change()
        self._routes[route.method] = route
        return route

    @final
    def match(
        self, method: str, path: str, host: str | None = None
    ) -> Matched[H] | MethodNotAllowed[H] | None:
        """Match a canonical path, relative to the router's own prefix; return None if the resource does not have it."""
        variables = self.read(path)
        values = None if variables is None else self.convert(variables)
        if variables is None or values is None:
            return None
        route = self._routes.get(method) or self._routes.get(ANY_METHOD)
        if route is not None:
            return Matched(route, variables, values)
        return MethodNotAllowed(tuple(sorted(self._routes)), self) if self._routes else None

    @abstractmethod
    def read(self, path: str) -> Mapping[str, str] | None:
        """Return the decoded variables of a path that matches, else None."""

    def convert(self, variables: Mapping[str, str]) -> Mapping[str, Any] | None:
        """Return the variables in their types, or None if the text of one is not of its type."""
        return variables

    def build_url(self, parts: Mapping[str, Any] = NOTHING, query: Any = None) -> URL:
        """Build the URL from a mapping of parts and a query: a mapping, pairs, or text with or without its `?`."""
        url = self.url_for(**parts)
        if query is None:
            return url
        return url.with_query(query.removeprefix("?") if isinstance(query, str) else query)

    def __iter__(self) -> Iterator[Route[H]]:
        return iter(list(self._routes.values()))

    def __len__(self) -> int:
        return len(self._routes)


class _TemplateResource(Resource[H], Generic[H]):
    """A resource with a template."""

    def __init__(
        self,
        path: str | Template,
        *,
        name: str | None = None,
        converters: Mapping[str, Converter[Any]] = CONVERTERS,
    ) -> None:
        super().__init__(name=name)
        self._template = path if isinstance(path, Template) else Template(path, converters)

    @property
    def template(self) -> Template:
        """The template, relative to the router's own prefix."""
        return self._template

    @property
    def canonical(self) -> str:
        """The template with the prefixes of all mounts, without regular expressions: `/admin/users/{id}`."""
        return self.prefix + self._template.canonical

    def url_for(self, **parts: Any) -> URL:
        """Build the URL from str or int parts, each percent-encoded; raise `PartError` for parts that do not fit."""
        return URL.build(path=self.prefix + self._template.format(parts), encoded=True)


class PlainResource(_TemplateResource[H], Generic[H]):
    """A resource with one path."""

    def read(self, path: str) -> Mapping[str, str] | None:
        """Return an empty mapping if this is the path, else None. Without a prefix, the empty path is `/`."""
        own = self._template.canonical
        return NOTHING if path == own or (not own and path == "/" and not self.prefix) else None

    def get_info(self) -> dict[str, Any]:
        """Describe the resource: its `path`."""
        return {"path": self.canonical}


class DynamicResource(_TemplateResource[H], Generic[H]):
    """A resource whose template has variables."""

    def read(self, path: str) -> Mapping[str, str] | None:
        """Return the decoded variables of a path that matches, else None."""
        return self._template.read(path)

    def convert(self, variables: Mapping[str, str]) -> Mapping[str, Any] | None:
        """Return the variables in their types, or None if the text of one is not of its type."""
        return self._template.convert(variables) if self._template.is_typed else variables

    def get_info(self) -> dict[str, Any]:
        """Describe the resource: its `formatter`, and the `pattern` behind its prefix."""
        return {"formatter": self.canonical, "pattern": self._template.regex}


class PrefixResource(Resource[H], Generic[H]):
    """A resource for all paths below a prefix; the rest of the path, decoded, is its one variable.

    Args:
        prefix: with or without a slash at its end.
        name: for reverse lookups.
        variable: the name of the variable.
        has_prefix: whether the prefix itself, without the slash, belongs to the resource; the rest is empty then.
    """

    def __init__(
        self, prefix: str, *, name: str | None = None, variable: str = "filename", has_prefix: bool = False
    ) -> None:
        super().__init__(name=name)
        self._own_prefix = parse_prefix(prefix)
        self._folder = self._own_prefix + "/"
        self._variable = variable
        self._has_prefix = has_prefix

    @property
    def own_prefix(self) -> str:
        """The prefix in its canonical spelling, relative to the router's own, without a slash at its end."""
        return self._own_prefix

    @property
    def variable(self) -> str:
        """The name of the variable."""
        return self._variable

    @property
    def canonical(self) -> str:
        """The whole prefix, those of all mounts included."""
        return self.prefix + self._own_prefix

    def read(self, path: str) -> Mapping[str, str] | None:
        """Return the decoded rest of a path below the prefix, else None."""
        if path.startswith(self._folder):
            rest = path[len(self._folder) :]
            return {self._variable: decode_part(rest) if "%" in rest else rest}
        return {self._variable: ""} if self._has_prefix and path == self._own_prefix else None

    def url_for(self, **parts: Any) -> URL:
        """Build the URL of a path below the prefix: the one part is the variable, and its slashes stay."""
        rest = Template(f"/{{{self._variable}:.*}}").format(parts)
        return URL.build(path=self.canonical + rest, encoded=True)

    def get_info(self) -> dict[str, Any]:
        """Describe the resource: its `prefix`, and its `routes` by method."""
        return {"prefix": self.canonical, "routes": self.methods}


def parse_prefix(prefix: str) -> str:
    """Return a prefix in its canonical spelling, without a slash at its end; or raise `TemplateError`."""
    template = Template(prefix)
    if template.variables:
        raise TemplateError(f"prefix {prefix!r} must not have variables")
    return template.canonical.rstrip("/")


def make_resource(
    path: str, *, name: str | None = None, converters: Mapping[str, Converter[Any]] = CONVERTERS
) -> PlainResource[H] | DynamicResource[H]:
    """Make a resource with or without variables, as the template has them."""
    template = Template(path, converters)
    return DynamicResource(template, name=name) if template.variables else PlainResource(template, name=name)
