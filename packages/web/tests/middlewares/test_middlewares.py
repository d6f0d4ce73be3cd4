"""Slash normalisation."""

import pytest

from muntin import web
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


async def hello(request):
    return web.Response(text=request.path)


def make_client(**options):
    app = web.Application(middlewares=[web.normalize_path_middleware(**options)])
    for path in ("/a/", "/b", "/c/d/", "/{name}/e/"):
        app.router.add_get(path, hello)
    return TestClient(app)


@pytest.mark.row("BH-19")
@pytest.mark.parametrize(
    ("options", "path", "location"),
    [
        ({}, "/a", "/a/"),
        ({}, "/a?x=1&y=%20", "/a/?x=1&y=%20"),
        ({}, "/c//d", "/c/d/"),
        ({}, "//b", "/b"),
        ({"append_slash": False, "remove_slash": True}, "/b/", "/b"),
        ({"append_slash": False, "remove_slash": True}, "//b/", "/b"),
        ({"merge_slashes": False}, "/c//d", None),
        ({}, "/none", None),
        ({}, "/a/", None),
    ],
)
async def test_redirects(options, path, location):
    async with make_client(**options) as client:
        response = await client.get(path)
    assert response.headers.get("Location") == location
    assert (response.status == 308) == (location is not None)


@pytest.mark.row("HI-33")
@pytest.mark.parametrize("path", ["//evil.example/e", "//evil.example//e", "/\\evil.example/e"])
async def test_no_redirect_leaves_the_host(path):
    async with make_client() as client:
        response = await client.get(path)
    assert response.headers["Location"].startswith("/evil.example/")


async def test_another_redirect():
    async with make_client(redirect_class=web.HTTPFound) as client:
        assert (await client.get("/a")).status == 302


def test_appending_and_removing_exclude_each_other():
    with pytest.raises(ValueError, match="exclude"):
        web.normalize_path_middleware(append_slash=True, remove_slash=True)


async def test_inside_a_sub_application():
    app, sub = web.Application(), web.Application(middlewares=[web.normalize_path_middleware()])
    sub.router.add_get("/a/", hello)
    app.add_subapp("/sub/", sub)
    async with TestClient(app) as client:
        assert (await client.get("/sub/a")).headers["Location"] == "/sub/a/"
