"""A router from outside: what is registered, what is matched, and that both agree however many there are."""

import gc
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

import muntin.router
from muntin.router import (
    AbstractResource,
    DynamicResource,
    FrozenError,
    Matched,
    MethodNotAllowed,
    NotFound,
    PlainResource,
    PrefixResource,
    ResourceNameError,
    Route,
    RouteConflict,
    Router,
    TemplateError,
    TemplateWarning,
)

# -- registering ----------------------------------------------------------------------------------------------------


@pytest.mark.row("RT-01", "RT-02")
def test_a_route_is_a_resource_and_a_method(tell):
    router = Router()
    route = router.add_route("GET", "/", "index", expect_handler="wait")
    assert (route.method, route.handler, route.name) == ("GET", "index", None)
    assert route.resource in router.resources()
    assert list(route.resource) == [route]
    assert route.options == {"expect_handler": "wait"}
    assert tell(router.match("GET", "/")) == ("index", {})
    other = Router()
    assert repr(other.add_resource("/").add_route("GET", "index")) == repr(route)


@pytest.mark.row("RT-04", "BH-06", "CF-17")
def test_sugar_for_each_method(tell):
    router = Router()
    for method in ["head", "post", "put", "patch", "delete", "options"]:
        route = getattr(router, f"add_{method}")("/x", method, name="x", extra=1)
        assert (route.method, route.options) == (method.upper(), {"extra": 1})
    router.add_get("/x", "get", name="x", allow_head=False)
    router.add_view("/v", "view")
    router.add_get("/g", "get")
    assert len(router.resources()) == 3
    assert tell(router.match("GET", "/x")) == ("get", {})
    assert tell(router.match("HEAD", "/x")) == ("head", {})
    assert tell(router.match("BREW", "/v")) == ("view", {})
    assert tell(router.match("HEAD", "/g")) == ("get", {})


@pytest.mark.row("RT-09", "RT-10")
def test_the_last_resource_is_used_again_if_path_and_name_are_the_same():
    router = Router()
    first = router.add_resource("/a", name="a")
    assert router.add_resource("/a", name="a") is first
    second = router.add_resource("/a")
    assert second is not first
    third = router.add_resource("/b/{x}")
    assert router.add_resource("/b/{x}") is third
    assert router.add_resource("/b/{y}") is not third
    assert list(router.resources())[:3] == [first, second, third]


@pytest.mark.row("BH-03")
def test_names_are_unique():
    router = Router()
    route = router.add_get("/x", "h", name="the.x")
    assert router["the.x"] is route.resource
    with pytest.raises(ResourceNameError, match=r"name 'the.x' is taken by <PlainResource 'the.x' /x>"):
        router.add_get("/y", "h", name="the.x")
    assert len(router.resources()) == 1


def test_a_resource_stands_in_one_router():
    resource = PlainResource("/x")
    Router().register_resource(resource)
    with pytest.raises(RouteConflict, match="is in a router already"):
        Router().register_resource(resource)


def test_freezing():
    router, child = Router(), Router()
    resource = router.add_resource("/x")
    inner = child.add_resource("/y")
    router.mount("/c", child)
    assert not router.frozen
    router.freeze()
    router.freeze()
    assert router.frozen
    assert child.frozen
    for change in [
        lambda: router.add_get("/z", "h"),
        lambda: resource.add_route("GET", "h"),
        lambda: inner.add_route("GET", "h"),
        lambda: child.add_prefix("/s"),
        lambda: router.mount("/d", Router()),
    ]:
        with pytest.raises(FrozenError, match="the router is frozen"):
            change()


def test_changes_show_until_then(tell):
    router = Router()
    assert tell(router.match("GET", "/x")) == 404
    resource = router.add_resource("/x")
    assert tell(router.match("GET", "/x")) == 404
    resource.add_route("GET", "h")
    assert tell(router.match("GET", "/x")) == ("h", {})
    assert tell(router.match("PUT", "/x")) == ("GET",)


@pytest.mark.row("RT-30")
def test_an_expression_that_never_matches_warns_when_registered():
    router = Router()
    with pytest.warns(TemplateWarning, match="percent-encoded") as caught:
        router.add_get("/{x:[а-я]+}", "never")
    assert caught[0].filename == __file__
    router.add_get("/{x:(?:%D0%[0-9A-F]{2})+}", "always")
    assert router.match("GET", "/%d0%b0%D0%B1").variables == {"x": "аб"}


# -- looking --------------------------------------------------------------------------------------------------------


