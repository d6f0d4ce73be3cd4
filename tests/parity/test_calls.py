"""Calls of applications and routers beside aiohttp's: what they give and what they raise, and where that differs.

A row is an expression over `web`, and over an `app`, its `router` and functions of several kinds, all new for each.
The page has a row for each expression that is not alike, with what both give and why. There are no others.
"""

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web as theirs

from muntin import web as ours

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-application.md"

pytestmark = [
    pytest.mark.row("RT-02", "RT-09", "RT-10", "RT-33", "WB-21", "WB-29", "BH-03", "BH-04", "BH-05", "BH-06"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
]

NAMES = ["a", "a.b", "a-b", "a:b", "a_b", "é", "a b", "1a", "a.1", "class", "a.class", "a..b", "", "None"]
PATHS = [
    "",
    "/",
    "/a/b",
    "x",
    "/{",
    "/}",
    "/{a",
    "/{a}}",
    "/{}",
    "/{1a}",
    "/{a b}",
    "/{a-b}",
    "/{a}/{a}",
    "/{a:[}",
    "/{a:}",
]
METHODS = ["GET", "get", "X-Y", "*", "", "A B", "GET\n", "é", "("]
PARTS = [
    ("/{a}", {"a": "x"}),
    ("/{a}", {"a": "x y"}),
    ("/{a}", {"a": "é"}),
    ("/{a}", {"a": "%20"}),
    ("/{a}", {"a": "a?b#c"}),
    ("/{a}", {"a": "x/y"}),
    ("/{a}", {"a": "a:b"}),
    ("/{a}", {"a": 1}),
    ("/{a}", {"a": None}),
    ("/{a}", {}),
    ("/{a}", {"a": "x", "b": "y"}),
    ("/{a:.*}", {"a": "x/y"}),
    ("/plain", {}),
    ("/plain", {"a": "x"}),
    ("/a b", {}),
]

CALLS = [
    # Applications
    "web.Application([])",
    "web.Application(router=1)",
    "bool(app), len(app), list(app), app == web.Application(), app == app",
    "app['missing']",
    "app.get('missing'), app.get('missing', 1), 'missing' in app",
    "app.setdefault('name', 1), app['name'], list(app), app.pop('name'), len(app)",
    "web.AppKey('k', int) == web.AppKey('k', int)",
    "[type(key).__name__ for key in sorted(['c', web.AppKey('b'), 'a', web.AppKey('d')])]",
    "web.AppKey('a') < web.AppKey('b'), web.AppKey('b') < web.AppKey('a'), web.AppKey('a') < 'a'",
    "app() is app",
    "app.frozen, app.pre_frozen, app.freeze(), app.frozen, app.pre_frozen, router.frozen, app.freeze()",
    "app.pre_freeze(), app.frozen, app.pre_frozen",
    "last(app.freeze(), router.add_get('/', handler))",
    "last(app.freeze(), app.middlewares.append(handler))",
    "last(app.freeze(), app.on_startup.append(handler))",
    "last(app.freeze(), app.cleanup_ctx.append(context))",
    "last(app.freeze(), app.add_subapp('/x', other))",
    "last(app.freeze(), other.add_subapp('/x', app))",
    "app.on_startup.append(1)",
    "app.on_startup.append(plain)",
    "app.cleanup_ctx.append(handler)",
    "app.add_subapp('', other)",
    "app.add_subapp('/', other)",
    "app.add_subapp('//', other)",
    "app.add_subapp('x', other)",
    "app.add_subapp(1, other)",
    "app.add_subapp('/x', 1)",
    "app.add_subapp('/x/', other).canonical",
    "[app.add_subapp(path, other).canonical for path in ('/x', '/y')]",
    "app.add_domain('', other)",
    "app.add_domain(1, other)",
    "app.add_domain('http://example.com', other)",
    "app.add_domain('a/b', other).canonical",
    "app.add_domain('example.com', other).canonical",
    "app.add_domain('*.example.com', other).canonical",
    "last(app.add_subapp('/x', other), str(other.router.add_get('/y', handler).url_for()))",
    "last(other.router.add_get('/y', handler, name='y'), app.add_subapp('/x', other), 'y' in router)",
    # Registering
    "router.add_get('/a', handler).method, router.add_get('/b', handler).resource.canonical",
    "last(router.add_get('/a', handler), [route.method for route in router.routes()])",
    "last(router.add_get('/a', handler, allow_head=False), [route.method for route in router.routes()])",
    "last(router.add_get('/a', handler), router.add_get('/a', handler))",
    "last(router.add_get('/a', handler), router.add_head('/a', handler))",
    "last(router.add_route('*', '/a', handler), router.add_get('/a', handler))",
    "last(router.add_get('/a', handler), router.add_route('*', '/a', handler).method)",
    "last(router.add_get('/a', handler), router.add_post('/a', handler), len(router.resources()))",
    "[last(router.add_get(path, handler, allow_head=False), len(router.resources())) for path in ('/a', '/b')]",
    "last(router.add_get('/a', handler, name='n'), router.add_post('/a', handler, name='n').name)",
    "last(router.add_get('/a', handler, name='n'), router.add_get('/b', handler, name='n'))",
    "router.add_resource('/a') is router.add_resource('/a')",
    "router.add_resource('/a').add_route('GET', handler).resource is router.add_resource('/a')",
    "router.add_route('GET', '/a', 1)",
    "router.add_route('GET', '/a', dict).method",
    "router.add_route('GET', '/a', handler, expect_handler=1)",
    "router.add_view('/a', web.View).method",
    "router.register_resource(1)",
    "router.register_resource(router.add_resource('/a'))",
    "router.add_static('/s', '/nowhere')",
    "router.add_static('s', folder)",
    "router.add_static('/s/', folder).canonical",
    "[route.method for route in app.add_routes([web.static('/s', folder), web.get('/a', handler)])]",
    "app.add_routes([1])",
    # Looking
    "last(router.add_resource('/a', name='n'), ('n' in router, 'm' in router, list(router), router['n'].canonical))",
    "router['missing']",
    "router.add_resource('/a').get_info(), sorted(router.add_resource('/{b}').get_info())",
    "sorted(router.add_static('/s', folder).get_info())",
    "isinstance(router.add_static('/s', folder).get_info()['directory'], Path)",
    "[router.add_resource('/a').raw_match(path) for path in ('/a', '/b')]",
    "router.add_get('/a', handler) in router.routes(), router.add_get('/b', handler).resource in router.resources()",
    "router.add_get('/a', handler).handler is handler, router.add_get('/b', handler).name",
    # Definitions
    "web.get('/a', handler) == web.get('/a', handler), web.get('/a', handler, name='q').kwargs",
    "[(type(each).__name__, each.path) for each in table]",
    "len(table), table[0] in table, type(table[:1]).__name__, table.count(1), table.index(table[1])",
]
CALLS += [f"router.add_resource('/x', name={name!r}).name" for name in NAMES]
CALLS += [f"sorted(router.add_resource({path!r}).get_info())" for path in PATHS]
CALLS += [f"router.add_route({method!r}, '/', handler).method" for method in METHODS]
CALLS += [
    f"str(router.add_resource({path!r}).url_for({', '.join(f'{name}={part!r}' for name, part in parts.items())}))"
    for path, parts in PARTS
]


def name_error(error: BaseException) -> str:
    """Return the error as one of Python's own, which is what may be caught without knowing ours."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def call(web: Any, expression: str) -> str:
    """Return what an expression gives, or the name of what it raises."""

    async def handler(request: Any) -> Any: ...

    async def context(app: Any) -> Any:
        yield

    def plain(app: Any) -> None: ...

    app, table = web.Application(), web.RouteTableDef()
    table.get("/a")(handler)
    table.view("/v")(web.View)
    table.static("/s", ".")
    names = {
        "__name__": __name__,
        "Path": Path,
        "app": app,
        "context": context,
        "folder": tempfile.gettempdir(),
        "handler": handler,
        "last": lambda *values: values[-1],
        "other": web.Application(),
        "plain": plain,
        "router": app.router,
        "table": table,
        "web": web,
    }
    try:
        return repr(eval(expression, names))
    except Exception as error:
        return name_error(error)


def read_rows() -> dict[str, tuple[str, str]]:
    """Return what the page says of expressions whose value is not alike."""
    section = PAGE.read_text().partition("\n## Call by call\n")[2].partition("\n## ")[0]
    rows = {}
    for line in section.splitlines():
        row = re.fullmatch(r"\| `(.+?)` \| `(.+?)` \| `(.+?)` \| (\w+): .+ \|", line)
        if row is not None:
            assert row[4] in {"other", "stricter"}, line
            rows[row[1]] = (row[2], row[3])
    return rows


def test_both_give_the_same_but_for_what_the_page_says() -> None:
    found = {}
    for each in CALLS:
        one, other = (call(web, each) for web in (theirs, ours))
        if one != other:
            found[each] = (one, other)
    assert found == read_rows()
