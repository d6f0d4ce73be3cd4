"""Files that are bodies are closed, whatever becomes of the response."""

import io

import httpx
import pytest

from muntin import web
from muntin.web.testing import TestServer

pytestmark = [pytest.mark.anyio, pytest.mark.row("AH-33", "HI-46")]


async def plain(request, file):
    return web.Response(body=file)


async def without_content(request, file):
    return web.Response(body=file, status=204)


async def not_modified(request, file):
    response = web.Response(body=file)
    response.etag = "a"
    response.make_conditional(request)
    return response


async def replaced_by_bytes(request, file):
    response = web.Response(body=file)
    response.body = b"other"
    return response


async def replaced_by_text(request, file):
    response = web.Response(body=file)
    response.text = "other"
    return response


async def replaced_by_another(request, file):
    response = web.Response(body=file)
    response.body = io.BytesIO(b"other")
    return response


async def replaced_and_sent(request, file):
    response = web.Response(body=file)
    response.body = b"other"
    await response.prepare(request)
    await response.write_eof()
    return response


async def sent(request, file):
    response = web.Response(body=file)
    await response.prepare(request)
    await response.write_eof()
    return response


async def begun(request, file):
    response = web.Response(body=file)
    await response.prepare(request)
    return response


async def raised(request, file):
    raise web.HTTPNotFound(body=file)


async def returned(request, file):
    return web.HTTPNotFound(body=file)


async def coded(request, file):
    response = web.Response(body=file)
    response.enable_compression(web.ContentCoding.gzip)
    return response


async def in_parts(request, file):
    parts = web.MultipartWriter()
    parts.append(file)
    return web.Response(body=parts)


async def refused(request, file):
    response = web.Response(body=file)
    response.headers["Transfer-Encoding"] = "gzip"
    return response


async def stopped_by_a_signal(request, file):
    return web.Response(body=file, headers={"X-Stop": "yes"})


RESPONDERS = [
    *(plain, without_content, not_modified, replaced_by_bytes, replaced_by_text, replaced_by_another),
    *(replaced_and_sent, sent, begun, raised, returned, coded, in_parts, refused, stopped_by_a_signal),
]


async def stop(request, response):
    if "X-Stop" in response.headers:
        raise RuntimeError("stopped")


@pytest.mark.parametrize("has_signal", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("respond", RESPONDERS, ids=lambda respond: respond.__name__)
async def test_a_file_is_closed(respond, method, has_signal):
    file = io.BytesIO(b"x" * 100_000)

    async def handler(request):
        return await respond(request, file)

    app = web.Application()
    app.router.add_get("/", handler)
    if has_signal:
        app.on_response_prepare.append(stop)
    async with TestServer(app) as server, httpx.AsyncClient() as client:
        await client.request(method, str(server.make_url("/")), headers={"If-None-Match": '"a"'})
    assert file.closed
