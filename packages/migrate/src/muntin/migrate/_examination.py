"""The examination of a project: its Python files, one after the other.

Nothing of it is imported. A file that cannot be read is a finding; it does not end the examination.
"""

import ast
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from muntin.migrate._patterns import MATCHED, read_names
from muntin.migrate._rules import OF_SERVERS, RULES, Finding, Kind

__all__ = ["examine", "examine_source", "find_sources"]

_LARGEST: Final = 4 << 20
"""The largest file that is read (bytes). Nobody writes a larger one by hand; generated ones hold data."""
_NOT_THEIRS: Final = frozenset(("__pycache__", "node_modules", "site-packages"))
_OURS: Final = ("aiohttp", "aiojobs", "muntin", "sockjs")
_WEB: Final = ("aiohttp.web", "muntin.web")
_FRAMEWORKS: Final = frozenset(
    ("bottle", "django", "falcon", "fastapi", "flask", "quart", "sanic", "starlette", "tornado")
)
"""Frameworks whose requests and routes look like those of aiohttp; their users import aiohttp for its client."""


def examine(path: str | Path) -> Iterator[Finding]:
    """Iterate over what is found in a file, or in all Python files below a folder.

    Hidden folders, virtual environments and installed packages are left out; links to folders are not followed.

    Raises:
        FileNotFoundError: there is no such path.
    """
    for source in find_sources(Path(path)):
        try:
            data = _read(source)
        except OSError as error:
            yield _unread(str(source), 1, error.strerror or str(error))
        else:
            yield from examine_source(data, str(source))


def find_sources(path: Path) -> Iterator[Path]:
    """Iterate over the Python files below a folder in the order of their names; for a file, over that file."""
    if not path.is_dir():
        path.stat()
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(each for each in folders if _is_theirs(Path(folder, each)))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _is_theirs(folder: Path) -> bool:
    name = folder.name
    return not name.startswith(".") and name not in _NOT_THEIRS and not (folder / "pyvenv.cfg").exists()


def _read(source: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: it cannot be read, is too large, or is not a regular file.
    """
    found = source.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError("not a regular file")
    if found.st_size > _LARGEST:
        raise OSError(f"larger than {_LARGEST >> 20} MiB")
    return source.read_bytes()


def examine_source(data: bytes, path: str) -> Iterator[Finding]:
    """Iterate over the findings in one module, line by line; there are none if it does not import aiohttp or muntin."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of their escapes and literals
            tree = ast.parse(data)
    except SyntaxError as error:
        yield _unread(path, error.lineno or 1, f"no Python: {error.msg}")
        return
    except (ValueError, RecursionError, MemoryError) as error:
        yield _unread(path, 1, f"no Python: {error or type(error).__name__}")
        return
    names = read_names(tree)
    packages = {name.partition(".")[0] for name in names.values()}
    if not any(package.startswith(_OURS) for package in packages):
        return
    serves = packages.isdisjoint(_FRAMEWORKS) or any(name.startswith(_WEB) for name in names.values())
    rules = [rule for rule in RULES if serves or rule.anchor not in OF_SERVERS]
    found = {
        Finding(path, getattr(node, "lineno", 1), rule.kind, rule.message, rule.anchor)
        for node in ast.walk(tree)
        if isinstance(node, MATCHED)
        for rule in rules
        if rule.pattern(node, names)
    }
    yield from sorted(found, key=lambda finding: (finding.line, finding.message))


def _unread(path: str, line: int, why: str) -> Finding:
    return Finding(path, line, Kind.UNREAD, why, "the-report")
