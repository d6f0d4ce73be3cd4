"""A package whose modules are loaded when they are first used (PEP 562).

A program needs few of them. To read them all, to compile all patterns and to build all classes takes longer than the
rest of a start.
"""

from collections.abc import Callable, Sequence
from importlib import import_module

__all__ = ["find_attribute", "load_when_used"]


def find_attribute(package: str, modules: Sequence[str], name: str) -> object:
    """Return a module of a package, or a name that one of them lists in `__all__`.

    A module is loaded for its own name. To find any other name, the modules are loaded one after the other until one
    lists it: a program that needs a fast start names the module.

    Args:
        package: its name.
        modules: the names of its public modules.
        name: the attribute of the package that is not there yet.

    Raises:
        AttributeError: there is no such name.
    """
    if name in modules:
        # From now on the package has this attribute: importing a module sets it.
        return import_module(f"{package}.{name}")
    if not name.startswith("_"):
        for module in modules:
            loaded = import_module(f"{package}.{module}")
            if name in loaded.__all__:
                found: object = getattr(loaded, name)
                return found
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


def load_when_used(
    package: str, modules: Sequence[str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package that consists of its modules.

    Args:
        package: its name.
        modules: the names of its public modules.
    """

    def find(name: str) -> object:
        return find_attribute(package, modules, name)

    def list_names() -> list[str]:
        return sorted(modules)

    return find, list_names
