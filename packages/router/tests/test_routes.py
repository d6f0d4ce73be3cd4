"""Routes, names, methods, and resources with rules of their own."""

import pytest
from yarl import URL

from muntin.router import (
    AbstractResource,
    Matched,
    MethodError,
    MethodNotAllowed,
    NotFound,
    ResourceNameError,
    Route,
    Router,
)


@pytest.mark.row("BH-03")
@pytest.mark.parametrize("name", ["a", "a-b.c:d", "_x1", "été", "match"])
def test_names(name):
    assert Router().add_resource("/", name=name).name == name


@pytest.mark.row("BH-03")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must be identifiers joined by"),
        ("a b", "must be identifiers joined by"),
        ("1a", "must be identifiers joined by"),
        ("a..b", "must be identifiers joined by"),
        ("a.class", "must not use the Python keyword 'class'"),
    ],
)
def test_bad_names(name, reason):
    with pytest.raises(ResourceNameError, match=f"name '{name}' {reason}"):
        Router().add_resource("/", name=name)


@pytest.mark.parametrize("method", ["", "A B", "GET\r\n", "É", None])
def test_bad_methods(method):
    with pytest.raises(MethodError, match="is no HTTP method"):
        Router().add_route(method, "/", "h")


@pytest.mark.row("RT-34")
def test_what_a_route_says_of_itself():
    route = Router().add_put("/a/{x}", "h", name="a")
    assert repr(route) == "<Route [PUT] <DynamicResource 'a' /a/{x}> -> 'h'>"
    assert route.name == "a"
    assert route.url_for(x=1) == URL("/a/1")
    assert route.get_info() == route.resource.get_info()


class CookieResource(AbstractResource):
    """Takes every path, if the cookie jar that stands in for a request says so."""

    def __init__(self, jar):
        super().__init__(name="cookie")
        self.jar = jar
        self.route = Route("GET", "cookie", self)
        self.asked = []

    canonical = "(cookie)"

    def match(self, method, path, host=None):
        self.asked.append((method, path, host))
        if "cookie" not in self.jar:
            return None
        return self.jar["cookie"] or Matched(self.route, {"path": path}, {"path": path})

    def url_for(self, **parts):
        return URL("/")

    def get_info(self):
        return {}

    def __iter__(self):
        return iter([self.route])


@pytest.mark.row("RT-28")
def test_a_resource_with_its_own_rules_is_asked_in_its_turn(tell):
    jar = {}
    router = Router()
    router.add_get("/first", "first")
    cookie = CookieResource(jar)
    router.register_resource(cookie)
    router.add_get("/last", "last")
    assert router["cookie"] is cookie
    assert cookie
    assert len(cookie) == 1
    assert repr(cookie) == "<CookieResource 'cookie' (cookie)>"
    assert tell(router.match("GET", "/first", "h")) == ("first", {})
    assert cookie.asked == []
    assert tell(router.match("GET", "/last", "h")) == ("last", {})
    assert cookie.asked == [("GET", "/last", "h")]
    jar["cookie"] = None
    assert tell(router.match("GET", "/%6cast")) == ("cookie", {"path": "/last"})
    jar["cookie"] = MethodNotAllowed(("BREW",), cookie)
    assert tell(router.match("PUT", "/last")) == ("BREW", "GET", "HEAD")
    assert tell(router.match("GET", "/last")) == ("last", {})
    jar["cookie"] = NotFound()
    assert tell(router.match("GET", "/last")) == 404
    assert tell(router.match("PUT", "/first")) == ("GET", "HEAD")


@pytest.mark.row("RT-28")
def test_a_resource_need_not_call_the_init_of_its_base(tell):
    class Bare(CookieResource):
        def __init__(self):
            self.jar, self.asked, self.route = {"cookie": None}, [], Route("GET", "bare", self)

    router = Router()
    bare = Bare()
    assert (bare.name, bare.prefix, bare.mounts) == (None, "", ())
    bare.change()
    router.register_resource(bare)
    assert tell(router.match("GET", "/x")) == ("bare", {"path": "/x"})


@pytest.mark.row("RT-28")
def test_somebody_else_can_do_the_asking(tell):
    """So that a framework can let its resources see the whole request, or wait for them."""
    router, child = Router(), Router()
    cookie = CookieResource({})
    child.register_resource(cookie)
    child.add_get("/x", "child")
    router.mount("/a", child)
    behind_host = Router()
    behind_host.register_resource(CookieResource({}))
    router.mount_host("example.com", behind_host)

    def drive(search):
        resource, method, path, _ = next(search)
        with pytest.raises(StopIteration) as end:
            search.send(Matched(Route(method, "asked", resource), {"path": path}, {}))
        return end.value.value

    assert tell(drive(router.search("GET", "/a/x"))) == ("asked", {"path": "/x"})
    assert tell(drive(router.search("GET", "/b", "example.com"))) == ("asked", {"path": "/b"})
    assert cookie.asked == []
    assert tell(router.match("GET", "/a/x")) == ("child", {})
    assert not router.is_pure
