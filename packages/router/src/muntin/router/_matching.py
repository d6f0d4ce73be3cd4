"""Matching: a router in the form in which it answers.

The match is what asking one resource after the other would give: mounts by host first, then the others as they were
registered, but where an index can tell resources apart by path, those with more literal segments go first. So a page
below the prefix of a mount is found, and `/users/me` is not hidden by `/users/{name}`, whatever was registered first.

This file gives that answer sooner. The list is cut into stages: mounts that are told apart by host, runs of resources
that an index can tell apart by path, and between them the resources that have to be asked. In a router with nothing
but paths, the answers for paths without variables do not depend on anything else, so they are worked out beforehand.

Nothing is ever kept for a path that was asked for: memory is a matter of the templates alone.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Generic, TypeGuard, TypeVar

from muntin.router._affixes import Affixes
from muntin.router._hosts import parse_host
from muntin.router._index import Index
from muntin.router._mounts import Ask, HostMount, PrefixMount
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

__all__ = ["Matcher", "is_indexed"]

H = TypeVar("H")

Refusal = tuple[AbstractResource[H], Iterable[str]]
"""A resource that has the path but not the method, and the methods it has."""

_ROOT = Template("/")

_Convert = Callable[[Mapping[str, str]], Mapping[str, Any] | None]
_Indexed = PlainResource[H] | DynamicResource[H] | PrefixResource[H] | PrefixMount[H]


def is_indexed(resource: AbstractResource[H]) -> TypeGuard[_Indexed[H]]:
    """Tell whether path and method alone decide about the resource, so that an index can find it."""
    return isinstance(resource, PlainResource | DynamicResource | PrefixResource | PrefixMount)


def _is_host(resource: AbstractResource[H]) -> TypeGuard[HostMount[H]]:
    return isinstance(resource, HostMount)


def _literal_depth(resource: _Indexed[H]) -> int:
    """Give how many segments a path has in common with all others that lead here: none has more than its turn."""
    if isinstance(resource, PrefixMount | PrefixResource):
        return resource.own_prefix.count("/")
    return resource.template.literal_depth


class _ResourceClaim(Generic[H]):
    """How a resource with routes answers a path that the index found for it."""

    __slots__ = ("_any_route", "_convert", "_places", "_read", "_resource", "_routes", "order")

    def __init__(self, order: int, resource: Resource[H]) -> None:
        self.order = order
        self._resource = resource
        self._routes = dict(resource.methods)
        self._any_route = self._routes.get(ANY_METHOD)
        self._read = resource.read
        self._convert: _Convert | None = None
        # Where each variable is a segment of its own, finding the path has matched it: names, and places in the split.
        self._places: list[tuple[str, int]] | None = None
        if isinstance(resource, DynamicResource):
            if resource.template.is_typed:
                self._convert = resource.convert
            self._places = resource.template.places

    def match(
        self,
        method: str,
        path: str,
        segments: list[str],
        host: str | None,
        ask: Ask[H] | None,
        refused: list[Refusal[H]],
    ) -> Match[H] | None:
        """Give the final match, or None to go on, after noting the refusal if only the method was wrong."""
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
    """How a router below a prefix answers a path that the index found for it."""

    __slots__ = ("_mount", "_size", "order")

    def __init__(self, order: int, mount: PrefixMount[H]) -> None:
        self.order = order
        self._mount = mount
        self._size = len(mount.own_prefix)

    def match(
        self,
        method: str,
        path: str,
        segments: list[str],
        host: str | None,
        ask: Ask[H] | None,
        refused: list[Refusal[H]],
    ) -> Match[H] | None:
        """Give the answer of the mounted router, which is final."""
        return self._mount.router.match(method, path[self._size :], host, ask=ask)


class _PathStage(Generic[H]):
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

    def search(
        self, method: str, path: str, host: str | None, ask: Ask[H] | None, refused: list[Refusal[H]]
    ) -> Match[H] | None:
        """Give the final match, or None to go on to the next stage."""
        segments = path.split("/")
        for claim in self._index.find(segments):
            match = claim.match(method, path, segments, host, ask, refused)
            if match is not None:
                return match
        return None


class _HostStage(Generic[H]):
    """A run of mounts that are told apart by host."""

    def __init__(self, mounts: Iterable[AbstractResource[H]]) -> None:
        self._mounts: Affixes[list[tuple[int, HostMount[H]]]] = Affixes()
        hosts = [mount for mount in mounts if _is_host(mount)]
        for order, mount in enumerate(hosts):
            pattern = mount.pattern
            self._mounts.file(pattern.prefix, pattern.suffix, list).append((order, mount))

    def search(
        self, method: str, path: str, host: str | None, ask: Ask[H] | None, refused: list[Refusal[H]]
    ) -> Match[H] | None:
        """Give the answer behind the first host that matches, which is final, or None to go on."""
        parsed = None if host is None else parse_host(host)
        if parsed is None:
            return None
        rows = [row for _, filed in self._mounts.find(parsed.host) for row in filed]
        for _, mount in sorted(rows, key=itemgetter(0)):
            if mount.pattern.matches_host(parsed):
                return mount.router.match(method, path, host, ask=ask)
        return None


def _ask(resource: AbstractResource[H], method: str, path: str, host: str | None) -> Match[H] | None:
    return resource.match(method, path, host)  # type: ignore[return-value]  # Matched is Found but for mypy


class _AskStage(Generic[H]):
    """A resource with rules of its own."""

    def __init__(self, resources: Iterable[AbstractResource[H]]) -> None:
        self._resources = list(resources)

    def search(
        self, method: str, path: str, host: str | None, ask: Ask[H] | None, refused: list[Refusal[H]]
    ) -> Match[H] | None:
        """Give what the first resource says that has the path, or None to go on."""
        for resource in self._resources:
            match = (ask or _ask)(resource, method, path, host)
            if isinstance(match, MethodNotAllowed):
                refused.append((match.resource, match.allowed))
            elif match is not None:
                return match
        return None


def _stage_of(
    resource: AbstractResource[H],
) -> type[_PathStage[H]] | type[_HostStage[H]] | type[_AskStage[H]]:
    if is_indexed(resource):
        return _PathStage
    return _HostStage if _is_host(resource) else _AskStage


class _MatchByMethod(dict[str, Match[H]], Generic[H]):
    """The answers of one path by method."""

    __slots__ = ("_otherwise",)

    def __init__(self, otherwise: Match[H]) -> None:
        self._otherwise = otherwise

    def __missing__(self, method: str) -> Match[H]:
        return self._otherwise


def _make_read_only(match: Match[H]) -> Match[H]:
    """Make an answer that many requests will see read-only throughout."""
    if not isinstance(match, Matched):
        return match
    return Matched(match.route, MappingProxyType(match.variables), MappingProxyType(match.values))


class Matcher(Generic[H]):
    """The compiled form of a router, good until something changes.

    `exact` holds the answers for paths without variables, by path and then by method. A path that is not in it is
    for `search`.
    """

    def __init__(
        self,
        resources: Iterable[AbstractResource[H]],
        *,
        mounts: tuple[MountPoint, ...],
        options_handler: H | None,
    ) -> None:
        hosts_first = sorted(resources, key=_is_host, reverse=True)
        self._searches = [make(run).search for make, run in groupby(hosts_first, key=_stage_of)]
        self._not_found = NotFound(mounts)
        self._options_handler = options_handler
        self.exact: dict[str, _MatchByMethod[H]] = {}

    def prepare(self, paths: Iterable[str], methods: Iterable[str]) -> None:
        """Work out the answers for these paths; only where method and path alone decide."""
        methods = set(methods) | {"OPTIONS"}
        prepared: dict[str, _MatchByMethod[H]] = {}
        for path in paths:
            # No request has this method, so this is the answer for all that are not registered.
            matches = prepared[path] = _MatchByMethod(_make_read_only(self.search("", path, None, None)))
            for method in methods:
                match = _make_read_only(self.search(method, path, None, None))
                if match != matches[""]:
                    matches[method] = match
        self.exact = prepared

    def search(self, method: str, path: str, host: str | None, ask: Ask[H] | None) -> Match[H]:
        """Answer a path by asking the stages in their order."""
        if not is_canonical(path):
            path = requote(path)
            matches = self.exact.get(path)
            if matches is not None:
                return matches[method]
        refused: list[Refusal[H]] = []
        for search in self._searches:
            match = search(method, path, host, ask, refused)
            if isinstance(match, Matched):
                return match
            if match is not None:
                return self._refuse(method, match, refused)
        return self._refuse(method, self._not_found, refused)

    def _refuse(
        self, method: str, match: MethodNotAllowed[H] | NotFound, refused: list[Refusal[H]]
    ) -> Match[H]:
        """Join all refusals into one, and turn it into the answer to OPTIONS where that is wanted."""
        if isinstance(match, MethodNotAllowed):
            refused.append((match.resource, match.allowed))
        allowed = {name for _, methods in refused for name in methods}
        if not allowed:
            return match
        if self._options_handler is not None:
            allowed.add("OPTIONS")
        resource = refused[0][0]
        names = tuple(sorted(allowed))
        if self._options_handler is None or method != "OPTIONS":
            return MethodNotAllowed(names, resource)
        route = Route(method, self._options_handler, resource, MappingProxyType({"allowed": names}))
        return Matched(route, NOTHING, NOTHING)
