"""Sub-applications: an application below a prefix or behind a host of another one.

They know the place of an application, and of the application only its router.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from muntin import router
from muntin.router import Matched, MethodNotAllowed
from muntin.web.routing._asking import Asking
from muntin.web.routing.dispatcher import UrlDispatcher
from muntin.web.routing.match_info import describe_match
from muntin.web.routing.resources import AbstractResource, Resolved

__all__ = ["MatchedSubAppResource", "PrefixedSubAppResource", "Routed"]


class Routed(Protocol):
    """An application, as far as a mount uses it."""

    @property
    def router(self) -> UrlDispatcher: ...


async def _resolve(app: Routed, path: str, request: Asking) -> Resolved:
    match = await app.router.find(request.method, path, request.host, request)
    info = describe_match(match, request.method)
    if isinstance(match, Matched):
        return info, {request.method}
    return info, set(match.allowed) if isinstance(match, MethodNotAllowed) else set()


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
        """Resolve a request below the prefix; what the application does not find is not found."""
        path = router.strip_prefix(request.target.path, self.canonical)
        return (None, set()) if path is None else await _resolve(self._app, path, request)

    def raw_match(self, path: str) -> bool:
        """Return False: another application may have the same prefix."""
        return False

    def freeze(self) -> None:
        """Do nothing: the application freezes its own router."""

    def get_info(self) -> dict[str, Any]:
        """Return the application and its prefix."""
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
        """Resolve a request to this host."""
        if not self.pattern.matches(request.host):
            return None, set()
        return await _resolve(self._app, request.target.path, request)

    def raw_match(self, path: str) -> bool:
        """Return False: a host has no path."""
        return False

    def freeze(self) -> None:
        """Do nothing: the application freezes its own router."""

    def get_info(self) -> dict[str, Any]:
        """Return the application and its host."""
        return {"app": self._app, "domain": self.canonical}

    def __len__(self) -> int:
        return len(self._app.router.routes())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._app.router.routes())


AbstractResource.register(PrefixedSubAppResource)
AbstractResource.register(MatchedSubAppResource)
