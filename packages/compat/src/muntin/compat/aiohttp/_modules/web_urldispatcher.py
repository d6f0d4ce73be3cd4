"""`aiohttp.web_urldispatcher`: resources and routes.

Rules for hosts are classes of their own there; aiohttp-asgi imports their base.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from muntin import web
from muntin.router import HostPattern, Match, Matched, PrefixResource
from muntin.web import (
    AbstractResource,
    AbstractRoute,
    DynamicResource,
    MatchedSubAppResource,
    PlainResource,
    PrefixedSubAppResource,
    Resource,
    ResourceRoute,
    SystemRoute,
    View,
)
from muntin.web.abc import AbstractMatchInfo, AbstractRouter
from muntin.web.routing.match_info import MatchInfoError
from muntin.web.routing.routes import continue_or_refuse as _default_expect_handler

__all__ = [
    "AbstractResource",
    "AbstractRoute",
    "AbstractRuleMatching",
    "Domain",
    "DynamicResource",
    "MaskDomain",
    "MatchInfoError",
    "MatchedSubAppResource",
    "PlainResource",
    "PrefixResource",
    "PrefixedSubAppResource",
    "Resource",
    "ResourceRoute",
    "StaticResource",
    "SystemRoute",
    "UrlDispatcher",
    "UrlMappingMatchInfo",
    "View",
    "_default_expect_handler",
]

PATH_SEP: Final = "/"


class AbstractRuleMatching(ABC):
    """A rule that a request matches or not, such as its host."""

    @property
    @abstractmethod
    def canonical(self) -> str:
        """The rule as text."""

    @abstractmethod
    async def match(self, request: web.Request) -> bool:
        """Return whether a request matches."""

    @abstractmethod
    def get_info(self) -> dict[str, Any]:
        """Describe the rule."""


class Domain(AbstractRuleMatching):
    """A host.

    Args:
        domain: the host, with a port if only one counts.

    Raises:
        ValueError: it is no host.
    """

    def __init__(self, domain: str) -> None:
        self._pattern = HostPattern(domain)

    @property
    def canonical(self) -> str:
        """The host."""
        return self._pattern.canonical

    async def match(self, request: web.Request) -> bool:
        """Return whether a request is for this host."""
        return self.match_domain(request.host)

    def match_domain(self, host: str) -> bool:
        """Return whether this is the host of a field."""
        return self._pattern.matches(host)

    def get_info(self) -> dict[str, Any]:
        """Describe the rule: its `domain`."""
        return {"domain": self.canonical}


class MaskDomain(Domain):
    """A pattern of hosts, such as `*.example.com`."""

    @property
    def canonical(self) -> str:
        """The pattern as a regular expression, as aiohttp has it."""
        return ".*".join(re.escape(part) for part in self._pattern.canonical.split("*"))


class UrlMappingMatchInfo(web.UrlMappingMatchInfo):
    """Match info that a program makes itself; `make_mocked_request` adds the application."""

    def __init__(self, match_dict: Mapping[str, Any], route: Any) -> None:
        super().__init__(match_dict, route)
        self._apps: list[Any] = []

    @property
    def apps(self) -> tuple[Any, ...]:
        """The applications that lead to the route, the outermost first."""
        return tuple(self._apps) or super().apps

    @property
    def current_app(self) -> Any:
        """The innermost application, or the one that was set."""
        return self._apps[-1] if self._apps else web.UrlMappingMatchInfo.current_app.fget(self)  # type: ignore[attr-defined]

    @current_app.setter
    def current_app(self, app: Any) -> None:
        web.UrlMappingMatchInfo.current_app.fset(self, app)  # type: ignore[attr-defined]

    def add_app(self, app: Any) -> None:
        """Put an application around those that are there."""
        self._apps.insert(0, app)


class StaticResource(web.StaticResource):
    """The files of a directory; aiohttp-devtools reads `_directory`."""

    @property
    def _directory(self) -> Path:
        return Path(self.directory)


class UrlDispatcher(web.UrlDispatcher):
    """The routes of an application."""

    def add_static(self, prefix: str, path: Any, **options: Any) -> StaticResource:
        """Serve the files of a directory; the arguments are those of `muntin.web`."""
        resource = StaticResource(prefix, path, **options)
        self.register_resource(resource)
        return resource

    async def ask(self, resource: web.AbstractResource, request: Any) -> Match[Any] | None:
        """Return what a resource with rules of its own resolves to; its match info may be of any class."""
        match = await super().ask(resource, request)
        found: Any = match.variables if isinstance(match, Matched) else None
        if found is not None and not isinstance(found, web.UrlMappingMatchInfo):
            info = _adapt(found, request.method, resource)
            return Matched(info.route, info, info)
        return match


def _adapt(info: AbstractMatchInfo, method: str, resource: Any) -> web.UrlMappingMatchInfo:
    """Return match info of ours for one of a class that a plugin derived from `AbstractMatchInfo` itself."""
    route = ResourceRoute(method, info.handler, resource, expect_handler=info.expect_handler)
    return web.UrlMappingMatchInfo({}, route)


class ForeignDispatcher(UrlDispatcher):
    """A router that is none of ours, in the place of ours: it resolves every request.

    Args:
        foreign: the router that a program gave to its application.
    """

    def __init__(self, foreign: AbstractRouter) -> None:
        super().__init__()
        self.foreign = foreign

    async def resolve(self, request: Any) -> web.UrlMappingMatchInfo:
        """Return the match info of the foreign router, as one of ours."""
        info = await self.foreign.resolve(request)
        if isinstance(info, web.UrlMappingMatchInfo):
            return info
        if info.http_exception is not None:
            return MatchInfoError(info.http_exception)
        return _adapt(info, request.method, None)

    def freeze(self) -> None:
        """End all changes, there too."""
        super().freeze()
        self.foreign.freeze()

    def __getattr__(self, name: str) -> Any:
        # What only the foreign router has.
        return getattr(self.foreign, name)
