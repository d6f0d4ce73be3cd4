"""Installing: the import of a replaced module of aiohttp finds ours.

A finder stands in front of all others. It makes no module: it returns the module of ours that the table names, so that
a class is the same one under both names.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from types import ModuleType
from typing import Final

from muntin.compat.aiohttp._table import ABSTRACT_CLASSES, SERVER_MODULES, STAND_IN_MODULES

__all__ = ["TooLateError", "install", "is_installed", "uninstall"]


class TooLateError(RuntimeError):
    """aiohttp's own server half was imported before `install`, and classes of it are in use."""


class _Loader(Loader):
    """Loads one module of ours under a name of aiohttp."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of ours."""
        module = import_module(self._home)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module, which has run, with the specification that it was made by."""
        module.__spec__ = self._spec


class _Finder(MetaPathFinder):
    """Finds the replaced modules."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self.homes = homes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of a replaced module; None for any other."""
        home = self.homes.get(fullname)
        if home is None:
            return None
        return spec_from_loader(fullname, _Loader(home), is_package=fullname == "aiohttp")


class _Installation:
    """The changes that `install` made, so that `uninstall` can change it back."""

    def __init__(self) -> None:
        self._finder: _Finder | None = None
        self._originals: dict[str, object] = {}

    @property
    def is_installed(self) -> bool:
        """True between `install` and `uninstall`."""
        return self._finder is not None

    def install(self) -> None:
        """Replace the modules."""
        if self._finder is not None:
            return
        _check_unused()
        has_aiohttp = find_spec("aiohttp") is not None
        self._finder = _Finder(SERVER_MODULES if has_aiohttp else SERVER_MODULES | STAND_IN_MODULES)
        sys.meta_path.insert(0, self._finder)
        if has_aiohttp:
            self._replace_abstract_classes()

    def _replace_abstract_classes(self) -> None:
        theirs = import_module("aiohttp.abc")
        ours = import_module("muntin.compat.aiohttp._modules.abc")
        for name in ABSTRACT_CLASSES:
            self._originals[name] = getattr(theirs, name)
            setattr(theirs, name, getattr(ours, name))

    def uninstall(self) -> None:
        """Put aiohttp's own modules back, for whoever imports them from now on."""
        finder, self._finder = self._finder, None
        if finder is None:
            return
        sys.meta_path.remove(finder)
        for name in finder.homes:
            module = sys.modules.pop(name, None)
            package, _, last = name.rpartition(".")
            if module is not None and getattr(sys.modules.get(package), last, None) is module:
                delattr(sys.modules[package], last)
        theirs = sys.modules.get("aiohttp.abc")
        for name, original in self._originals.items():
            setattr(theirs, name, original)
        self._originals.clear()
        # It was made for the replaced modules.
        sys.modules.pop("aiohttp.test_utils", None)


def _check_unused() -> None:
    """Refuse to install where aiohttp's own server half has been imported.

    Raises:
        TooLateError: it has; the text names who uses it.
    """
    loaded = [name for name in SERVER_MODULES if name in sys.modules]
    if not loaded:
        return
    users = sorted(
        name
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] not in ("aiohttp", "muntin") and _uses_server_half(module)
    )
    raise TooLateError(
        f"{loaded[0]} of aiohttp has been imported already"
        + (f" (used by {', '.join(users)})" if users else "")
        + ": call muntin.compat.aiohttp.install() before the first import of it"
    )


def _uses_server_half(module: ModuleType) -> bool:
    for thing in list(getattr(module, "__dict__", {}).values()):
        name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
        if isinstance(name, str) and name in SERVER_MODULES:
            return True
    return False


_INSTALLATION: Final = _Installation()


def install() -> None:
    """Make `aiohttp.web` and its parts muntin's, for every later import in this process; a second call does nothing.

    Raises:
        TooLateError: aiohttp's own were imported before.
    """
    _INSTALLATION.install()


def uninstall() -> None:
    """Make `aiohttp.web` aiohttp's own again, for every later import; what was imported meanwhile stays muntin's."""
    _INSTALLATION.uninstall()


def is_installed() -> bool:
    """Return True between `install` and `uninstall`."""
    return _INSTALLATION.is_installed
