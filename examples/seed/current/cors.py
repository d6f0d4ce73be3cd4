"""Pages of another origin may read the responses, and set a field of their own.

The page points to `aiohttp_cors`, which imports aiohttp by its name; a middleware for this comes along with muntin.

    curl -i -H "Origin: https://shop.example" localhost:8080
"""

from muntin import web
from muntin.web.middlewares.cors import cors_middleware


async def tell_prices(request: web.Request) -> web.Response:
    return web.json_response({"tea": 3})


app = web.Application(middlewares=[cors_middleware(["https://shop.example"], headers=["X-Basket"])])
app.router.add_get("/", tell_prices)

if __name__ == "__main__":
    web.run_app(app)
