"""Resources with routes."""

import pytest
from yarl import URL

from muntin.router import (
    DynamicResource,
    Matched,
    MethodNotAllowed,
    PartError,
    PlainResource,
    PrefixResource,
    RouteConflict,
    Router,
)


def test_plain():
    resource = PlainResource("/a b", name="a")
    assert resource.canonical == "/a%20b"
    assert resource.get_info() == {"path": "/a%20b"}
    assert resource.url_for() == URL("/a b")
    assert repr(resource) == "<PlainResource 'a' /a%20b>"
    with pytest.raises(PartError):
        resource.url_for(x=1)
    assert resource.match("GET", "/a%20b") is None
    route = resource.add_route("GET", "h")
    assert resource.match("GET", "/a%20b") == Matched(route, {}, {})
    assert resource.match("PUT", "/a%20b") == MethodNotAllowed(("GET",), resource)
    assert resource.match("GET", "/b") is None


@pytest.mark.row("RT-16", "BH-05")
def test_dynamic():
    resource = DynamicResource("/{name}/{n:int()}")
    route = resource.add_route("*", "h")
    assert resource.canonical == "/{name}/{n}"
    assert resource.get_info()["formatter"] == "/{name}/{n}"
    assert resource.get_info()["pattern"].fullmatch("/x/1")
    assert resource.url_for(name="j/ö", n=3).raw_path == "/j%2F%C3%B6/3"
    assert resource.match("ANY", "/x%20/03") == Matched(
        route, {"name": "x ", "n": "03"}, {"name": "x ", "n": 3}
    )
    assert resource.match("ANY", "/x/y") is None
    with pytest.raises(PartError, match="misses 'n'"):
        resource.url_for(name="x")


@pytest.mark.row("CF-05", "RT-14", "RT-15")
@pytest.mark.parametrize("query", [{"a": "b", "c": "d"}, "a=b&c=d", "?a=b&c=d", [("a", "b"), ("c", "d")]])
def test_building_with_a_query(query):
    assert str(PlainResource("/root").build_url(query=query)) == "/root?a=b&c=d"
    resource = DynamicResource("/{user}/info")
    assert str(resource.build_url({"user": "john_doe"}, query)) == "/john_doe/info?a=b&c=d"
    assert str(resource.build_url({"user": "?#"})) == "/%3F%23/info"


def test_prefix():
    router = Router()
    resource = router.add_prefix("/static/", name="static")
    resource.add_route("GET", "file")
    assert isinstance(resource, PrefixResource)
    assert (resource.own_prefix, resource.canonical, resource.variable) == ("/static", "/static", "filename")
    assert resource.get_info() == {"prefix": "/static", "routes": resource.methods}
    assert resource.url_for(filename="css/a b.css").raw_path == "/static/css/a%20b.css"
    assert str(resource.build_url({"filename": "x"}, {"v": "1"})) == "/static/x?v=1"
    with pytest.raises(PartError, match="misses 'filename' and has no 'path'"):
        resource.url_for(path="x")
    assert router.match("GET", "/static/css/a%20b.css").variables == {"filename": "css/a b.css"}
    assert router.match("GET", "/static/").variables == {"filename": ""}
    assert router.match("PUT", "/static/x").allowed == ("GET",)
    assert not isinstance(router.match("GET", "/static"), Matched)
    assert not isinstance(router.match("GET", "/staticx/y"), Matched)
    everything = Router().add_prefix("", variable="rest")
    everything.add_route("GET", "h")
    assert everything.match("GET", "/a/b").variables == {"rest": "a/b"}


@pytest.mark.row("RT-09")
def test_methods_are_unique():
    resource = PlainResource("/x")
    get, put = resource.add_route("GET", "h"), resource.add_route("PUT", "h")
    assert list(resource) == [get, put]
    assert len(resource) == 2
    assert resource.methods == {"GET": get, "PUT": put}
    with pytest.raises(RouteConflict, match=r"<Route \[GET\] .* would never be reached: <Route \[GET\]"):
        resource.add_route("get", "other")
    resource.add_route("*", "h")
    with pytest.raises(RouteConflict, match=r"would never be reached: <Route \[\*\]"):
        resource.add_route("POST", "other")
    assert len(resource) == 3


def test_a_prefix_may_belong_to_its_resource(tell):
    router = Router()
    files = PrefixResource("/files", has_prefix=True)
    files.add_route("GET", "files")
    router.register_resource(files)
    assert tell(router.match("GET", "/files")) == ("files", {"filename": ""})
    assert tell(router.match("GET", "/files/a%2Fb")) == ("files", {"filename": "a/b"})
    assert tell(router.match("GET", "/filesystem")) == 404
