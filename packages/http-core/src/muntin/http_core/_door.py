"""A front door that fetches what stands behind it when that is asked for (PEP 562).

A program needs little of a package. To read all of it, compile all patterns and make all classes takes longer than the
rest of a start.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["open_door"]


def open_door(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Give the `__getattr__` and the `__dir__` of a package.

    Args:
        package: its name.
        homes: the names that are fetched, spaces between, by the module that has them.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}
    there = vars(sys.modules[package])

    def fetch(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        thing: object = getattr(import_module(home_of[name]), name)
        there[name] = thing  # from now on Python finds it by itself
        return thing

    def list_names() -> list[str]:
        return sorted({*there, *home_of})

    return fetch, list_names
