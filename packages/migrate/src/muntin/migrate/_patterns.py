"""Patterns: what a rule looks for in the syntax tree of one module.

A pattern is a function of a node and of the names that the module's imports have bound. What to say about a match is in
`_rules`.
"""

import ast
import re
from collections.abc import Callable, Collection, Container, Mapping
from typing import Final

__all__ = [
    "MATCHED",
    "Names",
    "Pattern",
    "attribute",
    "call",
    "call_without",
    "closing_code_below",
    "constant",
    "decorated_plain_handler",
    "imports",
    "imports_other",
    "imports_prefixed",
    "imports_whole",
    "keyword",
    "looked_up",
    "middleware_factory",
    "plain_handler",
    "plain_receiver",
    "raw_expression",
    "read_names",
    "returned",
    "uses",
]

Names = Mapping[str, str]
"""The full names of the names in the module, such as `{"web": "aiohttp.web"}`."""

Pattern = Callable[[ast.AST, Names], bool]

MATCHED: Final = (
    ast.AsyncFunctionDef,
    ast.Attribute,
    ast.Call,
    ast.Constant,
    ast.FunctionDef,
    ast.Import,
    ast.ImportFrom,
    ast.Return,
)
"""The kinds of nodes that patterns match. Most other nodes are names and contexts, and are skipped."""

_VERBS: Final = ("delete", "get", "head", "options", "patch", "post", "put", "route")
_ADDING: Final = frozenset(f"add_{verb}" for verb in _VERBS)
"""The methods of a router."""
_DEFINING: Final = frozenset(f"{package}.web.{verb}" for package in ("aiohttp", "muntin") for verb in _VERBS)
"""The functions that define routes."""
_DECORATING: Final = frozenset((*_VERBS, "view"))
"""The methods of a table of routes, which are decorators."""
_EXPRESSION: Final = re.compile(r"/[^{}]*\{[A-Za-z_]\w*:([^/]+)\}")
_SIGNALS: Final = frozenset(("on_startup", "on_shutdown", "on_cleanup", "on_response_prepare"))


def read_names(tree: ast.Module) -> dict[str, str]:
    """Return the names that the imports of a module bind, and its plain functions as `def:` names."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    bound = alias.asname or alias.name.partition(".")[0]
                    names[bound] = alias.name if alias.asname else bound
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                names.update({alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases})
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            names.setdefault(node.name, f"def:{node.name}")
    return names


def dotted(node: ast.AST, names: Names) -> str:
    """Return the full name that an expression such as `web.Application` stands for; "" for other expressions."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _is_within(name: str, wanted: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in wanted)


def imports(*modules: str) -> Pattern:
    """Match an import of a module, or of something in it."""

    def match(node: ast.AST, names: Names) -> bool:
        if isinstance(node, ast.Import):
            return any(_is_within(alias.name, modules) for alias in node.names)
        return (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and any(_is_within(f"{node.module}.{alias.name}", modules) for alias in node.names)
        )

    return match


def imports_whole(module: str) -> Pattern:
    """Match the import of a module itself, by its own name or another."""

    def match(node: ast.AST, names: Names) -> bool:
        return isinstance(node, ast.Import) and any(alias.name == module for alias in node.names)

    return match


def imports_prefixed(prefix: str, *, but: Container[str] = ()) -> Pattern:
    """Match the import of a package whose name begins with a prefix, except for some packages."""

    def match(node: ast.AST, names: Names) -> bool:
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules = [node.module]
        packages = [module.partition(".")[0] for module in modules]
        return any(package.startswith(prefix) and package not in but for package in packages)

    return match


def imports_other(package: str, *, but: Collection[str]) -> Pattern:
    """Match the import of a name from a package that no other rule covers.

    Args:
        package: its name.
        but: full names of modules and names, with all that is in them.
    """
    known = tuple(but)

    def match(node: ast.AST, names: Names) -> bool:
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names if alias.name.startswith(f"{package}.")]
        elif (
            isinstance(node, ast.ImportFrom) and node.level == 0 and _is_within(node.module or "", (package,))
        ):
            found = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"]
        return any(not _is_within(each, known) for each in found)

    return match


def uses(*wanted: str) -> Pattern:
    """Match the import of a name, or its use by its full one."""
    imported = imports(*wanted)

    def match(node: ast.AST, names: Names) -> bool:
        return imported(node, names) or (isinstance(node, ast.Attribute) and dotted(node, names) in wanted)

    return match


def attribute(name: str, *, of: tuple[str, ...] = ()) -> Pattern:
    """Match reading an attribute; `of` limits the match to variables of these names."""

    def match(node: ast.AST, names: Names) -> bool:
        if not isinstance(node, ast.Attribute) or node.attr != name or not isinstance(node.ctx, ast.Load):
            return False
        return not of or (isinstance(node.value, ast.Name | ast.Attribute) and _last(node.value) in of)

    return match


