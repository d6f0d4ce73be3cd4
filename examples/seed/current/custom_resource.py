"""A resource with rules of its own: it takes requests by a cookie, whatever their path.

curl localhost:8080/menu
curl -b preview=1 localhost:8080/menu
"""

from collections.abc import Iterator
from typing import Any

from yarl import URL

from muntin import web


class PreviewResource(web.AbstractResource):
    """Takes all requests that carry the cookie `preview`."""

    def __init__(self, handler: Any) -> None:
        super().__init__()
        self._route = web.ResourceRoute("GET", handler, self)

    @property
    def canonical(self) -> str:
        return "/{path}"

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        if "preview" in request.cookies:
            return web.UrlMappingMatchInfo({"path": request.path}, self._route), {"GET"}
        return None, set()

    def raw_match(self, path: str) -> bool:
        return False

    def url_for(self, **parts: str) -> URL:
        return URL(parts["path"])

    def add_prefix(self, prefix: str) -> None:
        raise RuntimeError("previews are for the outermost application")

    def get_info(self) -> dict[str, Any]:
        return {"cookie": "preview"}

    def __iter__(self) -> Iterator[web.ResourceRoute]:
        return iter([self._route])

    def __len__(self) -> int:
        return 1


async def show_menu(request: web.Request) -> web.Response:
    return web.Response(text="today's menu")


async def show_preview(request: web.Request) -> web.Response:
    return web.Response(text=f"preview of {request.match_info['path']}")


app = web.Application()
app.router.register_resource(PreviewResource(show_preview))
app.router.add_get("/menu", show_menu)

if __name__ == "__main__":
    web.run_app(app)
