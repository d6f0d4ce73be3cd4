"""A package whose modules are loaded when they are first used (PEP 562).

A program needs few of them. To read them all, to compile all patterns and to build all classes takes longer than the
rest of a start.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType

__all__ = ["load_when_used"]


def load_when_used(
    package: str, modules: Sequence[str]
) -> tuple[Callable[[str], ModuleType], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Args:
        package: its name.
        modules: the names of its public modules.
    """

    def load(name: str) -> ModuleType:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # From now on the package has this attribute: importing a module sets it.
        return import_module(f"{package}.{name}")

    def list_names() -> list[str]:
        return sorted(modules)

    return load, list_names
