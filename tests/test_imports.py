"""Imports run one way: every import of every package, held against the table in ARCHITECTURE.md.

The tree is read, not run, so an import inside a function, under `TYPE_CHECKING` or by name through
`import_module` counts like any other.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
SOURCES = sorted(ROOT.glob("packages/*/src/**/*.py"))
EXAMPLES = sorted(ROOT.glob("examples/*/**/*.py"))

# What a package without I/O never imports, and the one module or package in it that is its edge and may.
IO_MODULES = {
    "asyncio",
    "selectors",
    "select",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "threading",
}
# What is imported by another name than it is installed by.
MODULES = {"opentelemetry-api": "opentelemetry"}
IO_EDGES = {"http_core": None, "router": None, "websocket": "muntin.websocket.aio"}


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the module, the name taken from it ("" for the module itself), and the line."""

    module: str
    name: str
    line: int

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what a package may import besides the standard library and itself."""

    siblings: frozenset[str]
    third_party: frozenset[str]
    extras: frozenset[str]


def read_table() -> dict[str, Row]:
    """Return the rows of the table of packages, by the last part of the import name."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines()
        if line.startswith("| packages/")
    ]
    packages = {
        folder.removeprefix("packages/"): name.removeprefix("muntin.") for folder, _, name, *_ in cells
    }
    rows = {}
    for folder, _, name, _, needs in cells:
        extras = frozenset(re.findall(r"`([\w-]+)`", needs))
        words = set(re.sub(r"\(.*?\)", "", needs).replace("all siblings", ", ".join(packages)).split(", "))
        words = {word.strip() for word in words} - {"nothing", folder.removeprefix("packages/")}
        siblings = frozenset(packages[word] for word in words if word in packages)
        rows[name.removeprefix("muntin.")] = Row(siblings, frozenset(words - packages.keys()), extras)
    return rows


TABLE = read_table()


def module_name(source: Path) -> str:
    """Return the dotted name of a source file."""
    # Matched from the end: the folders that the repository is in have names of their own.
    found = re.search(r".*/(?:src|examples/[^/]+)/(.+)\.py", source.as_posix())
    assert found is not None
    return found[1].replace("/", ".").removesuffix(".__init__")


@pytest.mark.parametrize("above", ["/", "/home/me/src/", "/examples/of/mine/src/"])
def test_the_names_of_modules(above):
    names = {
        "packages/http-core/src/muntin/http_core/__init__.py": "muntin.http_core",
        "packages/web/src/muntin/web/program/run.py": "muntin.web.program.run",
        "examples/seed/older/hello.py": "older.hello",
    }
    assert {path: module_name(Path(above, path)) for path in names} == names


