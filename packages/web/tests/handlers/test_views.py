"""Views."""

import pytest

from muntin import web
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


class Page(web.View):
    async def get(self):
        return web.Response(text=f"{self.request.method} {self.request.match_info['name']}")

    async def post(self):
        return web.Response(text="posted")

    async def helper(self):
        raise AssertionError("not to be called")


@pytest.fixture
def app():
    app = web.Application()
    app.router.add_route("*", "/{name}", Page)
    return app


@pytest.mark.row("RT-22")
async def test_methods_are_verbs(app):
    async with TestClient(app) as client:
        assert (await client.get("/x")).text == "GET x"
        assert (await client.post("/x")).text == "posted"


@pytest.mark.row("RT-23", "BH-06")
@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS"])
async def test_other_verbs_are_405(app, method):
    async with TestClient(app) as client:
        response = await client.request(method, "/x")
    assert (response.status, response.headers["Allow"]) == (405, "GET,POST")


@pytest.mark.row("HI-47")
@pytest.mark.parametrize(
    "method", ["HELPER", "REQUEST", "__INIT__", "__AWAIT__", "REFUSE", "get", "_REQUEST"]
)
async def test_no_method_names_an_attribute(app, method):
    async with TestClient(app) as client:
        assert (await client.request(method, "/x")).status == 405


async def test_a_view_without_methods_allows_none():
    class Empty(web.View):
        pass

    app = web.Application()
    app.add_routes([web.view("/", Empty)])
    async with TestClient(app) as client:
        response = await client.get("/")
    assert (response.status, response.headers["Allow"]) == (405, "")
