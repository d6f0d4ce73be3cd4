"""`UrlDispatcher`: the router of an application.

It has the documented names above `muntin.router`, and awaits resources with rules of their own. It must not know
applications.
"""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeGuard

from muntin import router
from muntin.router import AbstractRouteDef, Match, Matched, MethodNotAllowed
from muntin.runner.exchange import CHUNK_SIZE
from muntin.web.legacy import warn_older
from muntin.web.routing._asking import Asking
from muntin.web.routing._handlers import AnyExpectHandler
from muntin.web.routing.match_info import UrlMappingMatchInfo, describe_match
from muntin.web.routing.resources import AbstractResource, DynamicResource, PlainResource

if TYPE_CHECKING:
    from muntin.web.routing.static_resource import StaticResource

__all__ = ["UrlDispatcher"]


class UrlDispatcher(router.Router[Any]):
    """An ordered list of resources, and a mapping of their names."""

    def __init__(self) -> None:
        super().__init__()
        self._latest: PlainResource | DynamicResource | None = None

    # Registering

    def add_resource(self, path: str, *, name: str | None = None) -> PlainResource | DynamicResource:
        """Register a path and return its resource: that of the last call again, if path and name are the same.

        Raises:
            ValueError: the path or the name is malformed, or the name is taken.
            RuntimeError: the router is frozen.
        """
        latest = self._latest
        if latest is not None and (latest.template.text, latest.name) == (path, name):
            return latest
        resource: PlainResource | DynamicResource = PlainResource(path, name=name)
        if resource.template.variables:
            resource = DynamicResource(resource.template, name=name)
        self.register_resource(resource)
        self._latest = resource
        return resource

    def register_resource(self, resource: router.AbstractResource[Any]) -> None:
        """Add a resource to the end of the list.

        Raises:
            TypeError: it is no resource.
            ValueError: its name is taken.
            RuntimeError: the router is frozen.
        """
        if not isinstance(resource, router.AbstractResource):
            raise TypeError(f"a resource derives from web.AbstractResource, and {resource!r} does not")
        super().register_resource(resource)
        self._latest = None

    def add_route(
        self,
        method: str,
        path: str | None = None,
        handler: Any = None,
        *,
        name: str | None = None,
        expect_handler: AnyExpectHandler | None = None,
        **options: Any,
    ) -> Any:
        """Register a handler for a method, or `"*"` for any, and a path.

        With a path alone it is `add_resource`, as in an older documentation.

        Raises:
            ValueError, RuntimeError: as `add_resource`.
            TypeError: the handler is of the wrong kind.
        """
        if path is None and handler is None and method.startswith("/"):
            warn_older("router.add_route() with a path alone", "router.add_resource()")
            return self.add_resource(method, name=name)
        if path is None or handler is None:
            raise TypeError("add_route() takes method, path and handler")
        resource = self.add_resource(path, name=name)
        return resource.add_route(method, handler, expect_handler=expect_handler, **options)

    def add_static(
        self,
        prefix: str,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        expect_handler: AnyExpectHandler | None = None,
        chunk_size: int = CHUNK_SIZE,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
    ) -> "StaticResource":
        """Serve the files of a directory below a prefix.

        Args:
            prefix: where, such as `/static`.
            path: the directory.
            name: for `url_for`.
            chunk_size: how many bytes of a file are read at a time where the system cannot send it by itself.
            show_index: whether a directory is listed; otherwise the response is 403.
            follow_symlinks: whether links may leave the directory.
            append_version: whether `url_for` adds a version that changes with the content.

        Raises:
            ValueError: the directory does not exist, or the prefix is malformed.
        """
        from muntin.web.routing.static_resource import StaticResource  # noqa: PLC0415 - not everybody serves files

        resource = StaticResource(
            prefix,
            path,
            name=name,
            expect_handler=expect_handler,
            chunk_size=chunk_size,
            show_index=show_index,
            follow_symlinks=follow_symlinks,
            append_version=append_version,
        )
        self.register_resource(resource)
        return resource

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[Any]:
        """Register definitions such as `web.get(...)` in their order, and return the routes."""
        return super().add_routes(routes)

    @property
    def named_resource(self) -> Mapping[str, router.AbstractResource[Any]]:
        """The resources by name; an older name of `named_resources()`."""
        warn_older("router.named_resource", "router.named_resources()")
        return self.named_resources()

    def foreign_resources(self) -> list[AbstractResource]:
        """Return the resources with rules of their own, without those of inner applications."""
        return [each for each in self.resources() if _has_own_rules(each)]

    # Matching

    @property
    def resolves_itself(self) -> bool:
        """True if a subclass has a `resolve` of its own."""
        return type(self).resolve is not UrlDispatcher.resolve

    async def find(self, method: str, path: str, host: str | None, request: Asking) -> Match[Any]:
        """Find the match of a request, and await the resources that have to be awaited."""
        search = self.search(method, path, host)
        match: Match[Any] | None = None
        while True:
            try:
                candidate = search.send(match)
            except StopIteration as end:
                found: Match[Any] = end.value
                return found
            resource = candidate.resource
            match = await self.ask(resource, request) if _has_own_rules(resource) else candidate.match()

    async def ask(self, resource: AbstractResource, request: Asking) -> Match[Any] | None:
        """Return what a resource with rules of its own resolves to, as a match of the router.

        The match info stands for the variables.
        """
        info, allowed = await resource.resolve(request)
        if info is not None:
            return Matched(info.route, info, info)
        return MethodNotAllowed(tuple(sorted(allowed)), resource) if allowed else None

    async def resolve(self, request: Asking) -> UrlMappingMatchInfo:
        """Return the match info of a request; if nothing matches, its handler raises 404 or 405.

        A subclass may override it: it is called for every request, if its application is the outermost.
        """
        match = await self.find(request.method, request.target.path, request.host, request)
        return describe_match(match, request.method)


def _has_own_rules(resource: router.AbstractResource[Any]) -> TypeGuard[AbstractResource]:
    # Derived from it, not only registered as a virtual subclass.
    return AbstractResource in type(resource).__mro__
