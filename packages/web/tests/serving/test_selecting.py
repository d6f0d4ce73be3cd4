"""Selecting: the shortcut by the raw target finds what the long way finds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin import web
from muntin.http_core import RemoteProtocolError
from muntin.web.request.request import Request
from muntin.web.routing.match_info import describe_match
from muntin.web.routing.target import parse_target
from muntin.web.serving.selecting import Selecting
from muntin.web.testing import MemoryExchange

pytestmark = pytest.mark.anyio


async def handle(request: web.Request) -> web.Response:
    return web.Response()


PATHS = ("/", "/a", "/a/", "/a/b", "/%61b", "/a%2Fb", "/é", "/a+b", "/a:b", "/a/../b", "//a", "/http://a/b")
PARTS = (
    "/",
    "//",
    "a",
    "b",
    "A",
    "%61",
    "%2F",
    "%2f",
    "%C3%A9",
    "%c3%a9",
    "%",
    "+",
    ":",
    "..",
    ".",
    "?",
    "?a=b",
    "#",
)


def make_selecting(*, host: str | None = None) -> Selecting:
    inner = web.Application()
    inner.add_routes([web.get(path, handle) for path in ("", "/", "/c")] if host is None else [])
    app = web.Application()
    app.add_routes([web.get(path, handle) for path in PATHS])
    app.add_routes([web.post("/a", handle), web.route("*", "/b", handle), web.get("/{x}/{y}", handle)])
    if host is None:
        app.add_subapp("/in", inner)
    else:
        app.add_domain(host, inner)
    app.freeze()
    return Selecting(app)


SELECTINGS = {"by path": make_selecting(), "by host": make_selecting(host="other.example")}


def make_request(method: str, target: str) -> Request:
    return Request(MemoryExchange(f"{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode()))


def describe(info: Any) -> object:
    """Return what a match info says, so that two of them can be compared."""
    if info.http_exception is None:
        return dict(info), info.route, info.apps
    allowed = getattr(info.http_exception, "allowed_methods", None)
    return info.http_exception.status, allowed, info.apps


def select_the_long_way(selecting: Selecting, method: str, target: str, host: str) -> object:
    """Parse the target, and search the resources without the table of paths."""
    router = selecting._router
    search = router.search(method, parse_target(method, target).path, host)
    with pytest.raises(StopIteration) as end:
        next(search)
    match = end.value.value
    return describe(describe_match(match, method, selecting._find_pipeline(match)))


TARGETS = st.one_of(
    st.sampled_from(PATHS),
    st.lists(st.sampled_from((*PARTS, "in", "c")), min_size=1, max_size=6).map(
        lambda parts: "/" + "".join(parts)
    ),
    st.lists(st.sampled_from(PARTS), max_size=4).map(lambda parts: "http://h" + "".join(parts)),
    st.just("*"),
    st.text("".join(map(chr, range(0x21, 0x7F))), min_size=1, max_size=12),
)


@pytest.mark.parametrize("kind", SELECTINGS)
@given(st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "CONNECT", "ODD"]), TARGETS)
def test_the_shortcut_finds_what_the_long_way_finds(kind, method, target):
    selecting = SELECTINGS[kind]
    try:
        request = make_request(method, target)
    except RemoteProtocolError:
        return  # the engine refuses it
    selecting.select_at_once(request)
    assert describe(request.match_info) == select_the_long_way(selecting, method, target, "h")


def test_the_table_holds_plain_paths_alone():
    assert {"/", "/a", "/ab", "/%C3%A9", "/in", "/in/c"} <= SELECTINGS["by path"]._exact.keys()
    assert all("?" not in path and "{" not in path for path in SELECTINGS["by path"]._exact)
    assert not SELECTINGS["by host"]._exact


def test_match_info_is_made_once_and_shared_with_copies():
    selecting = SELECTINGS["by path"]
    request = make_request("GET", "/one/two")
    selecting.select_at_once(request)
    copy = request.clone(method="POST")
    assert copy.match_info is request.match_info
    assert request.match_info == {"x": "one", "y": "two"}
    assert copy.clone(rel_url="/").match_info is request.match_info


def test_the_application_is_known_without_match_info():
    selecting = SELECTINGS["by path"]
    request = make_request("GET", "/in/c")
    selecting.select_at_once(request)
    app = request.app
    assert request._match_info is None
    assert app is request.match_info.current_app is request.app
    request.match_info.current_app = request.match_info.apps[0]
    assert request.app is request.match_info.apps[0]
    with pytest.raises(RuntimeError, match="not matched"):
        _ = make_request("GET", "/").app


def test_a_copy_is_refused_for_the_method_that_was_sent():
    selecting = SELECTINGS["by path"]
    request = make_request("DELETE", "/a")
    selecting.select_at_once(request)
    refusal = request.clone(method="GET").match_info.http_exception
    assert isinstance(refusal, web.HTTPMethodNotAllowed)
    assert refusal.method == "DELETE"
    assert refusal is request.match_info.http_exception


def test_a_request_that_was_not_matched_can_be_copied():
    copy = make_request("GET", "/").clone(method="POST")
    with pytest.raises(RuntimeError, match="not matched"):
        _ = copy.match_info