def find_typing_only(tree: ast.AST) -> set[ast.AST]:
    """Return the nodes that only type checkers see; these bring `typing_extensions` along, so nobody declares it."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }


def test_what_only_type_checkers_see():
    tree = ast.parse("if TYPE_CHECKING:\n    import a\nelse:\n    import b\nimport c")
    assert [node.names[0].name for node in find_typing_only(tree) if isinstance(node, ast.Import)] == ["a"]


def find_imports(source: Path) -> Iterator[Import]:
    """Yield everything that one file imports, relative imports made absolute."""
    package = module_name(source) if source.stem == "__init__" else module_name(source).rpartition(".")[0]
    tree = ast.parse(source.read_text(), source)
    unseen = find_typing_only(tree)
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="typing_extensions") if node in unseen:
                pass
            case ast.Import():
                yield from (Import(alias.name, "", node.lineno) for alias in node.names)
            case ast.ImportFrom(module=module, level=level):
                base = package.split(".")[: package.count(".") + 2 - level] if level else []
                origin = ".".join([*base, *([module] if module else [])])
                yield from (Import(origin, alias.name, node.lineno) for alias in node.names)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield Import(module, "", node.lineno)


def find_offences(source: Path) -> Iterator[str]:
    """Yield what is wrong with the imports of one file, a sentence each."""
    own = module_name(source).split(".")[1]
    row = TABLE[own]
    for found in find_imports(source):
        where = f"{module_name(source)}:{found.line}: {found.path}"
        top, *rest = found.path.split(".")
        if top == "muntin":
            sibling = rest[0] if rest else ""
            if sibling == own:
                continue
            if sibling not in row.siblings:
                yield f"{where}: {own} may not import {sibling or 'the namespace itself'}"
            elif is_private(found):
                yield f"{where}: {sibling} is imported past its front door"
            elif found.name == "*":
                yield f"{where}: names are imported one by one"
        elif top not in sys.stdlib_module_names and top not in third_party(own):
            yield f"{where}: {own} does not declare {top}"
        elif top in IO_MODULES and own in IO_EDGES and not is_within(IO_EDGES[own], module_name(source)):
            yield f"{where}: {own} is free of input and output"


def is_private(found: Import) -> bool:
    """Tell whether an import reaches behind a front door."""
    return any(part.startswith("_") and not part.endswith("__") for part in found.path.split("."))


def is_within(edge: str | None, module: str) -> bool:
    """Tell whether a module is an edge or part of it."""
    return edge is not None and f"{module}.".startswith(f"{edge}.")


def metadata(package: str) -> dict[str, Any]:
    """Return the metadata that one package declares."""
    folder = ROOT / "packages" / package.replace("_", "-")
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return project


def third_party(package: str) -> set[str]:
    """Return the top-level modules of other projects that the table lets one package import."""
    optional = {
        Requirement(requirement).name
        for extra, requirements in metadata(package).get("optional-dependencies", {}).items()
        if extra in TABLE[package].extras
        for requirement in requirements
    }
    names = TABLE[package].third_party | optional
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def test_the_table_names_every_package():
    folders = {path.name for path in (ROOT / "packages").iterdir() if path.is_dir()}

    assert {name.replace("_", "-") for name in TABLE} == folders


def test_the_table_has_no_circle():
    settled: set[str] = set()
    while ready := {name for name, row in TABLE.items() if name not in settled and row.siblings <= settled}:
        settled |= ready

    assert settled == TABLE.keys()


@pytest.mark.parametrize("package", TABLE)
def test_declared_dependencies_are_those_of_the_table(package):
    row = TABLE[package]
    project = metadata(package)

    declared = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}

    expected = row.third_party | {f"muntin-{name.replace('_', '-')}" for name in row.siblings}
    assert declared == expected
    assert row.extras <= set(project.get("optional-dependencies", []))


@pytest.mark.parametrize("source", SOURCES, ids=module_name)
def test_imports_run_one_way(source):
    assert list(find_offences(source)) == []


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda source: str(source.relative_to(ROOT)))
def test_examples_use_the_public_names_only(source):
    ours = [found for found in find_imports(source) if found.module.split(".")[0] == "muntin"]

    assert [found for found in ours if is_private(found)] == []


def find_modules(source: Path, modules: Collection[str]) -> set[str]:
    """Return the modules out of some that one file needs, by its imports and its annotations."""
    targets = ({found.path, found.module} for found in find_imports(source))
    longest = (max(target & set(modules), key=len, default="") for target in targets)
    return {module for module in longest if module and module != module_name(source)}


def test_modules_need_one_another_without_circles():
    """A reader who starts anywhere comes to an end: what only annotations need counts as well."""
    modules = {module_name(source): source for source in SOURCES}

    graph = TopologicalSorter({name: find_modules(source, modules) for name, source in modules.items()})

    graph.prepare()  # raises CycleError, which names the circle


def find_room(module: str) -> str:
    """Return where a module is, as a reader first sees it: the file or the folder right inside its package."""
    return ".".join(module.split(".")[:3])


@pytest.mark.parametrize("package", TABLE)
def test_folders_need_one_another_without_circles(package):
    """A folder is one subject: what is inside a package has an order even where folders count as one thing each."""
    modules = {module_name(source): source for source in SOURCES}
    front = f"muntin.{package}"
    graph: dict[str, set[str]] = {}
    for name, source in modules.items():
        if name.startswith(f"{front}."):
            needed = {
                find_room(other) for other in find_modules(source, modules) if other.startswith(f"{front}.")
            }
            graph.setdefault(find_room(name), set()).update(needed - {find_room(name)})

    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def read_floors() -> dict[str, int]:
    """Return on which row of the table of web each of its rooms stands, counted from the top."""
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Inside web\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name: floor for floor, cell in enumerate(cells) for name in re.findall(r"`(\w+)/?`", cell)}


def test_the_table_of_web_names_every_room_and_imports_run_down():
    modules = {name: source for source in SOURCES if (name := module_name(source)).startswith("muntin.web.")}
    floors = read_floors()

    assert floors.keys() == {find_room(name).removeprefix("muntin.web.") for name in modules}
    upward = [
        f"{name} needs {other}"
        for name, source in modules.items()
        for other in find_modules(source, modules)
        if floors[find_room(other).removeprefix("muntin.web.")]
        < floors[find_room(name).removeprefix("muntin.web.")]
    ]
    assert upward == []


def test_offences_are_found(tmp_path):
    """Show that the law can be broken: one file that breaks each part of it."""
    source = tmp_path / "src" / "muntin" / "static" / "_crooked.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        "import asyncio, json, yarl\n"
        "import muntin\n"
        "from muntin.http_core import Limits, _head, __version__\n"
        "from muntin.http_core._head import head\n"
        "from muntin.http_core.errors import *\n"
        "from . import _plan\n"
        "if TYPE_CHECKING:\n"
        "    from muntin.web import Request\n"
        "def late():\n"
        "    from ..runner import Exchange\n"
        "    import_module('muntin.router')\n"
    )

    assert sorted(find_offences(source)) == [
        "muntin.static._crooked:10: muntin.runner.Exchange: static may not import runner",
        "muntin.static._crooked:11: muntin.router: static may not import router",
        "muntin.static._crooked:1: yarl: static does not declare yarl",
        "muntin.static._crooked:2: muntin: static may not import the namespace itself",
        "muntin.static._crooked:3: muntin.http_core._head: http_core is imported past its front door",
        "muntin.static._crooked:4: muntin.http_core._head.head: http_core is imported past its front door",
        "muntin.static._crooked:5: muntin.http_core.errors.*: names are imported one by one",
        "muntin.static._crooked:8: muntin.web.Request: static may not import web",
    ]


@pytest.mark.parametrize(("package", "io"), [("router", True), ("websocket", True), ("runner", False)])
def test_io_is_found_where_there_is_to_be_none(tmp_path, package, io):
    source = tmp_path / "src" / "muntin" / package / "_pump.py"
    source.parent.mkdir(parents=True)
    source.write_text("from asyncio import Protocol\n")

    assert bool(list(find_offences(source))) is io
