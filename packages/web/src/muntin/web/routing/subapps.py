"""Sub-applications: an application below a prefix or behind a host of another one.

They know where an application stands; they must not know what else it is than a router.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from muntin import router
from muntin.router import Matched, MethodNotAllowed
from muntin.web.routing._asking import Asking
from muntin.web.routing.dispatcher import UrlDispatcher, describe_match
from muntin.web.routing.resources import AbstractResource, Resolved

__all__ = ["MatchedSubAppResource", "PrefixedSubAppResource", "Routed"]


class Routed(Protocol):
    """What a mount asks of an application."""

    @property
    def router(self) -> UrlDispatcher: ...


async def _resolve(app: Routed, path: str, request: Asking) -> Resolved:
    match = await app.router.find(request.method, path, request.host, request)
    allowed = set(match.allowed) if isinstance(match, MethodNotAllowed) else set()
    if isinstance(match, Matched):
        allowed = {request.method}
    return describe_match(match, request.method), allowed


class PrefixedSubAppResource(router.PrefixMount[Any]):
    """An application below a prefix.

    Args:
        prefix: begins with a slash, and is more than that.
        app: the application.

    Raises:
        ValueError: the prefix is empty, or nothing but slashes.
    """

    def __init__(self, prefix: str, app: Routed) -> None:
        if not prefix.strip("/"):
            raise ValueError(f"a sub-application needs a prefix such as '/admin/', not {prefix!r}")
        super().__init__(prefix, app.router, app)
        self._app = app

    async def resolve(self, request: Asking) -> Resolved:
        """Answer a request; what the application does not find is not found."""
        path = router.strip_prefix(request.target.path, self.canonical)
        return (None, set()) if path is None else await _resolve(self._app, path, request)

    def raw_match(self, path: str) -> bool:
        """Tell whether a prefix is that of the application: never, as others may stand there too."""
        return False

    def freeze(self) -> None:
        """Take note that the application starts."""

    def get_info(self) -> dict[str, Any]:
        """Give the application and its prefix."""
        return {"app": self._app, "prefix": self.canonical}

    def __len__(self) -> int:
        return len(self._app.router.routes())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._app.router.routes())


class MatchedSubAppResource(router.HostMount[Any]):
    """An application behind a host such as `example.com` or `*.example.com`.

    Args:
        domain: the host, with a port if only one counts.
        app: the application.

    Raises:
        ValueError: it is no host.
    """

    def __init__(self, domain: str, app: Routed) -> None:
        super().__init__(domain, app.router, app)
        self._app = app

    async def resolve(self, request: Asking) -> Resolved:
        """Answer a request, if it is for this host."""
        if not self.pattern.matches(request.host):
            return None, set()
        return await _resolve(self._app, request.target.path, request)

    def raw_match(self, path: str) -> bool:
        """Tell whether this is a path: never."""
        return False

    def freeze(self) -> None:
        """Take note that the application starts."""

    def get_info(self) -> dict[str, Any]:
        """Give the application and its host."""
        return {"app": self._app, "domain": self.canonical}

    def __len__(self) -> int:
        return len(self._app.router.routes())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._app.router.routes())


AbstractResource.register(PrefixedSubAppResource)
AbstractResource.register(MatchedSubAppResource)