@pytest.mark.row("RT-17", "RT-18", "RT-19", "RT-34")
def test_views_are_live():
    router = Router()
    resources, routes, named, named_routes = (
        router.resources(),
        router.routes(),
        router.named_resources(),
        router.named_routes(),
    )
    assert (len(resources), len(routes), len(named), len(named_routes)) == (0, 0, 0, 0)
    get = router.add_get("/a", "h", name="a", allow_head=False)
    put = router.add_put("/b/{x}", "h")
    assert list(resources) == [get.resource, put.resource]
    assert list(routes) == [get, put]
    assert dict(named) == {"a": get.resource}
    assert dict(named_routes) == {"a": (get,)}
    assert "[PUT]" in repr(routes)
    assert "/b/{x}" in repr(routes)
    with pytest.raises(TypeError):
        named["b"] = put.resource


def test_a_router_is_a_mapping_of_names():
    router = Router()
    assert router
    route = router.add_get("/a", "h", name="a")
    router.add_get("/b", "h")
    assert list(router) == ["a"]
    assert len(router) == 1
    assert "a" in router
    assert router.get("b") is None
    assert router["a"] is route.resource
    assert repr(router) == "<Router of 2 resources>"
    assert router == router
    assert router != Router()
    assert {router: 1}[router] == 1


# -- matching -------------------------------------------------------------------------------------------------------


@pytest.mark.row("RT-24", "RT-25", "BH-07")
def test_not_found_and_not_allowed(tell):
    router = Router()
    router.add_post("/a", "post")
    router.add_get("/a", "get")
    assert tell(router.match("GET", "/b")) == 404
    assert tell(router.match("PUT", "/a")) == ("GET", "HEAD", "POST")
    assert router.match("PUT", "/a").resource is next(iter(router.resources()))


def test_a_resource_without_routes_does_not_refuse(tell):
    router = Router()
    router.add_resource("/{x}")
    assert tell(router.match("GET", "/a")) == 404
    refusing = router.add_get("/{y}", "h").resource
    assert router.match("PUT", "/a").resource is refusing


@pytest.mark.row("RT-03", "HI-10")
def test_any_token_is_a_method(tell):
    router = Router()
    router.add_route("*", "/any", "any")
    router.add_route("foo", "/foo", "foo")
    router.add_route("get", "/get", "get")
    assert tell(router.match("M-SEARCH", "/any")) == ("any", {})
    assert tell(router.match("foo", "/foo")) == ("foo", {})
    assert tell(router.match("FOO", "/foo")) == ("foo",)
    assert tell(router.match("GET", "/get")) == ("get", {})
    assert tell(router.match("get", "/get")) == ("GET",)


@pytest.mark.row("RT-29", "BH-08")
def test_paths_are_compared_in_one_spelling(tell):
    router = Router()
    router.add_get("/привет", "plain")
    router.add_get("/users/{name}", "user")
    for path in ["/привет", "/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82", "/%d0%bf%d1%80%d0%b8%d0%b2%d0%b5%d1%82"]:
        assert tell(router.match("GET", path)) == ("plain", {})
        assert tell(router.match("PUT", path)) == ("GET", "HEAD")
    assert tell(router.match("GET", "/%75sers/%41%2f%7Bb%7D{c}%FF")) == ("user", {"name": "A/{b}{c}%FF"})
    for path in ["/Users/a", "/users/", "/users/a/", "//users/a", "*", "users/a", ""]:
        assert tell(router.match("GET", path)) == 404


def test_the_empty_path_is_a_slash_unless_a_prefix_comes_before_it(tell):
    router, below, behind = Router(), Router(), Router()
    for each, handler in ((router, "empty"), (below, "below"), (behind, "behind")):
        each.add_get("", handler)
    router.mount("/a", below)
    router.mount_host("example.com", behind)
    assert tell(router.match("GET", "")) == tell(router.match("GET", "/")) == ("empty", {})
    assert tell(router.match("GET", "/", "example.com")) == ("behind", {})
    assert tell(router.match("GET", "/a")) == ("below", {})
    assert tell(router.match("GET", "/a/")) == 404


def test_of_the_empty_path_and_a_slash_the_first_is_asked_first(tell):
    router = Router()
    router.add_get("", "empty")
    router.add_get("/", "slash")
    router.add_put("/", "slash")
    assert tell(router.match("GET", "/")) == ("empty", {})
    assert tell(router.match("PUT", "/")) == ("slash", {})
    assert tell(router.match("POST", "/")) == ("GET", "HEAD", "PUT")


