"""Applications inside applications: prefixes, hosts, and URLs."""

import pytest
from yarl import URL

from muntin import web
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


async def hello(request):
    return web.Response(text=request.path)


@pytest.mark.row("WB-20", "WB-24", "WB-25", "RT-16", "RT-31", "ST-11")
async def test_a_prefix(tmp_path):
    (tmp_path / "x.txt").write_text("file")
    admin_key = web.AppKey("admin", web.Application)
    main, admin, inner = web.Application(), web.Application(), web.Application()
    admin.router.add_get("/resource", hello, name="name")
    admin.router.add_static("/static", tmp_path, name="static")
    inner.router.add_get("/resource", hello, name="name")
    admin.add_subapp("/b", inner)
    resource = main.add_subapp("/admin/", admin)
    main[admin_key] = admin
    assert isinstance(resource, web.PrefixedSubAppResource)
    assert isinstance(resource, web.AbstractResource)
    assert resource.get_info() == {"app": admin, "prefix": "/admin"}
    assert main[admin_key].router["name"].url_for() == URL("/admin/resource")
    assert inner.router["name"].url_for() == URL("/admin/b/resource")
    assert admin.router["static"].url_for(filename="x.txt") == URL("/admin/static/x.txt")
    async with TestClient(main) as client:
        for path in ("/admin/resource", "/admin/b/resource"):
            assert (await client.get(path)).text == path
        assert (await client.get("/admin/static/x.txt")).text == "file"
        assert (await client.get("/resource")).status == 404
        assert (await client.get("/administration/resource")).status == 404


async def test_a_page_of_the_outer_application_below_the_prefix_of_an_inner_one():
    main, admin = web.Application(), web.Application()
    admin.router.add_get("/{page}", hello)

    async def status(request):
        return web.Response(text="status")

    main.add_subapp("/admin/", admin)
    main.router.add_get("/admin/status", status)
    main.router.add_get("/{tail:.*}", status)
    async with TestClient(main) as client:
        assert (await client.get("/admin/status")).text == "status"
        assert (await client.get("/admin/page")).text == "/admin/page"
        assert (await client.get("/admin/no/page")).status == 404


@pytest.mark.row("WB-21")
@pytest.mark.parametrize("prefix", ["", "/", "//"])
def test_a_prefix_is_more_than_a_slash(prefix):
    with pytest.raises(ValueError, match="prefix"):
        web.Application().add_subapp(prefix, web.Application())


def test_things_of_the_wrong_kind():
    main = web.Application()
    with pytest.raises(TypeError):
        main.add_subapp(None, web.Application())
    with pytest.raises(TypeError):
        main.add_subapp("/a", object())
    with pytest.raises(TypeError):
        main.add_domain(b"example.com", web.Application())
    with pytest.raises(ValueError, match="start with"):
        main.add_subapp("a", web.Application())


def test_an_application_has_one_place():
    main, sub = web.Application(), web.Application()
    main.add_subapp("/a", sub)
    with pytest.raises(RuntimeError):
        main.add_subapp("/b", sub)
    frozen = web.Application()
    frozen.freeze()
    with pytest.raises(RuntimeError, match="frozen"):
        main.add_subapp("/c", frozen)
    with pytest.raises(TypeError, match="inside another"):
        web.AppRunner(sub)


@pytest.mark.row("BH-20")
async def test_a_host():
    main, one, many = web.Application(), web.Application(), web.Application()

    def say(word):
        async def handler(request):
            return web.Response(text=word)

        return handler

    one.router.add_get("/", say("one"))
    many.router.add_get("/", say("many"))
    main.router.add_get("/", say("main"))
    main.add_domain("one.example", one)
    main.add_domain("*.many.example", many)
    async with TestClient(main) as client:
        hosts = {
            "one.example": "one",
            "ONE.example": "one",
            "a.many.example": "many",
            "other.example": "main",
        }
        for host, word in hosts.items():
            assert (await client.get("/", headers={"Host": host})).text == word
        assert (await client.get("/none", headers={"Host": "one.example"})).status == 404


async def test_resolving_by_hand(make_request):
    main, sub = web.Application(), web.Application()
    route = sub.router.add_get("/x", hello)
    resource = main.add_subapp("/sub/", sub)
    assert list(resource) == [*sub.router.routes()]
    assert len(resource) == 2
    info, allowed = await resource.resolve(make_request("GET", "/sub/x"))
    assert (info.route, allowed) == (route, {"GET"})
    assert await resource.resolve(make_request("GET", "/other/x")) == (None, set())
    for spelled in ("/%73ub/x", "/su%62/%78"):
        info, allowed = await resource.resolve(make_request("GET", spelled))
        assert (info.route, allowed) == (route, {"GET"})
    assert await resource.resolve(make_request("GET", "/%73ub%2Fx")) == (None, set())
    refused, allowed = await resource.resolve(make_request("PUT", "/sub/x"))
    assert (refused.http_exception.status, allowed) == (405, {"GET", "HEAD"})
    assert not resource.raw_match("/sub")
