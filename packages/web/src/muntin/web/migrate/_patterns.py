"""Patterns: what a rule looks for in the syntax tree of one module.

A pattern is a function of a node and of the names that the module's imports have bound. It must not know what is said
about what it finds.
"""

import ast
from collections.abc import Callable, Mapping
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
    "imports",
    "imports_whole",
    "keyword",
    "middleware_factory",
    "plain_handler",
    "read_names",
    "returned",
    "uses",
]

Names = Mapping[str, str]
"""What names of the module stand for, such as `{"web": "aiohttp.web"}`."""

Pattern = Callable[[ast.AST, Names], bool]

MATCHED: Final = (
    ast.AsyncFunctionDef,
    ast.Attribute,
    ast.Call,
    ast.Constant,
    ast.Import,
    ast.ImportFrom,
    ast.Return,
)
"""The nodes that any pattern matches: most others are names and contexts, and need not be looked at."""

_ROUTING: Final = frozenset(
    [
        "add_route",
        "add_get",
        "add_head",
        "add_post",
        "add_put",
        "add_patch",
        "add_delete",
        "add_options",
        "get",
        "head",
        "post",
        "put",
        "patch",
        "delete",
        "options",
        "route",
    ]
)


def read_names(tree: ast.Module) -> dict[str, str]:
    """Give what the imports of a module bind, and its plain functions as `def:` names."""
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
    """Give what an expression such as `web.Application` stands for; nothing if it is no such thing."""
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


def uses(*wanted: str) -> Pattern:
    """Match the import of a name, or its use by its full one."""
    imported = imports(*wanted)

    def match(node: ast.AST, names: Names) -> bool:
        return imported(node, names) or (isinstance(node, ast.Attribute) and dotted(node, names) in wanted)

    return match


def attribute(name: str, *, of: tuple[str, ...] = ()) -> Pattern:
    """Match reading an attribute; `of` names the variables for which that is meant."""

    def match(node: ast.AST, names: Names) -> bool:
        if not isinstance(node, ast.Attribute) or node.attr != name or not isinstance(node.ctx, ast.Load):
            return False
        return not of or (isinstance(node.value, ast.Name | ast.Attribute) and _last(node.value) in of)

    return match


def call(name: str, *, of: tuple[str, ...] = (), first: tuple[str, ...] = ()) -> Pattern:
    """Match a call of a method; `of` names the variables it is called on, `first` those for the first argument."""
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


def returned(prefix: str) -> Pattern:
    """Match `return` of a new object whose class begins with a prefix, as in `return web.HTTPFound("/")`."""

    def match(node: ast.AST, names: Names) -> bool:
        return (
            isinstance(node, ast.Return)
            and isinstance(node.value, ast.Call)
            and dotted(node.value.func, names).rpartition(".")[2].startswith(prefix)
        )

    return match


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
    """Match `async def factory(app, handler)`."""
    return (
        isinstance(node, ast.AsyncFunctionDef)
        and [each.arg for each in node.args.args][-2:] == ["app", "handler"]
        and not node.decorator_list
    )


def plain_handler(node: ast.AST, names: Names) -> bool:
    """Match the registration of a function of this module that is written with `def`."""
    return (
        isinstance(node, ast.Call)
        and _last(node.func) in _ROUTING
        and len(node.args) >= 2
        and isinstance(node.args[-1], ast.Name)
        and names.get(node.args[-1].id, "").startswith("def:")
    )


def _last(node: ast.AST) -> str:
    """Give the last part of a dotted expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
