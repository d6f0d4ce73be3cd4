"""A manifest: which hashed name a build tool gave to each file.

The shapes of JSON are those that build tools write. Whether the files exist is not checked.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from muntin.static._locate import locate_name
from muntin.static.errors import ManifestError

__all__ = ["parse_manifest", "read_manifest"]

# Keys under which tools keep the names, when not at the top: Django's storage, Create React App, Sprockets.
_NESTED: Final = ("paths", "files", "assets")


def read_manifest(path: str | os.PathLike[str], *, prefix: str = "") -> dict[str, str]:
    """Read a build tool's manifest: original names to hashed names, both below the root.

    Understood are an object of names (webpack, Rollup, gulp-rev), such an object under ``paths``, ``files`` or
    ``assets`` (Django, Create React App, Sprockets), and an object of entries with a ``file`` (Vite).

    Args:
        path: the JSON file.
        prefix: the beginning of hashed names that is no part of the path below the root, such as ``/static/``.

    Raises:
        ManifestError: the file is no such object, or names something outside the root.
        OSError: it cannot be read.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise ManifestError(f"{os.fspath(path)!r} is not JSON: {error}") from None
    try:
        return parse_manifest(content, prefix=prefix)
    except ManifestError as error:
        raise ManifestError(f"{os.fspath(path)!r}: {error}") from None


def parse_manifest(content: Any, *, prefix: str = "") -> dict[str, str]:
    """Return the names in a parsed manifest; see `read_manifest`."""
    if not isinstance(content, Mapping):
        raise ManifestError("a manifest is a JSON object")
    for key in _NESTED:
        if isinstance(content.get(key), Mapping):
            content = content[key]
            break
    names = {}
    for original, entry in content.items():
        hashed = entry.get("file") if isinstance(entry, Mapping) else entry
        if not isinstance(hashed, str):
            raise ManifestError(f"no hashed name for {original!r}")
        names[_name(original, prefix)] = _name(hashed, prefix)
    return names


def _name(name: str, prefix: str) -> str:
    name = name.removeprefix(prefix).removeprefix("/")
    place = locate_name(name)
    if place is None or place.is_folder:
        raise ManifestError(f"not the name of a file below the root: {name!r}")
    return name
