"""The command `python -m muntin.router module:attribute`, which prints the route table of a router.

It imports the router; `printing` formats the table.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from functools import reduce
from typing import Any

from muntin.router._router import Router
from muntin.router.printing import format_table

__all__ = ["find_router", "main"]


def find_router(target: str) -> Router[Any]:
    """Import the router that `module:attribute` names, or the one that the object there has as its `router`.

    Raises:
        ValueError: the target is malformed, its module cannot be imported, or it leads to no router.
    """
    module_name, colon, path = target.partition(":")
    if not (module_name and colon and path) or module_name.startswith("."):
        raise ValueError(f"{target!r} is not of the form module:attribute")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(f"cannot import {module_name!r}: {error}") from error
    try:
        found: Any = reduce(getattr, path.split("."), module)
    except AttributeError as error:
        raise ValueError(f"cannot find {path!r} in {module_name!r}: {error}") from error
    router = found if isinstance(found, Router) else getattr(found, "router", None)
    if not isinstance(router, Router):
        raise ValueError(f"{target!r} is {found!r}, which is neither a router nor has one")
    return router


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the route table, and return the exit status: 2 for a target without a router."""
    parser = argparse.ArgumentParser(prog="python -m muntin.router", description="Print a route table.")
    parser.add_argument("target", metavar="module:attribute", help="a router, or an object that has one")
    target = parser.parse_args(arguments).target
    try:
        router = find_router(target)
    except ValueError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(format_table(router))
    return 0


if __name__ == "__main__":
    sys.exit(main())
