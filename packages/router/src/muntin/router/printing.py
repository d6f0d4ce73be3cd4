"""Printing: the route table of a router as text for people.

It uses the public names of routers and resources only.
"""

from collections.abc import Iterator
from typing import Any

from muntin.router._mounts import HostMount, Mount
from muntin.router._router import Router
from muntin.router._routes import AbstractResource

__all__ = ["format_table"]

_HEAD = ("METHODS", "PATH", "NAME", "HANDLER")


def format_table(router: Router[Any]) -> str:
    """Return the route table: one line for each handler of each resource, in the order of registration."""
    rows = [_HEAD, *_iterate_rows(router, "")]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _iterate_rows(router: Router[Any], host: str) -> Iterator[tuple[str, str, str, str]]:
    for resource in router.resources():
        if isinstance(resource, Mount) and isinstance(resource.router, Router):
            yield from _iterate_rows(
                resource.router, resource.canonical if isinstance(resource, HostMount) else host
            )
        else:
            yield from _read_rows(resource, host)


def _read_rows(resource: AbstractResource[Any], host: str) -> Iterator[tuple[str, str, str, str]]:
    methods: dict[str, list[str]] = {}
    for route in resource:
        methods.setdefault(_describe(route.handler), []).append(route.method)
    for handler, names in methods.items() or [("-", ["-"])]:
        yield ",".join(names), host + resource.canonical, resource.name or "", handler


def _describe(handler: Any) -> str:
    name = getattr(handler, "__qualname__", None)
    return f"{handler.__module__}.{name}" if isinstance(name, str) else repr(handler)
