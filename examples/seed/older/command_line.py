"""An application for the command line: a function that is given the arguments which are left.

python -m muntin.web -n localhost -p 8080 command_line.make_app --name Ada
"""

from argparse import ArgumentParser

from muntin import web


def make_app(arguments):
    parser = ArgumentParser()
    parser.add_argument("--name", default="world")
    name = parser.parse_args(arguments).name

    async def greet(request):
        return web.Response(text=f"Hello, {name}")

    app = web.Application()
    app.router.add_route("GET", "/", greet)
    return app
