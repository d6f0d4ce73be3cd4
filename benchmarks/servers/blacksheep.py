"""BlackSheep on uvicorn, where it is installed: a framework with a compiled core."""

from blacksheep import Application, Request, Response, json, text

from benchmarks.servers.options import parse_options
from benchmarks.servers.uvicorn import serve


def make_application(resources: int) -> Application:
    """Make the application."""
    application = Application()

    async def hello(request: Request) -> Response:
        return text("Hello, world!")

    async def as_json(request: Request) -> Response:
        return json({"message": "Hello, world!"})

    async def variable(key: str) -> Response:
        return text(key)

    application.router.add_get("/", hello)
    application.router.add_get("/json", as_json)
    for number in range(resources):
        application.router.add_get(f"/item{number}/{{key}}", variable)
    return application


if __name__ == "__main__":
    options = parse_options()
    serve(make_application(options.resources), options.port)
