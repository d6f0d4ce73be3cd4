"""Routes written down before there is a router."""

from pathlib import Path

import pytest

from muntin import router as front
from muntin.router import RouteDef, Router, RouteTableDef, StaticDef


class Recorder:
    """Anything with the right methods will do."""

    def __init__(self):
        self.calls = []

    def add_route(self, *args, **kwargs):
        self.calls.append(("route", *args, kwargs))
        return len(self.calls)

    def add_get(self, *args, **kwargs):
        self.calls.append(("get", *args, kwargs))
        return len(self.calls)

    def add_static(self, *args, **kwargs):
        self.calls.append(("static", *args, kwargs))
        return iter(["GET of a file", "HEAD of a file"])  # as resources are iterated over


def handler():
    """A handler."""


METHODS = ["head", "post", "put", "patch", "delete", "options"]


@pytest.mark.row("RT-05", "RT-06", "CF-17")
@pytest.mark.parametrize("method", METHODS)
def test_a_function_for_each_method(method):
    definition = getattr(front, method)("/x", handler, name="x", expect_handler=1)
    assert definition == RouteDef(method.upper(), "/x", handler, {"name": "x", "expect_handler": 1})
    recorder = Recorder()
    assert definition.register(recorder) == [1]
    assert recorder.calls == [("route", method.upper(), "/x", handler, {"name": "x", "expect_handler": 1})]


def test_get_view_route_and_static():
    recorder = Recorder()
    given = [
        definition.register(recorder)
        for definition in [
            front.get("/g", handler, name="g"),
            front.view("/v", handler),
            front.route("BREW", "/b", handler, extra=1),
            front.static("/s", "dir", show_index=True),
        ]
    ]
    assert given == [[1], [2], [3], ["GET of a file", "HEAD of a file"]], (
        "the routes, for whoever registers them"
    )
    assert recorder.calls == [
        ("get", "/g", handler, {"name": "g", "allow_head": True}),
        ("route", "*", "/v", handler, {}),
        ("route", "BREW", "/b", handler, {"extra": 1}),
        ("static", "/s", "dir", {"show_index": True}),
    ]


def test_definitions_are_values():
    assert front.get("/", handler) == front.get("/", handler) != front.get("/", handler, allow_head=False)
    assert hash(front.put("/", handler)) == hash(front.put("/", handler))
    assert hash(front.static("/", "d")) == hash(StaticDef("/", "d", {}))
    assert repr(front.put("/x", handler, name="x")) == "<RouteDef PUT /x -> handler, name='x'>"
    assert repr(front.put("/x", "h")) == "<RouteDef PUT /x -> 'h'>"
    assert repr(front.static("/s", Path("d"), b=1, a=2)) == "<StaticDef /s -> d, a=2, b=1>"


@pytest.mark.row("RT-05")
def test_adding_definitions_to_a_router(tell):
    router = Router()
    routes = router.add_routes([front.get("/a", "get"), front.put("/a", "put")])
    assert [route.method for route in routes] == ["GET", "PUT"]
    assert tell(router.match("HEAD", "/a")) == ("get", {})
    with pytest.raises(TypeError, match="<StaticDef /s -> d> needs a router with add_static"):
        router.add_routes([front.static("/s", "d")])


@pytest.mark.row("RT-07", "RT-08")
def test_a_table_is_filled_by_decorators():
    table = RouteTableDef()
    for method in [*METHODS, "get", "view"]:
        assert getattr(table, method)("/x", name="x")(handler) is handler
    assert table.route("BREW", "/b")(handler) is handler
    table.static("/s", "d", show_index=True)
    assert list(table) == [
        *(getattr(front, method)("/x", handler, name="x") for method in [*METHODS, "get", "view"]),
        front.route("BREW", "/b", handler),
        front.static("/s", "d", show_index=True),
    ]
    assert len(table) == 10
    assert table[0] == front.head("/x", handler, name="x")
    assert table[-2:] == list(table)[-2:]
    assert front.route("BREW", "/b", handler) in table
    assert next(reversed(table)) == front.static("/s", "d", show_index=True)
    assert repr(table) == "<RouteTableDef of 10>"
