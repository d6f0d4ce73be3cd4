"""Starlette on uvicorn: a framework of the other family."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from benchmarks.servers.options import parse_options
from benchmarks.servers.uvicorn import serve


async def hello(request: Request) -> Response:
    return PlainTextResponse("Hello, world!")


async def json(request: Request) -> Response:
    return JSONResponse({"message": "Hello, world!"})


async def variable(request: Request) -> Response:
    return PlainTextResponse(request.path_params["key"])


async def post(request: Request) -> Response:
    document = await request.json()
    return JSONResponse({"items": len(document["items"])})


def make_application(resources: int) -> Starlette:
    """Make the application. Its router tries the resources in their order, so the plain ones come first."""
    routes = [Route("/", hello), Route("/json", json), Route("/post", post, methods=["POST"])]
    routes += [Route(f"/item{number}/{{key}}", variable) for number in range(resources)]
    return Starlette(routes=routes)


if __name__ == "__main__":
    options = parse_options()
    serve(make_application(options.resources), options.port)
