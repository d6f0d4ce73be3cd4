"""One warning for each use of an older way, at the line that has to change, and an error where somebody wants one."""

import warnings

import pytest

from muntin import web

# Programs with one use each, which stands in the line that says "here".
PROGRAMS = {
    "a handler below a decorator": """
routes = web.RouteTableDef()

@routes.get("/")  # here
def plain(request): ...

app = web.Application()
app.add_routes(routes)
app.freeze()
""",
    "a handler in a list of definitions": """
def plain(request): ...  # here

app = web.Application()
app.add_routes([web.get("/", plain), web.post("/", plain), web.put("/other", plain)])
app.freeze()
""",
    "a method of an object": """
class Pages:
    def page(self, request): ...  # here

pages = Pages()
app = web.Application()
app.router.add_get("/", pages.page)
app.router.add_post("/", pages.page)
app.freeze()
""",
    "a callable object": """
class Page:
    def __call__(self, request): ...  # here

app = web.Application()
app.router.add_get("/", Page())
app.freeze()
""",
    "a handler of an inner application": """
def plain(request): ...  # here

app, inner = web.Application(), web.Application()
inner.router.add_get("/", plain)
app.add_subapp("/in", inner)
app.freeze()
""",
    "a factory": """
async def factory(app, handler):  # here
    return handler

app = web.Application(middlewares=[factory])
app.freeze()
""",
    "a factory of two applications": """
async def factory(app, handler):  # here
    return handler

app, inner = (web.Application(middlewares=[factory]) for _ in range(2))
app.add_subapp("/in", inner)
app.freeze()
""",
    "a definition by its older name": """
app = web.Application()
app.add_routes([web.add_view("/", web.View)])  # here
""",
    "a loop": """
import asyncio
loop = asyncio.new_event_loop()
try:
    web.Application(loop=loop)  # here
finally:
    loop.close()
""",
    "a server made by hand": """
web.Application().make_handler()  # here
""",
    "an older name": """
kind = web.MsgType  # here
""",
    "an older name, imported": """
from muntin.web import MsgType  # here
""",
    "an older attribute": """
web.Response().message  # here
""",
    "an older method": """
app = web.Application()
app.router.add_resource("/", name="root").url(  # here
    query={"a": "b"},
)
""",
    "a path alone": """
web.Application().router.add_route("/{name}")  # here
""",
}


def run(program: str) -> None:
    exec(compile(program, "theirs.py", "exec"), {"web": web, "__name__": "theirs"})


@pytest.mark.row("CF-04", "CF-08", "CF-10", "DE-03")
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_use_is_told_once_where_it_stands(program: str) -> None:
    line = next(number for number, text in enumerate(program.splitlines(), 1) if "# here" in text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        run(program)
    assert [(each.category, each.filename, each.lineno) for each in caught] == [
        (DeprecationWarning, "theirs.py", line)
    ]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_who_makes_warnings_errors_has_none_of_the_older_ways(program: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        with pytest.raises(DeprecationWarning):
            run(program)