def test_shared_matches_are_read_only():
    router = Router()
    router.add_get("/{x}", "dynamic")
    router.add_get("/plain", "plain")
    found = router.match("GET", "/plain")
    assert found is router.match("GET", "/plain")
    assert found.route.handler == "plain"
    with pytest.raises(TypeError):
        found.variables["x"] = "changed"
    catching = Router()
    catching.add_get("/{x}", "dynamic")
    catching.add_put("/plain", "plain")
    found = catching.match("GET", "/plain")
    assert found is catching.match("GET", "/plain")
    assert found.variables == {"x": "plain"}
    with pytest.raises(TypeError):
        found.variables["x"] = "changed"


def test_the_more_literal_goes_first_whatever_was_registered_first(tell):
    router, below = Router(), Router()
    router.add_get("/{tail:.*}", "all")
    router.add_get("/users/{name}", "user")
    router.add_get("/users/me", "me")
    router.add_get("/{kind}/me", "any")
    router.mount("/admin", below)
    below.add_get("/{page}", "below")
    router.add_get("/admin/status", "status")
    router.add_get("/admin/{page}", "late")
    assert tell(router.match("GET", "/users/me")) == ("me", {})
    assert tell(router.match("GET", "/users/you")) == ("user", {"name": "you"})
    assert tell(router.match("GET", "/others/me")) == ("all", {"tail": "others/me"})
    assert tell(router.match("GET", "/admin/status")) == ("status", {})
    assert tell(router.match("GET", "/admin/other")) == ("below", {"page": "other"})
    assert tell(router.match("GET", "/admin/no/such")) == 404
    assert tell(router.match("PUT", "/users/me")) == ("GET", "HEAD")


def test_options_can_be_answered_for_all():
    router = Router(options_handler="automatic")
    router.add_get("/a", "get")
    router.add_put("/{x}", "put")
    router.add_options("/own/{x}", "own")
    for path in ["/a", "/%61"]:
        found = router.match("OPTIONS", path)
        assert (found.route.method, found.route.handler) == ("OPTIONS", "automatic")
        assert found.route.options["allowed"] == ("GET", "HEAD", "OPTIONS", "PUT")
        assert found.resource is next(iter(router.resources()))
    assert router.match("OPTIONS", "/own/1").route.handler == "own"
    assert router.match("POST", "/b").allowed == ("OPTIONS", "PUT")
    assert router.match("OPTIONS", "/b/c/d") == NotFound()


# -- the matches of a list of resources, sooner ---------------------------------------------------------------------

# Pieces of templates, and what each is in `re`; "#" becomes a name of its own.
PIECES = [
    ("a", "a"),
    ("b", "b"),
    ("", ""),
    ("ab", "ab"),
    ("1", "1"),
    ("{#}", "(?P<#>[^{}/]+)"),
    (r"{#:\d+}", r"(?P<#>\d+)"),
    ("{#:[ab]+}", "(?P<#>[ab]+)"),
    ("{#:a|b/a}", "(?P<#>a|b/a)"),
    ("{#:.*}", "(?P<#>.*)"),
    ("{#:[^a]+}", "(?P<#>[^a]+)"),
    ("a{#}", "a(?P<#>[^{}/]+)"),
    ("{#}b", "(?P<#>[^{}/]+)b"),
    (r"a{#:\d*}b", r"a(?P<#>\d*)b"),
]
METHODS = st.sets(st.sampled_from(["GET", "PUT", "*"]), max_size=2)


@st.composite
def templates(draw):
    """A template, and what it is in `re`."""
    drawn = draw(st.lists(st.sampled_from(PIECES), max_size=4))
    named = [
        (text.replace("#", f"v{number}"), regex.replace("#", f"v{number}"))
        for number, (text, regex) in enumerate(drawn)
    ]
    return "".join("/" + text for text, _ in named), "".join("/" + regex for _, regex in named)


ROUTES = st.tuples(st.just("route"), templates(), METHODS)
BELOW = st.tuples(st.just("below"), st.sampled_from(["", "/a", "/a/b", "/b"]), METHODS)
EVEN = st.tuples(st.just("even"), st.just("(even)"), METHODS)


def nest(rows):
    """Rows among which some are routers with rows of their own."""
    mounts = st.tuples(st.just("mount"), st.sampled_from(["", "/a", "/a/b", "/1"]), rows)
    hosts = st.tuples(st.just("host"), st.sampled_from(["a", "b.a", "*.a", "*"]), rows)
    return st.lists(ROUTES | BELOW | EVEN | mounts | hosts, max_size=5)


