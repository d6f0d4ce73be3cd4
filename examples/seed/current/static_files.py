"""Folders of files: as they are, with listings, with links that lead elsewhere, and with versions in their URLs.

python static_files.py FOLDER
curl localhost:8080/listed/
"""

import sys
from pathlib import Path

from muntin import web


async def tell_url(request: web.Request) -> web.Response:
    url = request.app.router["versioned"].url_for(filename=request.match_info["name"])
    return web.Response(text=str(url))


def make_app(folder: Path) -> web.Application:
    routes = web.RouteTableDef()
    routes.static("/plain", folder)

    app = web.Application()
    app.add_routes(routes)
    app.add_routes(
        [
            web.static("/listed", folder, show_index=True),
            web.static("/linked", folder, follow_symlinks=True),
            web.static("/versioned", folder, append_version=True, name="versioned"),
            web.get("/url/{name}", tell_url),
        ]
    )
    return app


if __name__ == "__main__":
    web.run_app(make_app(Path(sys.argv[1])))
