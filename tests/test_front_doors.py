"""Front doors: what a package gives to others is listed once, completely, and described.

A front door is an `__init__` or a module without a leading underscore. An `__init__` lists what it gives in
`__all__`; a module may, and else gives what it defines. Whatever is given is there, means one thing in all of
the package, has a docstring of its own and a place in the reference.

What a door fetches when it is asked for stands in its table `_HOMES`, and for type checkers among its imports. A
package that gives its modules, each loaded when it is first used, lists those instead.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    f"muntin.{path.parent.name.replace('-', '_')}": path.parent.name
    for path in sorted(ROOT.glob("packages/*/pyproject.toml"))
}


def module_name(source: Path) -> str:
    """Return the dotted name of a source file."""
    # Of the last "src": the repository may be in a folder of that name.
    path = source.with_suffix("").as_posix().rpartition("/src/")[2]
    return path.replace("/", ".").removesuffix(".__init__")


def is_public(name: str) -> bool:
    """Tell whether no part of a dotted name starts with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


SOURCES = {module_name(source): source for source in sorted(ROOT.glob("packages/*/src/**/*.py"))}
DOORS = {name: source for name, source in SOURCES.items() if is_public(name)}
INITS = [name for name, source in DOORS.items() if source.stem == "__init__"]
FETCHING = [name for name in INITS if "_HOMES" in DOORS[name].read_text()]
LOADING = [name for name in INITS if "load_when_used" in DOORS[name].read_text()]


def find_statements(source: Path) -> Iterator[ast.stmt]:
    """Yield what a module consists of, and what it imports for type checkers alone."""
    for node in ast.parse(source.read_text()).body:
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from (inner for inner in node.body if isinstance(inner, ast.ImportFrom))
            case _:
                yield node


def find_bound(source: Path) -> set[str]:
    """Return the public names that a door binds: its definitions and, in an `__init__`, its imports of ours."""
    names: set[str] = set()
    for node in find_statements(source):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "TypeVarTuple" | "ParamSpec"))):
                continue  # a variable of annotations is nothing to give to others
            case ast.Assign(targets=targets):
                names |= {
                    leaf.id for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)
                }
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.ImportFrom(level=level, module=module, names=aliases) if source.stem == "__init__":
                if level or (module or "").startswith("muntin."):
                    names |= {alias.asname or alias.name for alias in aliases if alias.name != "*"}
    return {name for name in names if is_public(name)}


def find_given(door: str) -> list[str]:
    """Return the names that a door offers to other packages."""
    listed: list[str] | None = getattr(importlib.import_module(door), "__all__", None)
    return sorted(find_bound(DOORS[door])) if listed is None else listed


def find_submodules(door: str) -> set[str]:
    """Return the names of the modules directly inside a package: importing reaches them, so no list has to."""
    return {name.rpartition(".")[2] for name in SOURCES if name.rpartition(".")[0] == door}


def is_described(thing: object) -> bool:
    """Tell whether a class or function of ours has a docstring that somebody wrote for it.

    A missing or inherited one does not count, nor what a dataclass, a tuple or an enum writes by itself.
    Constants and aliases have no place for a docstring; the reference describes those.
    """
    if not (inspect.isclass(thing) or inspect.isroutine(thing)) or not thing.__module__.startswith("muntin."):
        return True
    words = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    return words is not None and not words.startswith(f"{thing.__name__}(") and words != "An enumeration."


@pytest.mark.parametrize("init", INITS)
def test_an_init_lists_what_it_gives(init):
    assert isinstance(getattr(importlib.import_module(init), "__all__", None), list | tuple)


@pytest.mark.parametrize("init", FETCHING)
def test_a_door_fetches_what_it_tells_type_checkers(init):
    homes = importlib.import_module(init)._HOMES
    told = {
        alias.name: node.module
        for outer in ast.parse(DOORS[init].read_text()).body
        if isinstance(outer, ast.If)
        for node in outer.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert {name: home for home, names in homes.items() for name in names.split()} == told


@pytest.mark.parametrize("init", LOADING)
def test_a_package_of_modules_lists_all_that_are_public(init):
    assert sorted(importlib.import_module(init).__all__) == sorted(filter(is_public, find_submodules(init)))
    assert find_bound(DOORS[init]) == set(importlib.import_module(init).__all__)


@pytest.mark.parametrize("init", [*FETCHING, *LOADING])
def test_a_door_that_fetches_tells_what_it_has_and_has_not(init):
    door = importlib.import_module(init)

    assert set(door.__all__) <= set(dir(door))
    with pytest.raises(AttributeError, match=f"module '{init}' has no attribute 'nonsense'"):
        _ = door.nonsense


@pytest.mark.parametrize("door", DOORS)
def test_all_lists_every_public_name_once(door):
    given = find_given(door)

    assert sorted(set(given)) == sorted(given)
    assert find_bound(DOORS[door]) - set(given) - find_submodules(door) == set()


@pytest.mark.parametrize("door", DOORS)
def test_all_lists_only_public_names_that_are_there(door):
    module = importlib.import_module(door)

    assert [name for name in find_given(door) if not is_public(name) and name != "__version__"] == []
    assert [name for name in find_given(door) if not hasattr(module, name)] == []


@pytest.mark.parametrize("door", DOORS)
def test_every_class_and_function_is_described(door):
    module = importlib.import_module(door)

    assert [name for name in find_given(door) if not is_described(getattr(module, name))] == []


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_module_says_what_it_is(source):
    assert ast.get_docstring(ast.parse(source.read_text()))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_means_one_thing(package):
    meanings: dict[str, dict[int, str]] = {}
    for door in DOORS:
        if door == package or door.startswith(f"{package}."):
            for name in find_given(door) if door not in LOADING else ():
                meanings.setdefault(name, {})[id(getattr(importlib.import_module(door), name))] = door

    assert {name: doors for name, doors in meanings.items() if len(doors) > 1} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_names_every_public_name(package):
    pages = [
        *ROOT.glob(f"docs/reference/{PACKAGES[package]}.md"),
        *ROOT.glob(f"docs/reference/{PACKAGES[package]}/*.md"),
    ]

    words = {word for page in pages for word in re.findall(r"\w+", page.read_text())}

    assert sorted(set(find_given(package)) - words) == []
