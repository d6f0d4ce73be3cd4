"""Paths in any script; a pattern is matched against the percent-encoded path.

curl localhost:8080/чай
"""

from muntin import web

# "за" and one more small letter of the Cyrillic block, as they stand in a request.
PATTERN = "%D0%B7%D0%B0%D[01]%[89AB][0-9A-F]"


async def tell_path(request: web.Request) -> web.Response:
    return web.Response(text=request.path)


app = web.Application()
app.add_routes([web.get("/чай", tell_path), web.get(f"/{{word:{PATTERN}}}", tell_path)])

if __name__ == "__main__":
    web.run_app(app)
