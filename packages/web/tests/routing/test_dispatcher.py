"""The dispatcher: documented names over the router, and resources with rules of their own."""

import functools

import pytest
from yarl import URL

from muntin import web
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


async def hello(request):
    return web.Response(text=f"{request.method} {dict(request.match_info)}")


@pytest.mark.row("RT-01", "RT-03", "RT-04", "RT-05", "CF-17")
async def test_ways_to_register():
    app = web.Application()
    app.router.add_route("GET", "/a", hello)
    app.router.add_post("/a", hello)
    app.router.add_put("/b", hello)
    app.router.add_patch("/b", hello)
    app.router.add_delete("/b", hello)
    app.router.add_head("/c", hello)
    app.router.add_options("/c", hello)
    app.router.add_view("/any", hello)
    routes = app.add_routes([web.get("/d", hello, name="d"), web.route("*", "/e", hello)])
    assert [route.method for route in routes] == ["GET", "*"]
    wanted = [
        "GET /a",
        "POST /a",
        "PUT /b",
        "PATCH /b",
        "DELETE /b",
        "OPTIONS /c",
        "FOO /any",
        "GET /d",
        "X /e",
    ]
    async with TestClient(app) as client:
        for line in wanted:
            method, path = line.split()
            response = await client.request(method, path)
            assert (response.status, response.text) == (200, f"{method} {{}}")
        assert (await client.head("/c")).status == 200
        assert (await client.head("/d")).status == 200, "HEAD comes with GET"


@pytest.mark.row("RT-02")
def test_add_route_gives_the_route():
    router = web.UrlDispatcher()
    route = router.add_route("GET", "/a", hello)
    assert isinstance(route, web.ResourceRoute)
    assert isinstance(route, web.AbstractRoute)
    assert (route.method, route.handler, route.resource) == ("GET", hello, next(iter(router.resources())))
    assert isinstance(route.resource, web.PlainResource)
    assert isinstance(route.resource, web.Resource)
    assert isinstance(route.resource, web.AbstractResource)
    assert isinstance(router.add_resource("/{name}"), web.DynamicResource)


@pytest.mark.row("RT-09", "RT-25", "RT-24")
async def test_several_methods_on_one_resource():
    app = web.Application()
    resource = app.router.add_resource("/a", name="a")
    resource.add_route("POST", hello)
    resource.add_route("GET", hello)
    async with TestClient(app) as client:
        refused = await client.delete("/a")
        assert (refused.status, refused.headers["Allow"]) == (405, "GET,POST")
        assert (await client.get("/b")).status == 404


def test_the_same_path_again_is_the_same_resource():
    router = web.UrlDispatcher()
    first = router.add_resource("/a")
    assert router.add_resource("/a") is first
    assert router.add_resource("/b") is not first
    assert router.add_resource("/a") is not first, "only directly after one another"
    assert [each.canonical for each in router.resources()] == ["/a", "/b", "/a"]


@pytest.mark.row("RT-14", "RT-15", "RT-16", "CF-05")
def test_urls():
    router = web.UrlDispatcher()
    router.add_resource("/root", name="root")
    router.add_resource("/{user}/info", name="user-info")
    with pytest.warns(DeprecationWarning, match="url_for"):
        assert router["root"].url(query={"a": "b", "c": "d"}) == "/root?a=b&c=d"
    with pytest.warns(DeprecationWarning, match="url_for"):
        assert router["user-info"].url(parts={"user": "john_doe"}, query="?a=b") == "/john_doe/info?a=b"
    assert router["user-info"].url_for(user="john_doe") == URL("/john_doe/info")
    assert router["user-info"].url_for(user="john_doe", page="7") == URL("/john_doe/info")
    with pytest.raises(KeyError, match="misses 'user'"):
        router["user-info"].url_for(page="7")


@pytest.mark.row("RT-17", "RT-18", "RT-19", "RT-34", "DE-02")
def test_looking_at_the_router():
    app = web.Application()
    app.router.add_get("/a", hello, name="a", allow_head=False)
    router = app.router
    assert list(router.named_resources()) == ["a"]
    with pytest.warns(DeprecationWarning, match="named_resources"):
        assert app.named_resource["a"] is router.named_resource["a"] is router["a"]
    with pytest.raises(TypeError):
        router.named_resources()["b"] = None
    (route,) = router.routes()
    assert "GET" in repr(route)
    assert "/a" in repr(route)
    assert route.get_info() == {"path": "/a"}
    assert "a" in router.named_routes()


