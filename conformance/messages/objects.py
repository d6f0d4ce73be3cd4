"""What handlers do with requests and responses besides: storage, copies, what may be assigned, the connection."""

import asyncio

import aiohttp
from yarl import URL

from conformance.messages.sides import ask_each
from muntin import web as ours

__all__ = ["DIFFERENCES", "cases"]


# Mappings


async def mapping_of_request(web, request, note):
    request["a"] = 1
    key = web.RequestKey("k", int)
    request[key] = 2
    note("1", [request["a"], request[key], len(request), "a" in request, request.get("b"), bool(request)])
    note("2", [each is key or each for each in request])
    del request["a"]
    await note.of("3", lambda: request["a"])
    note("4", [request == request, len(request)])
    return web.Response()


async def mapping_of_response(web, request, note):
    response = web.Response()
    response["a"] = 1
    key = web.ResponseKey("k", int)
    response[key] = 2
    note(
        "1", [response["a"], response[key], len(response), "a" in response, response.get("b"), bool(response)]
    )
    del response["a"]
    await note.of("2", lambda: response["a"])
    note("3", [response == response, web.Response() == web.Response(), hash(response) == hash(response)])
    return response


async def keys(web, request, note):
    for kind in (web.AppKey, web.RequestKey, web.ResponseKey):
        note(kind.__name__, [kind("k", int) == kind("k", int), kind("k", int) != kind("l", int)])
    return web.Response()


# Copies


async def cloned(web, request, note):
    clone = request.clone(
        method="PUT",
        rel_url="/other?c=1",
        headers={"X-A": "1"},
        scheme="https",
        host="other.example",
        remote="192.0.2.1",
    )
    note(
        "1",
        [clone.method, clone.path, clone.query, clone.headers, clone.raw_headers, clone.scheme, clone.secure],
    )
    note("2", [clone.host, clone.remote, clone.url, clone.version, clone.content_type, clone.cookies])
    note("3", [request.method, request.path, request.scheme, request.host])
    return web.Response(body=await clone.read())


async def cloned_plainly(web, request, note):
    request["a"] = 1
    clone = request.clone()
    clone["b"] = 2
    note("1", [sorted(clone), sorted(request), clone.match_info["tail"], type(clone) is type(request)])
    note("2", [clone.client_max_size, clone.app is request.app])
    return web.Response(body=await clone.read())


async def cloned_late(web, request, note):
    await request.read()
    await note.of("1", lambda: request.clone())
    return web.Response()


async def cloned_limits(web, request, note):
    clone = request.clone(client_max_size=2, client_max_fields=1)
    note("1", [clone.client_max_size, clone.client_max_fields])
    await note.of("2", lambda: clone.read())
    return web.Response()


async def cloned_by_url(web, request, note):
    for url in (URL("/x y"), "/a%2Fb?c", URL("/?a=b"), "relative", ""):
        await note.of(
            str(url), lambda url=url: [request.clone(rel_url=url).path, request.clone(rel_url=url).rel_url]
        )
    return web.Response()


# The connection


async def connection(web, request, note):
    note(
        "1",
        [
            request.transport is not None,
            request.get_extra_info("nope", 5),
            request.get_extra_info("peername")[0],
        ],
    )
    note("2", [request.get_extra_info("sslcontext"), request.task is asyncio.current_task()])
    note(
        "3",
        [request.loop is asyncio.get_running_loop(), request.writer is not None if web is not ours else True],
    )
    note("4", sorted(request.POST_METHODS))
    return web.Response()


async def repeated(web, request, note):
    note(
        "1", [request.query is request.query, request.headers is request.headers, request.url == request.url]
    )
    return web.Response()


async def read_only(web, request, note):
    for name in (
        "method",
        "path",
        "query",
        "headers",
        "cookies",
        "content_type",
        "host",
        "app",
        "match_info",
    ):
        await note.of(name, lambda name=name: setattr(request, name, 1))
    return web.Response()


async def frozen(web, request, note):
    await note.of("1", lambda: request.headers.__setitem__("a", "b"))
    await note.of("2", lambda: request.query.__setitem__("a", "b"))
    await note.of("3", lambda: request.cookies.__setitem__("a", "b"))
    return web.Response()


async def response_read_only(web, request, note):
    response = web.Response()
    for name in (
        "status",
        "reason",
        "headers",
        "cookies",
        "prepared",
        "chunked",
        "body_length",
        "compression",
    ):
        await note.of(name, lambda name=name: setattr(response, name, 1))
    return response


async def etags(web, request, note):
    response = web.Response()
    tag = web.ETag if web is ours else aiohttp.helpers.ETag
    response.etag = tag("a", True)
    note("1", [response.etag, response.headers["ETag"]])
    response.etag = tag("b")
    note("2", [response.etag, response.etag.is_weak, response.etag == tag("b"), response.headers["ETag"]])
    response.headers["ETag"] = "nonsense"
    note("3", response.etag)
    return response


async def cookies_told(web, request, note):
    response = web.Response()
    response.set_cookie("a", "1", max_age=5, path="/p", secure=True)
    morsel = response.cookies["a"]
    note(
        "1",
        [
            morsel.key,
            morsel.value,
            str(morsel["max-age"]),
            morsel["path"],
            morsel["secure"],
            morsel["domain"],
        ],
    )
    note("2", [len(response.cookies), list(response.cookies), "a" in response.cookies])
    return response


async def cookie_assigned(web, request, note):
    response = web.Response()
    await note.of("1", lambda: response.cookies.__setitem__("a", "1"))
    return response


def cases():
    return ask_each(globals())


DIFFERENCES = {
    "HEAD/*/answer": "answers to HEAD",
    "*/cloned_by_url/relative": "`clone` with a path that is none",
    "*/cloned_by_url/": "`clone` with a path that is none",
    "*/connection/2": "`task` of a request",
    "*/read_only/method": "assigning `method`",
    "*/cookie_assigned/*": "assigning to `cookies`",
}