def call(name: str, *, of: tuple[str, ...] = (), first: tuple[str, ...] = ()) -> Pattern:
    """Match a call of a method; `of` limits the variables it is called on, `first` those of the first argument."""
    called = attribute(name, of=of)

    def match(node: ast.AST, names: Names) -> bool:
        return (
            isinstance(node, ast.Call)
            and called(node.func, names)
            and (not first or (bool(node.args) and _last(node.args[0]) in first))
        )

    return match


def call_without(name: str, count: int) -> Pattern:
    """Match a call of a method with no more than a number of arguments."""
    called = call(name)

    def match(node: ast.AST, names: Names) -> bool:
        return (
            called(node, names)
            and isinstance(node, ast.Call)
            and 0 < len(node.args) <= count
            and not any(isinstance(each, ast.Starred) for each in node.args)
            and not any(each.arg != "name" for each in node.keywords)
        )

    return match


def keyword(name: str, *wanted: str) -> Pattern:
    """Match a call of a function or method with one of some keyword arguments."""

    def match(node: ast.AST, names: Names) -> bool:
        return (
            isinstance(node, ast.Call)
            and _last(node.func) == name
            and any(each.arg in wanted for each in node.keywords)
        )

    return match


def constant(*texts: str) -> Pattern:
    """Match a text."""

    def match(node: ast.AST, names: Names) -> bool:
        return isinstance(node, ast.Constant) and node.value in texts

    return match


def returned(prefix: str, *modules: str) -> Pattern:
    """Match `return` of a new object whose class begins with a prefix, as in `return web.HTTPFound("/")`.

    Args:
        prefix: of the class.
        modules: where it is from.
    """

    def match(node: ast.AST, names: Names) -> bool:
        if not (isinstance(node, ast.Return) and isinstance(node.value, ast.Call)):
            return False
        module, _, name = dotted(node.value.func, names).rpartition(".")
        # What is not imported by its name may be from where everything is.
        is_theirs = module in modules or (not module and names.get("*", "")[:-2] in modules)
        return is_theirs and name.startswith(prefix)

    return match


def looked_up(name: str, *, of: tuple[str, ...]) -> Pattern:
    """Match a call of a method on an item of a mapping of one of these names, as in `app.router["root"].url()`."""

    def match(node: ast.AST, names: Names) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == name
            and isinstance(node.func.value, ast.Subscript)
            and _last(node.func.value.value) in of
        )

    return match


def raw_expression(node: ast.AST, names: Names) -> bool:
    """Match a path with a regular expression that is not percent-encoded, such as `/{name:[а-я]+}`."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(not found.isascii() for found in _EXPRESSION.findall(node.value))
    )


def closing_code_below(least: int) -> Pattern:
    """Match `close(code=N)` with a number that is too small."""

    def match(node: ast.AST, names: Names) -> bool:
        return (
            isinstance(node, ast.Call)
            and _last(node.func) == "close"
            and any(
                each.arg == "code"
                and isinstance(each.value, ast.Constant)
                and isinstance(each.value.value, int)
                and each.value.value < least
                for each in node.keywords
            )
        )

    return match


def middleware_factory(node: ast.AST, names: Names) -> bool:
    """Match `async def factory(app, handler)`, or by other names one that returns a function of its own."""
    if not isinstance(node, ast.AsyncFunctionDef) or node.decorator_list:
        return False
    parameters = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
    if parameters[-2:] == ["app", "handler"]:
        return True
    inner = {each.name for each in node.body if isinstance(each, ast.AsyncFunctionDef)}
    returned = {_last(each.value) for each in node.body if isinstance(each, ast.Return) and each.value}
    return len(parameters) == 2 and bool(inner & returned)


def plain_handler(node: ast.AST, names: Names) -> bool:
    """Match the registration of a function of this module that is written with `def`."""
    return (
        isinstance(node, ast.Call)
        and (_last(node.func) in _ADDING or dotted(node.func, names) in _DEFINING)
        and len(node.args) >= 2
        and _is_plain(node.args[-1], names)
    )


def decorated_plain_handler(node: ast.AST, names: Names) -> bool:
    """Match `def` below a decorator such as `@routes.get("/")`."""
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in _DECORATING
        and _is_path(each.args[-1] if each.args else None)
        for each in node.decorator_list
    )


def plain_receiver(node: ast.AST, names: Names) -> bool:
    """Match `app.on_startup.append(function)` for a function of this module that is written with `def`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and _last(node.func.value) in _SIGNALS
        and len(node.args) == 1
        and _is_plain(node.args[0], names)
    )


def _is_plain(node: ast.AST, names: Names) -> bool:
    return isinstance(node, ast.Name) and names.get(node.id, "").startswith("def:")


def _is_path(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[:1] in ("", "/")


def _last(node: ast.AST) -> str:
    """Return the last part of a dotted expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