@pytest.mark.row("DE-01")
def test_a_route_with_a_path_alone_is_a_resource():
    router = web.UrlDispatcher()
    with pytest.warns(DeprecationWarning, match="add_resource"):
        resource = router.add_route("/{name}", name="n")
    assert resource is router["n"]
    with pytest.raises(TypeError, match="method, path and handler"):
        router.add_route("GET", "/a")


@pytest.mark.parametrize(
    ("path", "method", "error"),
    [("a", "GET", ValueError), ("/{a", "GET", ValueError), ("/a", "G T", ValueError)],
)
def test_mistakes(path, method, error):
    with pytest.raises(error):
        web.UrlDispatcher().add_route(method, path, hello)


# Handlers


def plain(request):
    return web.Response(text="plain")


class Handlers:
    def plain(self, request):
        return web.Response(text="bound plain")

    async def method(self, request):
        return web.Response(text="bound")

    async def __call__(self, request):
        return web.Response(text="object")


async def partial(text, request):
    return web.Response(text=text)


@pytest.mark.row("RT-20", "RT-21", "RT-32", "CF-08", "BH-01")
async def test_kinds_of_handlers():
    app = web.Application()
    add = app.router.add_get
    add("/plain", plain)
    add("/bound-plain", Handlers().plain)
    add("/bound", Handlers().method)
    add("/object", Handlers())
    add("/partial", functools.partial(partial, "partial"))
    add("/lambda", lambda request: partial("lambda", request))
    with pytest.warns(DeprecationWarning, match="plain function") as warned:
        app.freeze()
    assert [str(each.message).split(" is ")[0] for each in warned] == [
        f"handler {__name__}.{name}" for name in ("plain", "Handlers.plain")
    ]
    places = [(each.filename, each.lineno) for each in warned]
    assert places == [(__file__, each.__code__.co_firstlineno) for each in (plain, Handlers.plain)]
    async with TestClient(app) as client:
        texts = [(await client.get(route.canonical)).text for route in app.router.resources()]
    assert texts == ["plain", "bound plain", "bound", "object", "partial", "lambda"]


@pytest.mark.row("RT-33")
def test_what_no_handler_is():
    class NoView:
        """A class, but no view."""

    async def generator(request):
        yield

    router = web.UrlDispatcher()
    for wrong in (NoView, "name", 42, generator):
        with pytest.raises(TypeError):
            router.add_get("/", wrong)
    with pytest.raises(TypeError, match="not callable"):
        router.add_get("/", hello, expect_handler="no")


# Resources with rules of their own


class ByHeader(web.AbstractResource):
    """Answers requests by one of their fields, wherever they go."""

    def __init__(self, value, handler):
        super().__init__()
        self.value = value
        self.route = web.ResourceRoute("*", handler, self)
        self.asked = 0
        self.below = None
        self.frozen = False

    @property
    def canonical(self):
        return f"by {self.value}"

    def url_for(self, **parts):
        raise RuntimeError("no URL")

    def get_info(self):
        return {"value": self.value}

    def add_prefix(self, prefix):
        self.below = prefix

    def freeze(self):
        self.frozen = True

    def raw_match(self, path):
        return False

    async def resolve(self, request):
        self.asked += 1
        wanted = request.headers.get("X-Tenant")
        if wanted == self.value:
            return web.UrlMappingMatchInfo({"tenant": self.value}, self.route), {"*"}
        if wanted == f"{self.value}-refuse":
            return None, {"POST"}
        return None, set()

    def __iter__(self):
        return iter([self.route])


