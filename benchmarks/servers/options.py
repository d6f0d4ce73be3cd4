"""What every server is told on its command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, and what the application is to hold."""

    port: int
    resources: int
    varying: int
    middlewares: int
    workers: int
    access_log: Path | None
    files: Path
    api: str


def parse_options() -> Options:
    """Return the options of the command line; a server uses those that mean something to it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument(
        "--resources", type=int, default=200, help="how many resources the router holds besides"
    )
    parser.add_argument("--varying", type=int, default=0, help="how many of which the first segment varies")
    parser.add_argument("--middlewares", type=int, default=0, help="how many middlewares pass the request on")
    parser.add_argument("--workers", type=int, default=1, help="how many processes serve (%(default)s)")
    parser.add_argument("--access-log", type=Path, help="the file to write an access log to")
    parser.add_argument("--files", type=Path, default=Path(), help="the folder behind /static/")
    parser.add_argument("--api", default="muntin.web", help="the module that gives the application API")
    return Options(**vars(parser.parse_args()))
