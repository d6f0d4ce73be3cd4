"""Files that nginx sends by itself, as the guide has it, in front of an application without them."""

import re
from pathlib import Path

import httpx
import pytest

from muntin import web
from muntin.static import StaticRoot

pytestmark = [pytest.mark.anyio, pytest.mark.row("ST-13", "XP-12")]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve-files.md"
PATIENCE = 30.0


async def test_the_application_only_names_what_nginx_sends(nginx, tmp_path):
    public = tmp_path / "public"
    public.mkdir()
    (public / "site.css").write_text("body { margin: 0 }")
    (tmp_path / "secret.txt").write_text("secret")
    files = StaticRoot(public, append_version=True)

    async def page(request):
        return web.Response(text=f"/files/{files.url_of('site.css')}")

    async def other(request):
        return web.Response(status=418)

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/{path:.*}", other)])
    (told,) = re.findall(r"^```nginx\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert "/srv/application/public/" in told
    async with nginx(app, told.replace("/srv/application/public/", f"{public}/")) as port:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as client:
            url = (await client.get("/")).text
            assert re.fullmatch(r"/files/site\.css\?v=[\w-]{22}", url)
            response = await client.get(url)
            assert (response.status_code, response.text) == (200, "body { margin: 0 }")
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert (await client.get("/files/site.css")).headers["cache-control"] == "no-cache"
            assert (await client.get("/files/none.css")).status_code == 404
            assert (await client.get("/files/%2e%2e/secret.txt")).status_code == 418
            assert (await client.get("/else")).status_code == 418