@pytest.mark.row("RT-28")
async def test_resources_of_ones_own_are_asked_in_order():
    app = web.Application()
    app.router.add_get("/first", hello)
    one, two = ByHeader("one", hello), ByHeader("two", hello)
    app.router.register_resource(one)
    app.router.register_resource(two)
    app.router.add_get("/last", hello)

    async def note(request, response):
        response.headers["X-App"] = "yes" if request.app is app else "no"

    app.on_response_prepare.append(note)
    async with TestClient(app) as client:
        assert (await client.get("/first", headers={"X-Tenant": "one"})).text == "GET {}"
        assert one.asked == 0
        received = await client.get("/last", headers={"X-Tenant": "two"})
        assert (received.text, received.headers["X-App"]) == ("GET {'tenant': 'two'}", "yes")
        assert (one.asked, two.asked) == (1, 1)
        assert (await client.get("/last")).text == "GET {}"
        refused = await client.get("/none", headers={"X-Tenant": "one-refuse"})
        assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    with pytest.raises(TypeError, match="AbstractResource"):
        web.UrlDispatcher().register_resource(hello)


async def test_a_resource_of_ones_own_inside_a_sub_application():
    main, sub = web.Application(), web.Application()
    resource = ByHeader("one", hello)
    sub.router.register_resource(resource)
    main.add_subapp("/sub/", sub)
    async with TestClient(main) as client:
        assert (await client.get("/sub/x", headers={"X-Tenant": "one"})).status == 200
        assert (await client.get("/x", headers={"X-Tenant": "one"})).status == 404
    assert (resource.below, resource.frozen) == ("/sub", True)


@pytest.mark.row("RT-26")
async def test_resolve(make_request):
    router = web.UrlDispatcher()
    route = router.add_get("/{name}", hello)
    info = await router.resolve(make_request("GET", "/a"))
    assert (dict(info), info.route, info.handler, info.http_exception) == ({"name": "a"}, route, hello, None)
    assert isinstance(info, web.UrlMappingMatchInfo)
    assert info.get_info()["formatter"] == "/{name}"
    missing = await router.resolve(make_request("GET", "/a/b"))
    assert isinstance(missing.http_exception, web.HTTPNotFound)
    assert missing.route.status == 404
    assert repr(missing) == "<MatchInfoError 404: Not Found>"
    refused = await router.resolve(make_request("PUT", "/a"))
    assert refused.http_exception.allowed_methods == {"GET", "HEAD"}
    found, allowed = await route.resource.resolve(make_request("GET", "/a"))
    assert dict(found) == {"name": "a"}
    assert allowed == {"GET", "HEAD"}
    spelled = router.add_get("/below/{name}", hello).resource
    assert dict((await spelled.resolve(make_request("GET", "/%62elow/%61%2f")))[0]) == {"name": "a/"}
    assert await spelled.resolve(make_request("GET", "/%62elow%2Fa")) == (None, set())


@pytest.mark.row("RT-13", "RT-29", "HC-33", "BH-08")
async def test_encoded_paths():
    app = web.Application()
    app.router.add_get("/путь/{name}", hello)
    async with TestClient(app) as client:
        response = await client.get("/%D0%BF%D1%83%D1%82%D1%8C/b%2Fx")
        assert response.text == "GET {'name': 'b/x'}"


@pytest.mark.row("RT-27")
async def test_a_second_layer_of_routing():
    class AcceptChooser:
        def __init__(self):
            self.acceptors = {}

        async def __call__(self, request):
            for accept in request.headers.getall("ACCEPT", []):
                if accept in self.acceptors:
                    return await self.acceptors[accept](request)
            raise web.HTTPNotAcceptable

    chooser = AcceptChooser()
    chooser.acceptors["text/html"] = hello
    app = web.Application()
    app.router.add_get("/", chooser)
    async with TestClient(app) as client:
        assert (await client.get("/", headers={"Accept": "text/html"})).status == 200
        assert (await client.get("/", headers={"Accept": "image/png"})).status == 406


@pytest.mark.row("RT-07", "RT-08", "ST-02")
async def test_a_table_of_routes(tmp_path):
    routes = web.RouteTableDef()

    @routes.get("/a")
    async def a(request):
        return web.Response(text="a")

    @routes.view("/b")
    class B(web.View):
        async def get(self):
            return web.Response(text="b")

    (tmp_path / "c.txt").write_text("c")
    routes.static("/files", tmp_path)
    app = web.Application()
    app.add_routes(routes)
    async with TestClient(app) as client:
        assert [(await client.get(path)).text for path in ("/a", "/b", "/files/c.txt")] == ["a", "b", "c"]
