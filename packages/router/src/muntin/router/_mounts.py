"""Mounts: places in a router where another router stands, below a prefix or behind a host.

A mount owns its prefix or its hosts: what the mounted router does not find is not found. Only resources whose paths
begin deeper below the same prefix are asked before it. How either router matches is no concern of this module.
"""

from collections.abc import Generator, Iterator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from yarl import URL

from muntin.router._hosts import HostPattern
from muntin.router._resources import parse_prefix
from muntin.router._routes import AbstractResource, Match, MountPoint, ResourceRegistry, Route

__all__ = ["Candidate", "HostMount", "Mount", "Mountable", "PrefixMount", "Search"]

H = TypeVar("H")


class Candidate(NamedTuple, Generic[H]):
    """A resource with rules of its own that has to be asked before a search can go on."""

    resource: AbstractResource[H]
    method: str
    path: str
    """The canonical path, relative to the prefix of the resource's router."""
    host: str | None

    def match(self) -> Match[H] | None:
        """Ask the resource by its `match`."""
        return self.resource.match(self.method, self.path, self.host)  # type: ignore[return-value]  # Matched is Found


Search = Generator[Candidate[H], Match[H] | None, Match[H]]
"""A search for a match: yields candidates, is sent the match of each (or None), and returns the match."""


class Mountable(ResourceRegistry, Protocol[H]):
    """A router, as a mount sees it."""

    @property
    def frozen(self) -> bool:
        """True if changes are over."""

    @property
    def is_pure(self) -> bool:
        """True if method and path alone decide, here and in all mounted routers."""

    def freeze(self) -> None:
        """End all changes."""

    def forget(self) -> None:
        """Drop what was computed from the mounts above, because they changed."""

    def mount_on(self, mount: MountPoint, parent: ResourceRegistry, prefix: str) -> None:
        """Take a place on the mount; raise `RouteConflict` if the router has a place already."""

    def match(self, method: str, path: str, host: str | None = None) -> Match[H]:
        """Find the match of a path, relative to the prefix of the router."""

    def search(self, method: str, path: str, host: str | None = None) -> Search[H]:
        """Search for the same match, and yield each resource that has to be asked."""

    def plain_paths(self) -> Iterator[str]:
        """Iterate over the paths without variables, relative to the prefix of the router."""

    def iterate_routes(self) -> Iterator[Route[H]]:
        """Iterate over the routes, those of mounted routers too."""


class Mount(AbstractResource[H], Generic[H]):
    """A router inside a router."""

    def __init__(self, router: Mountable[H], payload: Any = None) -> None:
        super().__init__()
        self._router = router
        self._payload = payload

    @property
    def router(self) -> Mountable[H]:
        """The router that stands here."""
        return self._router

    @property
    def payload(self) -> Any:
        """The object that was passed when the router was mounted; in an application framework, the application."""
        return self._payload

    def url_for(self, **parts: Any) -> URL:
        """Refuse: the names of the mounted router are in that router."""
        raise TypeError(f"{self!r} has no URL of its own: ask a resource of the router that is mounted there")

    def __iter__(self) -> Iterator[Route[H]]:
        return self._router.iterate_routes()


class PrefixMount(Mount[H], Generic[H]):
    """A router below a prefix: it sees what comes after the prefix."""

    def __init__(self, prefix: str, router: Mountable[H], payload: Any = None) -> None:
        super().__init__(router, payload)
        self._own_prefix = parse_prefix(prefix)

    @property
    def own_prefix(self) -> str:
        """The prefix in its canonical spelling, relative to the router's own, without a slash at its end."""
        return self._own_prefix

    @property
    def canonical(self) -> str:
        """The whole prefix, those of all mounts above included."""
        return self.prefix + self._own_prefix

    def join(self, registry: ResourceRegistry) -> None:
        """Enter a router, and tell the mounted router its place."""
        self._router.mount_on(self, registry, self._own_prefix)
        super().join(registry)

    def match(self, method: str, path: str, host: str | None = None) -> Match[H] | None:
        """Return the match of the mounted router for a path below the prefix, else None."""
        if path == self._own_prefix or path.startswith(self._own_prefix + "/"):
            return self._router.match(method, path[len(self._own_prefix) :], host)
        return None

    def get_info(self) -> dict[str, Any]:
        """Describe the mount: its `prefix`, the `router` and the `payload`."""
        return {"prefix": self.canonical, "router": self._router, "payload": self._payload}


class HostMount(Mount[H], Generic[H]):
    """A router behind a host: it sees the whole path."""

    def __init__(self, host: str, router: Mountable[H], payload: Any = None) -> None:
        super().__init__(router, payload)
        self._pattern = HostPattern(host)

    @property
    def pattern(self) -> HostPattern:
        """The hosts."""
        return self._pattern

    @property
    def canonical(self) -> str:
        """The pattern of the hosts, in its canonical spelling."""
        return self._pattern.canonical

    def join(self, registry: ResourceRegistry) -> None:
        """Enter a router, and tell the mounted router its place."""
        self._router.mount_on(self, registry, "")
        super().join(registry)

    def match(self, method: str, path: str, host: str | None = None) -> Match[H] | None:
        """Return the match of the mounted router if the host is one of these, else None."""
        return self._router.match(method, path, host) if self._pattern.matches(host) else None

    def get_info(self) -> dict[str, Any]:
        """Describe the mount: its `domain`, the `router` and the `payload`."""
        return {"domain": self.canonical, "router": self._router, "payload": self._payload}
