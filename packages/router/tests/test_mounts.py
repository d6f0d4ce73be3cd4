"""Routers inside routers, below prefixes and behind hosts."""

import pytest

from muntin.router import HostMount, NotFound, PrefixMount, RouteConflict, Router, TemplateError


def payloads(found):
    return [mount.payload for mount in found.mounts]


@pytest.mark.row("RT-31", "RT-16")
def test_names_reverse_with_all_prefixes():
    outer, middle, inner = Router(), Router(), Router()
    inner.add_get("/early", "h", name="early")
    middle.mount("/b", inner)
    inner.add_get("/between/{x}", "h", name="between")
    assert str(inner["early"].url_for()) == "/b/early"
    outer.mount("/a ü/", middle)
    inner.add_get("", "h", name="late")
    inner.add_prefix("/s", name="static")
    assert str(inner["early"].url_for()) == "/a%20%C3%BC/b/early"
    assert str(inner["between"].url_for(x="ü")) == "/a%20%C3%BC/b/between/%C3%BC"
    assert str(inner["late"].url_for()) == "/a%20%C3%BC/b"
    assert str(inner["static"].url_for(filename="x/y")) == "/a%20%C3%BC/b/s/x/y"
    assert inner["between"].canonical == "/a%20%C3%BC/b/between/{x}"
    assert repr(inner).endswith("below /a%20%C3%BC/b>")
    assert [str(route.url_for()) for route in outer.routes() if route.name == "late"] == ["/a%20%C3%BC/b"] * 2


def test_matches_name_their_mounts(tell):
    outer, middle, inner = Router(), Router(), Router()
    inner.add_get("/{x}", "inner")
    inner.add_get("/p/q", "plain")
    # The mounted router was used before, and must not remember that it stood alone.
    assert payloads(inner.match("GET", "/a/b/c")) == []
    middle.mount("/b", inner, payload="second")
    outer.mount("/a", middle, payload="first")
    for path in ["/a/b/1", "/a/b/p/q", "/%61/b/1", "/a/b/no/such/thing"]:
        assert payloads(outer.match("GET", path)) == ["first", "second"]
        assert payloads(outer.match("PUT", path)) == ["first", "second"]
    assert tell(outer.match("GET", "/a/b/1%2F")) == ("inner", {"x": "1/"})
    assert tell(outer.match("PUT", "/a/b/1")) == ("GET", "HEAD")
    assert payloads(outer.match("GET", "/a/c")) == ["first"]
    assert payloads(outer.match("GET", "/ab")) == []


def test_a_mount_owns_its_prefix(tell):
    outer, inner = Router(), Router()
    outer.add_put("/a/x", "before")
    outer.mount("/a", inner)
    inner.add_get("/x", "inner")
    outer.add_get("/{tail:.*}", "after")
    outer.add_get("/a/{x}", "after")
    assert tell(outer.match("PUT", "/a/x")) == ("before", {})
    assert tell(outer.match("GET", "/a/x")) == ("inner", {})
    assert tell(outer.match("POST", "/a/x")) == ("GET", "HEAD", "PUT")
    assert tell(outer.match("GET", "/a/none")) == 404
    assert tell(outer.match("GET", "/a")) == 404
    assert tell(outer.match("GET", "/ab")) == ("after", {"tail": "ab"})


def test_changes_below_show_above(tell):
    outer, inner = Router(), Router()
    outer.mount("/a", inner)
    resource = inner.add_resource("/x")
    assert tell(outer.match("GET", "/a/x")) == 404
    resource.add_route("GET", "h")
    assert tell(outer.match("GET", "/a/x")) == ("h", {})
    resource.add_route("PUT", "h")
    assert tell(outer.match("POST", "/a/x")) == ("GET", "PUT")


def test_a_router_stands_in_one_place():
    outer, inner = Router(), Router()
    mount = outer.mount("/a", inner)
    with pytest.raises(RouteConflict, match="is mounted already, on <PrefixMount /a>"):
        outer.mount("/b", inner)
    with pytest.raises(RouteConflict, match="is mounted already"):
        outer.register_resource(mount)
    with pytest.raises(RouteConflict, match="cannot be mounted inside itself"):
        outer.mount("/c", outer)
    with pytest.raises(RouteConflict, match="cannot be mounted inside itself"):
        inner.mount("/c", outer)
    assert list(outer.resources()) == [mount]
    assert len(inner.resources()) == 0


