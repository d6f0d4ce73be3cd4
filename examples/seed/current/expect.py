"""An expectation that is met only for those who may upload.

curl -H "Expect: 100-continue" -H "Authorization: me" -d text localhost:8080
"""

from muntin import web


async def check(request: web.Request) -> None:
    if request.version != web.HttpVersion11:
        return
    expectation = request.headers["Expect"]
    if expectation != "100-continue":
        raise web.HTTPExpectationFailed(text=f"Cannot meet {expectation}")
    if "Authorization" not in request.headers:
        raise web.HTTPForbidden()
    request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def count(request: web.Request) -> web.Response:
    return web.Response(text=f"{len(await request.read())} bytes")


app = web.Application()
app.add_routes([web.post("/", count, expect_handler=check)])

if __name__ == "__main__":
    web.run_app(app)
