"""A router from outside: what is registered, and what is answered."""

import pytest
from muntin.router import (
    FrozenError,
    Matched,
    MethodNotAllowed,
    NotFound,
    ResourceNameError,
    RouteConflict,
    Router,
    TemplateError,
)


def say(router, method, path, host=None):
    """Put an answer into a word or two."""
    answer = router.match(method, path, host)
    if isinstance(answer, Matched):
        return answer.route.handler, dict(answer.variables)
    if isinstance(answer, MethodNotAllowed):
        return answer.allowed
    assert isinstance(answer, NotFound)
    return 404


@pytest.mark.row("RT-01", "RT-02")
def test_a_route_is_its_resource_method_and_handler():
    router = Router()
    route = router.add_route("GET", "/", "index", expect_handler="wait")
    assert (route.method, route.handler, route.name) == ("GET", "index", None)
    assert list(route.resource) == [route]
    assert dict(route.options) == {"expect_handler": "wait"}
    assert say(router, "GET", "/") == ("index", {})


@pytest.mark.row("RT-24", "RT-25", "BH-07")
def test_not_found_and_not_allowed():
    router = Router()
    router.add_post("/a", "post")
    router.add_get("/a", "get")
    assert say(router, "GET", "/b") == 404
    assert say(router, "PUT", "/a") == ("GET", "HEAD", "POST")


@pytest.mark.row("RT-11", "RT-12", "RT-13", "BH-08")
@pytest.mark.parametrize(
    ("template", "path", "variables"),
    [
        ("/a/{name}/c", "/a/b/c", {"name": "b"}),
        ("/a/{name}/c", "/a/etc/c", {"name": "etc"}),
        ("/a/{name}/c", "/a//c", None),
        ("/a/{name}/c", "/a/b/x/c", None),
        ("/a/{name}/c", "/a/b%2Fx/c", {"name": "b/x"}),
        (r"/{name:\d+}", "/12", {"name": "12"}),
        (r"/{name:\d+}", "/x", None),
        ("/{n:a{2}}", "/aa", {"n": "aa"}),
        ("/{a}.{b:[a-z]+}", "/x.y.z", {"a": "x.y", "b": "z"}),
        ("/{tail:.*}", "/a/b%20c", {"tail": "a/b c"}),
    ],
)
def test_variables(template, path, variables):
    router = Router()
    router.add_get(template, "here")
    assert say(router, "GET", path) == (404 if variables is None else ("here", variables))


def test_errors_name_what_is_wrong():
    router = Router()
    with pytest.raises(TemplateError, match="must be empty or start with '/'"):
        router.add_get("x", "h")
    router.add_get("/x", "h", name="x")
    with pytest.raises(ResourceNameError, match="'x' is taken by"):
        router.add_get("/y", "h", name="x")
    with pytest.raises(RouteConflict, match="never be reached"):
        router.add_get("/x", "h", name="x")
    router.freeze()
    with pytest.raises(FrozenError, match="frozen"):
        router.add_get("/z", "h")


@pytest.mark.row("RT-31")
def test_mounted_routers_reverse_with_all_prefixes():
    outer, middle, inner = Router(), Router(), Router()
    inner.add_get("/early", "e", name="early")
    middle.mount("/b", inner, "inner")
    outer.mount("/a/", middle, "middle")
    inner.add_get("/late/{x}", "l", name="late")
    assert str(inner["early"].url_for()) == "/a/b/early"
    assert str(inner["late"].url_for(x=1)) == "/a/b/late/1"
    answer = outer.match("GET", "/a/b/late/1")
    assert [mount.payload for mount in answer.mounts] == ["middle", "inner"]
    assert [mount.payload for mount in outer.match("GET", "/a/b/none").mounts] == ["middle", "inner"]
