"""The router: resources in order, their names, and the match of a method, a path and a host.

Here are registration and its rules; `_matching` finds the resource of a path. Handlers are opaque.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from muntin.router._matching import Matcher, is_indexed
from muntin.router._mounts import HostMount, Mount, Mountable, PrefixMount, Search
from muntin.router._resources import (
    DynamicResource,
    PlainResource,
    PrefixResource,
    make_resource,
)
from muntin.router._routes import ANY_METHOD, AbstractResource, Match, MountPoint, ResourceRegistry, Route
from muntin.router._views import CollectionView, MappingView
from muntin.router.converters import CONVERTERS, Converter
from muntin.router.definitions import AbstractRouteDef
from muntin.router.errors import FrozenError, ResourceNameError, RouteConflict

__all__ = ["Router"]

H = TypeVar("H")


class Router(Mapping[str, AbstractResource[H]], Generic[H]):
    """An ordered list of resources, which matches method, path and host; a mapping of names to resources.

    Args:
        options_handler: the handler for OPTIONS where a resource has no route for it; `route.options["allowed"]` is the
            value of the `Allow` field. None: such a request is a `MethodNotAllowed`.
        converters: more types for variables, by their name in templates.
    """

    def __init__(
        self,
        *,
        options_handler: H | None = None,
        converters: Mapping[str, Converter[Any]] = MappingProxyType({}),
    ) -> None:
        self._options_handler = options_handler
        self._converters = {**CONVERTERS, **converters}
        self._resources: list[AbstractResource[H]] = []
        self._names: dict[str, AbstractResource[H]] = {}
        self._frozen = False
        # Where this router is mounted, if it is: the mount, the router that holds it, and the prefix there.
        self._place: tuple[MountPoint, ResourceRegistry, str] | None = None
        # Compiled at the first match after a change.
        self._matcher: Matcher[H] | None = None

    # Matching

    def match(self, method: str, path: str, host: str | None = None) -> Match[H]:
        """Find the route for a request.

        The first resource that has the path and the method wins. If some have the path and none the method, the result
        is a `MethodNotAllowed` with the methods of all of them. Resources are asked in the order of their registration,
        but those whose path begins with more literal segments go first. Mounts by host go before all others; a resource
        with rules of its own keeps its place, and no other resource moves past it.

        Args:
            method: as it was sent; methods are case-sensitive.
            path: the path of the target as it was sent, percent-encoded, without query; relative to the prefix if
                the router is mounted. No text raises.
            host: the value of the `Host` field, with its port if it has one.
        """
        matcher = self._matcher or self._compile()
        matches = matcher.exact.get(path)
        if matches is not None:
            return matches[method]
        return matcher.match(method, path, host)

    @property
    def exact(self) -> Mapping[str, Mapping[str, Match[H]]]:
        """The matches of all paths without variables, by path and then by method; they last until the next change.

        For those who match many requests: where a path is a key, `match` returns this. The inner mappings return a
        match for every method by `[method]`. Empty where more than method and path decide.
        """
        return (self._matcher or self._compile()).exact

    def search(self, method: str, path: str, host: str | None = None) -> Search[H]:
        """Search for the match that `match` returns, and yield each resource with rules of its own that must be asked.

        For rules that need more than method, path and host, or that have to be awaited: send each candidate's match, or
        None, into the generator; it returns the match of the request.
        """
        matcher = self._matcher or self._compile()
        return matcher.search(method, path, host)

    def _compile(self) -> Matcher[H]:
        is_pure = self.is_pure
        matcher = Matcher(
            self._resources, mounts=self.mounts, options_handler=self._options_handler, is_pure=is_pure
        )
        if is_pure:
            matcher.prepare(self.plain_paths(), {route.method for route in self.iterate_routes()})
        self._matcher = matcher
        return matcher

    # Registering

    def add_resource(self, path: str, *, name: str | None = None) -> PlainResource[H] | DynamicResource[H]:
        """Register a path and return its resource: that of the last call again, if path and name are the same."""
        last = self._resources[-1] if self._resources else None
        if isinstance(last, PlainResource | DynamicResource) and (last.template.text, last.name) == (
            path,
            name,
        ):
            return last
        resource: PlainResource[H] | DynamicResource[H] = make_resource(
            path, name=name, converters=self._converters
        )
        self.register_resource(resource)
        return resource

    def add_route(
        self, method: str, path: str, handler: H, *, name: str | None = None, **options: Any
    ) -> Route[H]:
        """Register a handler for a method, or `"*"` for any, and a path; more keywords are the route's `options`."""
        return self.add_resource(path, name=name).add_route(method, handler, **options)

    def add_get(
        self, path: str, handler: H, *, name: str | None = None, allow_head: bool = True, **options: Any
    ) -> Route[H]:
        """Register a handler for GET, and for HEAD too unless `allow_head` is false."""
        resource = self.add_resource(path, name=name)
        if allow_head:
            resource.add_route("HEAD", handler, **options)
        return resource.add_route("GET", handler, **options)

    def add_head(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for HEAD."""
        return self.add_route("HEAD", path, handler, **options)

    def add_post(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for POST."""
        return self.add_route("POST", path, handler, **options)

    def add_put(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for PUT."""
        return self.add_route("PUT", path, handler, **options)

    def add_patch(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for PATCH."""
        return self.add_route("PATCH", path, handler, **options)

    def add_delete(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for DELETE."""
        return self.add_route("DELETE", path, handler, **options)

    def add_options(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for OPTIONS."""
        return self.add_route("OPTIONS", path, handler, **options)

    def add_view(self, path: str, handler: H, **options: Any) -> Route[H]:
        """Register a handler for any method; the handler tells them apart."""
        return self.add_route(ANY_METHOD, path, handler, **options)

    def add_prefix(
        self, prefix: str, *, name: str | None = None, variable: str = "filename"
    ) -> PrefixResource[H]:
        """Register all paths below a prefix; the rest of the path becomes the one variable."""
        resource: PrefixResource[H] = PrefixResource(prefix, name=name, variable=variable)
        self.register_resource(resource)
        return resource

    def add_routes(self, definitions: Iterable[AbstractRouteDef]) -> list[Any]:
        """Register definitions in their order, and return what they registered in one list."""
        return [item for definition in definitions for item in definition.register(self)]

    def mount(self, prefix: str, router: Mountable[H], payload: Any = None) -> PrefixMount[H]:
        """Put another router below a prefix; matches return `payload` in their `mounts`."""
        mount = PrefixMount(prefix, router, payload)
        self.register_resource(mount)
        return mount

    def mount_host(self, host: str, router: Mountable[H], payload: Any = None) -> HostMount[H]:
        """Put another router behind a host such as `example.com`, `*.example.com` or `example.com:8080`."""
        mount = HostMount(host, router, payload)
        self.register_resource(mount)
        return mount

    def register_resource(self, resource: AbstractResource[H]) -> None:
        """Add a resource to the end of the list; raise `ResourceNameError` if its name is taken."""
        self.change()
        name = resource.name
        if name is not None and name in self._names:
            raise ResourceNameError(f"name {name!r} is taken by {self._names[name]!r}")
        resource.join(self)
        self._resources.append(resource)
        if name is not None:
            self._names[name] = resource

    # Changing and freezing

    @property
    def frozen(self) -> bool:
        """True if changes are over."""
        return self._frozen

    def freeze(self) -> None:
        """End all changes, here and in mounted routers, and compile the router."""
        for mount in self._mounted():
            mount.router.freeze()
        self._frozen = True
        if self._matcher is None:
            self._compile()

    def change(self) -> None:
        """Prepare for a change; raise `FrozenError` if the router is frozen."""
        if self._frozen:
            raise FrozenError("the router is frozen: register resources and routes before it starts to serve")
        self._matcher = None
        if self._place is not None:
            self._place[1].change()

    # Standing inside another router

    def mount_on(self, mount: MountPoint, parent: ResourceRegistry, prefix: str) -> None:
        """Take a place on a mount of another router; raise `RouteConflict` if that is not possible."""
        if self._place is not None:
            raise RouteConflict(f"{self!r} is mounted already, on {self._place[0]!r}")
        if parent is self or any(mine is above for mine in self._mounted() for above in parent.mounts):
            raise RouteConflict(f"{self!r} cannot be mounted inside itself")
        self._place = (mount, parent, prefix)
        self.forget()

    def forget(self) -> None:
        """Drop what was computed from the mounts above, because they changed."""
        self._matcher = None
        for mount in self._mounted():
            mount.router.forget()

    @property
    def prefix(self) -> str:
        """The canonical path of all the mounts above."""
        return "" if self._place is None else self._place[1].prefix + self._place[2]

    @property
    def mounts(self) -> tuple[MountPoint, ...]:
        """The mounts above, from the outermost to the innermost."""
        return () if self._place is None else (*self._place[1].mounts, self._place[0])

    def _mounted(self) -> Iterator[Mount[H]]:
        return (resource for resource in self._resources if isinstance(resource, Mount))

    # Inspecting

    def resources(self) -> CollectionView[AbstractResource[H]]:
        """Return a live view of the resources in order."""
        return CollectionView(lambda: iter(list(self._resources)))

    def routes(self) -> CollectionView[Route[H]]:
        """Return a live view of the routes in order; those of mounted routers stand in the place of their mount."""
        return CollectionView(self.iterate_routes)

    def named_resources(self) -> Mapping[str, AbstractResource[H]]:
        """Return a live view of the resources by name."""
        return MappingProxyType(self._names)

    def named_routes(self) -> MappingView[tuple[Route[H], ...]]:
        """Return a live view of the routes of each named resource."""
        return MappingView(self._names, lambda name: tuple(self._names[name]))

    def iterate_routes(self) -> Iterator[Route[H]]:
        """Iterate over the routes in order; those of mounted routers stand in the place of their mount."""
        for resource in list(self._resources):
            yield from resource

    def plain_paths(self) -> Iterator[str]:
        """Iterate over the canonical paths without variables, relative to the prefix of the router."""
        for resource in self._resources:
            match resource:
                case PlainResource():
                    yield resource.template.canonical
                case PrefixMount():
                    for path in resource.router.plain_paths():
                        yield resource.own_prefix + path

    @property
    def is_pure(self) -> bool:
        """True if method and path alone decide: no hosts and no resources with rules of their own, here and below."""
        return all(
            is_indexed(resource) and not (isinstance(resource, Mount) and not resource.router.is_pure)
            for resource in self._resources
        )

    def __getitem__(self, name: str) -> AbstractResource[H]:
        return self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __bool__(self) -> bool:
        return True

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        where = f" below {self.prefix}" if self.prefix else ""
        return f"<{type(self).__name__} of {len(self._resources)} resources{where}>"
