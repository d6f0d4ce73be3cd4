"""The installed packages of muntin: the version of each, and which of its modules are compiled.

`python -m muntin.runner --version` prints it.
"""

import pkgutil
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

__all__ = ["PackageBuild", "find_builds", "format_builds"]

# The library that the compiled modules of one package share; no module of its own.
_SHARED = "__mypyc"


class PackageBuild(NamedTuple):
    """One installed package.

    Attributes:
        name: the name of the distribution, such as `muntin-web`.
        version: its version.
        compiled: the names of its modules that are loaded from compiled libraries, sorted.
        plain: the names of all others, sorted.
    """

    name: str
    version: str
    compiled: tuple[str, ...]
    plain: tuple[str, ...]


def find_builds() -> list[PackageBuild]:
    """Return how each installed package of muntin is built, by the files that Python would load; nothing is imported.

    With `MUNTIN_PURE=1` in the environment the kernels (`_speedups`) are there, but are not used.
    """
    versions = {found.metadata["Name"]: found.version for found in distributions()}
    return [
        _find_build(name, version) for name, version in sorted(versions.items()) if name.startswith("muntin-")
    ]


def _find_build(name: str, version: str) -> PackageBuild:
    # A namespace has a part in each folder of the path, so its packages are looked up within those.
    spec = PathFinder.find_spec("muntin")
    folders = None if spec is None else spec.submodule_search_locations
    top = name.replace("-", ".", 1).replace("-", "_")
    package = PathFinder.find_spec(top, None if folders is None else list(folders))
    places = [] if package is None else package.submodule_search_locations or []
    found = {
        module: is_compiled for place in places for module, is_compiled in _find_modules(Path(place), top)
    }
    compiled = tuple(sorted(module for module, is_compiled in found.items() if is_compiled))
    plain = tuple(sorted(found.keys() - set(compiled)))
    return PackageBuild(name, version, compiled, plain)


def _find_modules(folder: Path, package: str) -> Iterator[tuple[str, bool]]:
    """Iterate over the modules below a folder, each with True if it is compiled."""
    yield package, _is_compiled(folder / "__init__")
    for _, name, is_package in pkgutil.iter_modules([str(folder)]):
        if is_package:
            yield from _find_modules(folder / name, f"{package}.{name}")
        elif not name.endswith(_SHARED):
            yield f"{package}.{name}", _is_compiled(folder / name)


def _is_compiled(path: Path) -> bool:
    # Python prefers a library to the source beside it.
    return any(path.with_name(path.name + suffix).exists() for suffix in EXTENSION_SUFFIXES)


def format_builds(builds: list[PackageBuild]) -> str:
    """Format builds as lines of text, one for each package, and one for its compiled modules."""
    lines = []
    for build in builds:
        lines.append(f"{build.name} {build.version}, {'compiled' if build.compiled else 'plain Python'}")
        if build.compiled:
            parts = build.name.replace("-", ".", 1).replace("-", "_") + "."
            modules = ", ".join(module.removeprefix(parts) for module in build.compiled)
            lines.append(f"    compiled: {modules}; {len(build.plain)} modules are plain Python")
    return "\n".join(lines)