ROWS = st.recursive(st.lists(ROUTES | BELOW, max_size=8), nest, max_leaves=3)
HOSTS = st.sampled_from([None, "a", "b.a", "c"])
PATHS = st.lists(st.sampled_from(["a", "b", "", "ab", "1", "a1b", "12", "c", "aab"]), max_size=5).map(
    lambda texts: "".join("/" + text for text in texts)
)


class EvenResource(AbstractResource):
    """Paths of even length, by a rule that no index knows."""

    canonical = "(even)"

    def __init__(self):
        super().__init__()
        self.routes = {}

    def add_route(self, method, handler):
        self.routes[method] = Route(method, handler, self)

    def match(self, method, path, host=None):
        if len(path) % 2 or not self.routes:
            return None
        route = self.routes.get(method) or self.routes.get("*")
        return Matched(route, {}, {}) if route else MethodNotAllowed(tuple(self.routes), self)

    def url_for(self, **parts):
        return URL("/")

    def get_info(self):
        return {}

    def __iter__(self):
        return iter(self.routes.values())


def register(router, rows):
    """Register rows; a handler is the row and its number, so that no two are alike."""
    for number, (kind, where, more) in enumerate(rows):
        if kind in ("mount", "host"):
            child = Router()
            (router.mount if kind == "mount" else router.mount_host)(where, child)
            register(child, more)
            continue
        if kind == "below":
            resource = PrefixResource(where)
        elif kind == "even":
            resource = EvenResource()
        else:
            resource = (DynamicResource if "{" in where[0] else PlainResource)(where[0])
        router.register_resource(resource)
        for method in sorted(more, reverse=True):
            resource.add_route(method, (number, str(where), method))


def take(kind, where, path, prefix):
    """What a row that holds no rows makes of a path: its variables, or None."""
    if kind == "even":
        return None if len(path) % 2 else {}
    if kind == "route" and where[0] == "" and path == "/" and not prefix:
        return {}
    match = re.fullmatch(re.escape(where) + "/(?P<filename>.*)" if kind == "below" else where[1], path)
    return match and match.groupdict()


def depth(row):
    """Literal segments before the first that is none; a slash at the end is no segment."""
    kind, where, _ = row
    if kind in ("mount", "below"):
        return where.count("/")
    head, brace, _ = where[0].partition("{")
    return (head.rpartition("/")[0] if brace else head.removesuffix("/")).count("/")


def put_in_order(rows):
    """The rows with their numbers as they are asked: hosts, then runs between those that keep their places."""
    numbered = list(enumerate(rows))
    asked = [row for row in numbered if row[1][0] == "host"]
    run = []
    for row in numbered:
        if row[1][0] == "even":
            asked += [*sorted(run, key=lambda row: -depth(row[1])), row]
            run = []
        elif row[1][0] != "host":
            run.append(row)
    return asked + sorted(run, key=lambda row: -depth(row[1]))


def scan(rows, method, path, host, refused, prefix=""):
    """Match by the book: ask one row after the other, with nothing but `re`."""
    for number, (kind, where, more) in put_in_order(rows):
        if kind == "mount":
            if path == where or path.startswith(where + "/"):
                return scan(more, method, path[len(where) :], host, refused, prefix + where)
            continue
        if kind == "host":
            if host is not None and re.fullmatch(re.escape(where).replace(r"\*", ".+"), host):
                return scan(more, method, path, host, refused, prefix)
            continue
        variables = take(kind, where, path, prefix)
        if variables is not None:
            for key in (method, "*"):
                if key in more:
                    return (number, str(where), key), variables
            refused |= more
    return tuple(sorted(refused)) or 404


@pytest.mark.filterwarnings(
    "ignore::muntin.router.TemplateWarning"
)  # some templates are costly, and paths short
@settings(max_examples=600)
@given(ROWS, st.lists(PATHS, min_size=1, max_size=6), HOSTS)
def test_matches_are_those_of_a_linear_scan(tell, rows, paths, host):
    router = Router()
    register(router, rows)
    for path in paths:
        for method in ["GET", "PUT", "POST"]:
            found = tell(router.match(method, path, host))
            assert found == scan(rows, method, path, host, set()), (method, path)