def test_a_prefix_has_no_variables():
    with pytest.raises(TemplateError, match=r"prefix '/\{x\}' must not have variables"):
        Router().mount("/{x}", Router())
    with pytest.raises(TemplateError, match="must be empty or start with '/'"):
        Router().mount("x", Router())


def test_what_a_mount_says_of_itself(tell):
    outer, inner = Router(), Router()
    route = inner.add_put("/x", "h")
    below = outer.mount("/a", inner, "payload")
    assert isinstance(below, PrefixMount)
    assert below.name is None
    assert below.router is inner
    assert list(below) == list(outer.routes()) == [route]
    assert below.get_info() == {"prefix": "/a", "router": inner, "payload": "payload"}
    with pytest.raises(TypeError, match="<PrefixMount /a> has no URL of its own"):
        below.url_for()
    assert tell(below.match("PUT", "/a/x")) == ("h", {})
    assert below.match("PUT", "/ax") is None


@pytest.mark.row("BH-20")
def test_hosts(tell):
    outer, exact, wild, other = Router(), Router(), Router(), Router()
    outer.add_put("/", "before")
    mount = outer.mount_host("example.com", exact, "exact")
    outer.mount_host("*.example.com:8080", wild, "wild")
    outer.mount_host("*.com", other, "other")
    outer.add_get("/{x}", "after")
    outer.add_get("/", "after")
    for router, handler in [(exact, "exact"), (wild, "wild"), (other, "other")]:
        router.add_get("/", handler, name="root")
    assert tell(outer.match("GET", "/", "Example.com:1")) == ("exact", {})
    assert tell(outer.match("GET", "/", "a.example.com:8080")) == ("wild", {})
    assert tell(outer.match("GET", "/", "a.example.com")) == ("other", {})
    assert tell(outer.match("GET", "/", "example.org")) == ("after", {})
    assert tell(outer.match("GET", "/", None)) == ("after", {})
    assert tell(outer.match("GET", "/", "no host")) == ("after", {})
    assert tell(outer.match("PUT", "/", "example.com")) == ("GET", "HEAD")
    assert tell(outer.match("PUT", "/", "example.org")) == ("before", {})
    assert tell(outer.match("POST", "/", "example.org")) == ("GET", "HEAD", "PUT")
    assert payloads(outer.match("GET", "/x", "example.com")) == ["exact"]
    assert tell(outer.match("GET", "/x", "example.com")) == 404
    assert tell(outer.match("GET", "/x")) == ("after", {"x": "x"})
    assert str(exact["root"].url_for()) == "/"
    assert isinstance(mount, HostMount)
    assert mount.get_info() == {"domain": "example.com", "router": exact, "payload": "exact"}
    assert repr(mount) == "<HostMount example.com>"
    assert tell(mount.match("GET", "/", "example.com")) == ("exact", {})
    assert mount.match("GET", "/", "example.org") is None


def test_hosts_are_asked_in_order(tell):
    """Also where patterns of one shape, which are looked up together, stand before and behind another."""
    outer = Router()
    for pattern in ["q.com", "*.com", "w.com", "*"]:
        router = Router()
        router.add_get("/", pattern)
        outer.mount_host(pattern, router)
    assert [tell(outer.match("GET", "/", host))[0] for host in ["q.com", "w.com", "w.org"]] == [
        "q.com",
        "*.com",
        "*",
    ]


def test_hosts_inside_a_prefix(tell):
    outer, middle, inner = Router(), Router(), Router()
    outer.mount("/a", middle, "prefix")
    middle.mount_host("example.com", inner, "host")
    inner.add_get("/x", "inner", name="x")
    middle.add_get("/x", "middle")
    assert not outer.is_pure
    assert tell(outer.match("GET", "/a/x", "example.com")) == ("inner", {})
    assert tell(outer.match("GET", "/a/x", "example.org")) == ("middle", {})
    assert payloads(outer.match("GET", "/a/x", "example.com")) == ["prefix", "host"]
    assert str(inner["x"].url_for()) == "/a/x"


def test_a_frozen_router_can_be_mounted():
    inner, deep = Router(), Router()
    inner.mount("/deep", deep, "deep")
    inner.freeze()
    outer = Router()
    outer.mount("/a", inner, "inner")
    assert outer.match("GET", "/a/deep/x") == NotFound(tuple(deep.mounts))
    assert payloads(deep.match("GET", "/x")) == ["inner", "deep"]
