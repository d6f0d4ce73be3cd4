"""Matching: the compiled form of a router.

A router asks its resources in this order: mounts by host first, then the others as they were registered. One thing
changes the order: where an index can tell resources apart by path, those with more literal segments go first. So a
page below the prefix of a mount is found, and `/users/me` is not hidden by `/users/{name}`, whatever was registered
first.

The compiled form finds the same match sooner. It cuts the list into stages: mounts that are told apart by host, runs
of resources that an index tells apart by path, and, between them, resources with rules of their own, which are asked
one by one. In a router where method and path alone decide, there is one stage, and the matches of all paths without
variables are computed in advance.

A resource with rules of its own may have to be awaited. So the search is a generator: it yields such a resource as a
`Candidate`, and is sent the match. `run_search` is the driver that does not wait.

Nothing is kept for a path that was searched for: memory depends on the templates alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Generic, TypeGuard, TypeVar

from muntin.router._affixes import Affixes
from muntin.router._hosts import parse_host
from muntin.router._index import Index
from muntin.router._mounts import Candidate, HostMount, Mountable, PrefixMount, Search
from muntin.router._quoting import decode_part, is_canonical, requote
from muntin.router._resources import DynamicResource, PlainResource, PrefixResource, Resource
from muntin.router._routes import (
    ANY_METHOD,
    NOTHING,
    AbstractResource,
    Match,
    Matched,
    MethodNotAllowed,
    MountPoint,
    NotFound,
    Route,
)
from muntin.router._template import Template

__all__ = ["Matcher", "is_indexed", "run_search"]

H = TypeVar("H")

Refusal = tuple[AbstractResource[H], Iterable[str]]
"""A resource that has the path but not the method, and the methods it has."""

_ROOT = Template("/")

_Convert = Callable[[Mapping[str, str]], Mapping[str, Any] | None]
_Indexed = PlainResource[H] | DynamicResource[H] | PrefixResource[H] | PrefixMount[H]


def is_indexed(resource: AbstractResource[H]) -> TypeGuard[_Indexed[H]]:
    """Return whether path and method alone decide about the resource, so that an index can find it."""
    return isinstance(resource, PlainResource | DynamicResource | PrefixResource | PrefixMount)


def _is_host(resource: AbstractResource[H]) -> TypeGuard[HostMount[H]]:
    return isinstance(resource, HostMount)


def _literal_depth(resource: _Indexed[H]) -> int:
    """Return how many literal segments the paths of the resource begin with; the resource with most is asked first."""
    if isinstance(resource, PrefixMount | PrefixResource):
        return resource.own_prefix.count("/")
    return resource.template.literal_depth


def run_search(search: Search[H]) -> Match[H]:
    """Run a search to its end, asking each candidate by the `match` of its resource."""
    match: Match[H] | None = None
    while True:
        try:
            candidate = search.send(match)
        except StopIteration as end:
            found: Match[H] = end.value
            return found
        match = candidate.match()


_Find = Callable[[str, str, "str | None"], Match[H] | Search[H]]


def _find_in(router: Mountable[H]) -> _Find[H]:
    """Return the `match` of a mounted router, or its `search` where there may be candidates."""
    return router.match if router.is_pure else router.search


class _ResourceClaim(Generic[H]):
    """A resource with routes, which the index found for a path."""

    __slots__ = ("_any_route", "_convert", "_places", "_read", "_resource", "_routes", "order")

    def __init__(self, order: int, resource: Resource[H]) -> None:
        self.order = order
        self._resource = resource
        self._routes = dict(resource.methods)
        self._any_route = self._routes.get(ANY_METHOD)
        self._read = resource.read
        self._convert: _Convert | None = None
        # Where each variable is a segment of its own, the index has matched it already: its name, and which segment.
        self._places: list[tuple[str, int]] | None = None
        if isinstance(resource, DynamicResource):
            if resource.template.is_typed:
                self._convert = resource.convert
            self._places = resource.template.places

    def match(
        self, method: str, path: str, segments: list[str], host: str | None, refused: list[Refusal[H]]
    ) -> Match[H] | None:
        """Return the match, which is final, or None to go on; record a refusal if only the method is wrong."""
        variables: Mapping[str, str] | None
        if self._places is None:
            variables = self._read(path)
            if variables is None:
                return None
        elif "%" in path:
            variables = {name: decode_part(segments[place]) for name, place in self._places}
        else:
            # A loop costs less than a comprehension, and a resource has one or two variables.
            variables = texts = {}
            for name, place in self._places:
                texts[name] = segments[place]
        values = variables if self._convert is None else self._convert(variables)
        if values is None:
            return None
        route = self._routes.get(method) or self._any_route
        if route is None:
            if self._routes:
                refused.append((self._resource, self._routes))
            return None
        return Matched(route, variables, values)


class _MountClaim(Generic[H]):
    """A router below a prefix, which the index found for a path."""

    __slots__ = ("_find", "_size", "order")

    def __init__(self, order: int, mount: PrefixMount[H]) -> None:
        self.order = order
        self._find = _find_in(mount.router)
        self._size = len(mount.own_prefix)

    def match(
        self, method: str, path: str, segments: list[str], host: str | None, refused: list[Refusal[H]]
    ) -> Match[H] | Search[H]:
        """Return the match of the mounted router, which is final, or its search."""
        return self._find(method, path[self._size :], host)


_StageSearch = Generator[Candidate[H], Match[H] | None, Match[H] | None]
"""The part of a search that is done in one stage."""


class _Stage(ABC, Generic[H]):
    """A run of resources of one kind."""

    @abstractmethod
    def find(
        self, method: str, path: str, host: str | None, refused: list[Refusal[H]]
    ) -> Match[H] | _StageSearch[H] | None:
        """Return the match, which is final, or None to go on to the next stage; or a generator that returns either."""


class _PathStage(_Stage[H], Generic[H]):
    """A run of resources that an index tells apart by path."""

    def __init__(self, resources: Iterable[AbstractResource[H]]) -> None:
        self._index: Index[_ResourceClaim[H] | _MountClaim[H]] = Index()
        indexed = [resource for resource in resources if is_indexed(resource)]
        indexed.sort(key=_literal_depth, reverse=True)  # keeps the order of registration among equals
        for order, resource in enumerate(indexed):
            if isinstance(resource, PrefixMount):
                self._index.add_below(resource.own_prefix, _MountClaim(order, resource))
            elif isinstance(resource, PrefixResource):
                self._index.add_below(resource.own_prefix, _ResourceClaim(order, resource))
            else:
                claim = _ResourceClaim(order, resource)
                self._index.add(resource.template, claim)
                if not resource.template.text and not resource.prefix:
                    # The target for an empty path is a slash (RFC 9112, section 3.2.1).
                    self._index.add(_ROOT, claim)

    def find(
        self, method: str, path: str, host: str | None, refused: list[Refusal[H]]
    ) -> Match[H] | Search[H] | None:
        """Return the match of the first claim that has one."""
        segments = path.split("/")
        for claim in self._index.find(segments):
            match = claim.match(method, path, segments, host, refused)
            if match is not None:
                return match
        return None


class _HostStage(_Stage[H], Generic[H]):
    """A run of mounts that are told apart by host."""

    def __init__(self, resources: Iterable[AbstractResource[H]]) -> None:
        self._mounts: Affixes[list[tuple[int, HostMount[H], _Find[H]]]] = Affixes()
        hosts = [resource for resource in resources if _is_host(resource)]
        for order, mount in enumerate(hosts):
            pattern = mount.pattern
            self._mounts.file(pattern.prefix, pattern.suffix, list).append(
                (order, mount, _find_in(mount.router))
            )

    def find(
        self, method: str, path: str, host: str | None, refused: list[Refusal[H]]
    ) -> Match[H] | Search[H] | None:
        """Return the match behind the first host that fits."""
        parsed = None if host is None else parse_host(host)
        if parsed is None:
            return None
        rows = [row for _, filed in self._mounts.find(parsed.host) for row in filed]
        for _, mount, find in sorted(rows, key=itemgetter(0)):
            if mount.pattern.matches_host(parsed):
                return find(method, path, host)
        return None


class _CandidateStage(_Stage[H], Generic[H]):
    """A run of resources with rules of their own."""

    def __init__(self, resources: Iterable[AbstractResource[H]]) -> None:
        self._resources = list(resources)

    def find(self, method: str, path: str, host: str | None, refused: list[Refusal[H]]) -> _StageSearch[H]:
        """Ask one resource after the other, and return the first match that is no refusal of the method."""
        for resource in self._resources:
            match = yield Candidate(resource, method, path, host)
            if isinstance(match, MethodNotAllowed):
                refused.append((match.resource, match.allowed))
            elif match is not None:
                return match
        return None


def _stage_of(resource: AbstractResource[H]) -> Callable[[Iterable[AbstractResource[H]]], _Stage[H]]:
    if is_indexed(resource):
        return _PathStage
    return _HostStage if _is_host(resource) else _CandidateStage


class _MatchByMethod(dict[str, Match[H]], Generic[H]):
    """The matches of one path by method."""

    __slots__ = ("_otherwise",)

    def __init__(self, otherwise: Match[H]) -> None:
        self._otherwise = otherwise

    def __missing__(self, method: str) -> Match[H]:
        return self._otherwise


def _make_read_only(match: Match[H]) -> Match[H]:
    """Return a match with read-only mappings, as many requests will share it."""
    if not isinstance(match, Matched):
        return match
    return Matched(match.route, MappingProxyType(match.variables), MappingProxyType(match.values))


class Matcher(Generic[H]):
    """The compiled form of a router, valid until something changes.

    Attributes:
        exact: the matches of paths without variables, by path and then by method. `match` finds those of all others.
    """

    def __init__(
        self,
        resources: Iterable[AbstractResource[H]],
        *,
        mounts: tuple[MountPoint, ...],
        options_handler: H | None,
        is_pure: bool,
    ) -> None:
        hosts_first = sorted(resources, key=_is_host, reverse=True)
        # Where method and path alone decide, all resources are in one stage.
        self._only_stage = _PathStage(hosts_first) if is_pure else None
        self._stages: list[_Stage[H]] = (
            [make(run) for make, run in groupby(hosts_first, key=_stage_of)]
            if self._only_stage is None
            else [self._only_stage]
        )
        self._not_found = NotFound(mounts)
        self._options_handler = options_handler
        self.exact: dict[str, _MatchByMethod[H]] = {}

    def prepare(self, paths: Iterable[str], methods: Iterable[str]) -> None:
        """Compute the matches of these paths in advance; only where method and path alone decide."""
        methods = set(methods) | {"OPTIONS"}
        prepared: dict[str, _MatchByMethod[H]] = {}
        for path in paths:
            # No request has this method, so this is the match for all that are not registered.
            matches = prepared[path] = _MatchByMethod(_make_read_only(self.match("", path, None)))
            for method in methods:
                match = _make_read_only(self.match(method, path, None))
                if match != matches[""]:
                    matches[method] = match
        self.exact = prepared

    def match(self, method: str, path: str, host: str | None) -> Match[H]:
        """Find the match of a path, without waiting."""
        stage = self._only_stage
        if stage is None:
            return run_search(self.search(method, path, host))
        if not is_canonical(path):
            path = requote(path)
            matches = self.exact.get(path)
            if matches is not None:
                return matches[method]
        refused: list[Refusal[H]] = []
        match = stage.find(method, path, host, refused)
        if isinstance(match, Matched):
            return match
        return self._refuse(method, match, refused)  # type: ignore[arg-type]  # here are no candidates, so no search

    def search(self, method: str, path: str, host: str | None) -> Search[H]:
        """Search for the match of a path: yield each candidate, and return the match."""
        if not is_canonical(path):
            path = requote(path)
        refused: list[Refusal[H]] = []
        for stage in self._stages:
            match = stage.find(method, path, host, refused)
            if isinstance(match, Generator):
                match = yield from match
            if isinstance(match, Matched):
                return match
            if match is not None:
                return self._refuse(method, match, refused)
        return self._refuse(method, None, refused)

    def _refuse(
        self, method: str, match: MethodNotAllowed[H] | NotFound | None, refused: list[Refusal[H]]
    ) -> Match[H]:
        """Join all refusals into one; for OPTIONS, return the route of the options handler if there is one."""
        if isinstance(match, MethodNotAllowed):
            refused.append((match.resource, match.allowed))
        allowed = {name for _, methods in refused for name in methods}
        if not allowed:
            return self._not_found if match is None else match
        if self._options_handler is not None:
            allowed.add("OPTIONS")
        resource = refused[0][0]
        names = tuple(sorted(allowed))
        if self._options_handler is None or method != "OPTIONS":
            return MethodNotAllowed(names, resource)
        route = Route(method, self._options_handler, resource, MappingProxyType({"allowed": names}))
        return Matched(route, NOTHING, NOTHING)