@pytest.mark.filterwarnings("ignore::muntin.router.TemplateWarning")
@given(ROWS, PATHS)
def test_resources_asked_one_by_one_say_the_same(tell, rows, path):
    """The public `match` of a resource is the meaning that the index must keep."""
    router = Router()
    rows = [row for row in rows if row[0] not in ("mount", "host")]
    register(router, rows)
    resources = list(router.resources())
    matches = [resources[number].match("GET", path) for number, _ in put_in_order(rows)]
    first = next((found for found in matches if isinstance(found, Matched)), None)
    if first is not None:
        assert tell(router.match("GET", path)) == tell(first)
    else:
        allowed = {method for found in matches if found is not None for method in found.allowed}
        assert tell(router.match("GET", path)) == (tuple(sorted(allowed)) or 404)


# -- work that does not grow ----------------------------------------------------------------------------------------


def make_mixed(count):
    """A router of every kind of resource that can be told apart, `count` of each kind."""
    router = Router()
    for number in range(count):
        router.add_get(f"/plain/{number:04}", "h")
        router.add_get(f"/unique{number:04}/{{x}}", "h")
        router.add_get(f"/shared/{{x}}/r{number:04}/{{y}}", "h")
        router.add_get(f"/{{first}}/k{number:04}", "h")
        router.add_get(rf"/typed/{{n:\d+}}/t{number:04}", "h")
        router.add_get(f"/file/{number:04}-{{x}}.html", "h")
        router.add_get(f"/tail{number:04}/{{rest:.*}}/end", "h")
        router.add_get(f"/{{rest:.*}}/last{number:04}", "h")
        router.add_prefix(f"/static{number:04}").add_route("GET", "h")
        router.mount(f"/sub{number:04}", Router())
    router.freeze()
    return router


@pytest.fixture(scope="module")
def small_and_large():
    return make_mixed(4), make_mixed(400)


_SOURCES = f"{Path(muntin.router.__file__).parent}{os.sep}"


def count_lines(call):
    """How many lines of the router run during a call."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        # By the folder, not by a word: what else is installed may run now and then, such as callbacks of the collector.
        if not frame.f_code.co_filename.startswith(_SOURCES):
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(
    "path",
    [
        "/plain/0003",
        "/unique0003/x",
        "/shared/x/r0003/y",
        "/first/k0003",
        "/typed/12/t0003",
        "/file/0003-x.html",
        "/tail0003/a/b/c/end",
        "/a/b/last0003",
        "/static0003/a/b",
        "/sub0003/nothing",
        "/nothing",
        "/nothing/at/all/of/that/kind",
        "/shared/x/none/y",
    ],
)
def test_work_does_not_grow_with_the_table(small_and_large, path):
    small, large = small_and_large
    assert type(small.match("GET", path)) is type(large.match("GET", path))
    assert count_lines(lambda: small.match("GET", path)) == count_lines(lambda: large.match("GET", path)) > 0


@pytest.mark.row("HI-38")
def test_nothing_is_kept_of_unknown_paths():
    router = make_mixed(2)

    def flood(prefix):
        for number in range(500):
            router.match("GET", f"/{prefix}{number}/x%20")
            router.match("PUT", f"/unique1/{prefix}{number}")
            router.match(f"M{number}", "/plain/1")

    flood("warm")
    gc.collect()
    before = len(gc.get_objects())
    flood("cold")
    gc.collect()
    assert len(gc.get_objects()) <= before + 10


def test_a_template_error_leaves_the_router_as_it_was():
    router = Router()
    with pytest.raises(TemplateError):
        router.add_get("/{", "h")
    assert len(router.resources()) == 0


@given(
    st.lists(
        st.sampled_from(["", "/", "/a", "/a/", "/%61", "/é", "/a%2Fb", "/{x}", "/a/{x}", "//"]), unique=True
    ),
    st.text("/a%2Féx61", max_size=8),
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "ODD"]),
)
def test_the_table_of_exact_paths_says_what_match_says(templates, path, method):
    table: Router[str] = Router(options_handler="options")
    for template in templates:
        table.add_get(template, f"get {template}")
        table.add_route("POST", template, f"post {template}")
    matches = table.exact.get(path)
    if matches is not None:
        search = table.search(method, path)
        with pytest.raises(StopIteration) as end:
            next(search)
        assert matches[method] == table.match(method, path) == end.value.value
    for exact in table.exact:
        assert table.exact[exact][method] == table.match(method, exact)


def test_no_path_is_exact_where_hosts_decide():
    table: Router[str] = Router()
    table.add_get("/a", "a")
    assert table.exact.keys() == {"/a"}
    table.add_get("/b", "b")
    assert table.exact.keys() == {"/a", "/b"}
    table.mount_host("example.org", Router())
    assert not table.exact
