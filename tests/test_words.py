"""Words: the rules of the vocabulary in CONTRIBUTING.md for docstrings and names of classes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(folder.name for folder in ROOT.glob("packages/*"))

UNCLEAR = re.compile(r"(Gives?|Tells?|Notes?|What|Whether)\b")
"""First words of a docstring that hide what the thing is or does."""

NOT_YET = frozenset[str]()
"""Packages with docstrings that begin so. A package that has none any more must not be here."""

SAME_NAMES = {
    "AbstractResource": "web's is the documented subclass of router's, with `resolve`",
    "Duplex": "bytes in both directions: websocket imports no sibling, and describes what it needs of runner's",
    "DynamicResource": "web's is the documented subclass of router's",
    "PlainResource": "web's is the documented subclass of router's",
    "Receiver": "the receiver of a duplex, described twice for the same reason",
    "Request": "web's is the documented one; websocket imports no sibling, and has the request of a handshake in `aio`",
    "Resource": "web's is the documented subclass of router's",
    "Server": "web's is the documented subclass of runner's",
    "Signal": "middleware's is the documented list of receivers; http-core's says why there is no event",
}
"""Classes of the same public name in two packages, each pair with its reason."""


def parse(package: str) -> Iterator[tuple[Path, ast.Module]]:
    """Parse the sources of a package."""
    for path in sorted((ROOT / "packages" / package / "src").rglob("*.py")):
        yield path, ast.parse(path.read_text())


def find_docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Iterate over the docstrings of a module and of all in it, those behind attributes included."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as text):
                yield text


def find_unclear(package: str) -> list[str]:
    """Return the places of docstrings that begin with an unclear word."""
    return [
        f"{path.relative_to(ROOT)}:{text.lineno}"
        for path, tree in parse(package)
        for text in find_docstrings(tree)
        if UNCLEAR.match(str(text.value).lstrip())
    ]


def find_public_classes(package: str) -> set[str]:
    """Return the names of the classes that a package defines and a public module of it exports."""
    defined: set[str] = set()
    exported: set[str] = set()
    for path, tree in parse(package):
        defined |= {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        names = [part for part in path.with_suffix("").parts if part != "__init__"]
        if not any(name.startswith("_") for name in names):
            exported |= _read_all(tree)
    return defined & exported


def _read_all(tree: ast.Module) -> set[str]:
    """Return the names in `__all__`."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=names)):
                return {str(name.value) for name in names if isinstance(name, ast.Constant)}
    return set()


def test_docstrings_say_what_a_thing_is_or_does():
    unclear = {package: found for package in PACKAGES if (found := find_unclear(package))}

    assert {package: found for package, found in unclear.items() if package not in NOT_YET} == {}
    assert NOT_YET - unclear.keys() == set(), "these are done: take them out of the table"


def test_a_public_class_has_a_name_of_its_own():
    packages: dict[str, list[str]] = {}
    for package in PACKAGES:
        for name in find_public_classes(package):
            packages.setdefault(name, []).append(package)
    shared = {name: found for name, found in packages.items() if len(found) > 1}

    assert {name: found for name, found in shared.items() if name not in SAME_NAMES} == {}
    assert SAME_NAMES.keys() - shared.keys() == set(), "these are of one package alone: take them out"
