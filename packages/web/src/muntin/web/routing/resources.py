"""Resources: those of the router, with routes that know web handlers, and resources with rules of their own.

They resolve requests; they must not know applications.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from yarl import URL

from muntin import router
from muntin.router import Match, Matched, MethodNotAllowed
from muntin.web.legacy import warn_older
from muntin.web.routing._asking import Asking
from muntin.web.routing._handlers import AnyExpectHandler
from muntin.web.routing.match_info import UrlMappingMatchInfo, describe_match
from muntin.web.routing.routes import ResourceRoute

__all__ = ["AbstractResource", "DynamicResource", "PlainResource", "Resolved", "Resource"]

Resolved = tuple[UrlMappingMatchInfo | None, set[str]]
"""Match info or None, and the methods that the resource has for the path; no methods if it does not have the path."""


class AbstractResource(router.AbstractResource[Any]):
    """The target of requests. Derive from it for a resource with rules of its own.

    Write `resolve`, `canonical`, `url_for`, `get_info`, `add_prefix`, `raw_match` and `__iter__`, and register an
    instance with `app.router.register_resource`. It is asked in the order of registration.
    """

    @abstractmethod
    async def resolve(self, request: Asking) -> Resolved:
        """Return the match info of a request and the methods allowed, or None and the methods allowed."""

    @abstractmethod
    def add_prefix(self, prefix: str) -> None:
        """Take a place below a prefix; called once, when an application that is inside another one is frozen."""

    @abstractmethod
    def raw_match(self, path: str) -> bool:
        """Return whether this is the canonical path of the resource."""

    def freeze(self) -> None:
        """Do nothing; called when the application starts."""

    def match(self, method: str, path: str, host: str | None = None) -> Match[Any] | None:
        """Return None: without the request there is none."""
        return None


class Resource(router.Resource[Any]):
    """A resource that has routes, at most one for each method."""

    def add_route(
        self, method: str, handler: Any, *, expect_handler: AnyExpectHandler | None = None, **options: Any
    ) -> ResourceRoute:
        """Register a handler for a method, or `"*"` for all others.

        Args:
            method: a token.
            handler: an async function, a subclass of `View`, or whatever else can be called with the request.
            expect_handler: what responds to an Expect field.
            options: kept on the route.

        Raises:
            RuntimeError: the route would never be reached.
            TypeError: the handler is of the wrong kind.
        """
        like = next((each for each in self if each.handler == handler), None)
        route = ResourceRoute(method, handler, self, expect_handler=expect_handler, like=like, **options)
        self.register_route(route)
        return route

    async def resolve(self, request: Asking) -> Resolved:
        """Resolve a request by its path."""
        path = router.strip_prefix(request.target.path, self.prefix)
        if path is None:
            return None, set()
        match = self.match(request.method, router.requote(path), request.host)
        if isinstance(match, Matched):
            return describe_match(match, request.method), {each.method for each in self}
        return None, set(match.allowed) if isinstance(match, MethodNotAllowed) else set()

    def raw_match(self, path: str) -> bool:
        """Return whether this is the canonical path of the resource."""
        return path == self.canonical

    def freeze(self) -> None:
        """Do nothing: the router is frozen with the application."""

    def add_prefix(self, prefix: str) -> None:
        """Refuse: the prefix of a resource is that of its application.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"{self!r} stands below the prefix of its application: use add_subapp()")

    def url(self, *, parts: Mapping[str, Any] | None = None, query: Any = None, **named_parts: Any) -> str:
        """Build the URL as text; the older form of `url_for`.

        Args:
            parts: the variables of the path.
            query: a mapping, pairs, or text with or without its question mark.
        """
        warn_older("resource.url()", "resource.url_for()")
        url: URL = self.build_url({**(parts or {}), **named_parts}, query)
        return str(url)


AbstractResource.register(Resource)  # type: ignore[type-abstract]  # its concrete kinds are meant


class PlainResource(Resource, router.PlainResource[Any]):
    """A resource with one path."""


class DynamicResource(Resource, router.DynamicResource[Any]):
    """A resource whose path has variables."""

    def url_for(self, **parts: Any) -> URL:
        """Build the URL; parts that the template does not have are left out, so that `match_info` can be passed."""
        named = {variable.name for variable in self.template.variables}
        return super().url_for(**{name: value for name, value in parts.items() if name in named})

    DYN = re.compile(r"\{(?P<var>[_a-zA-Z][_a-zA-Z0-9]*)\}")
    DYN_WITH_RE = re.compile(r"\{(?P<var>[_a-zA-Z][_a-zA-Z0-9]*):(?P<re>.+)\}")
    GOOD = r"[^{}/]+"
