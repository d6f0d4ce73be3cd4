"""granian with a bare RSGI function: a server written in Rust, without a framework."""

from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops

from benchmarks.servers.options import parse_options

FIELDS = [("content-type", "text/plain; charset=utf-8")]


async def application(scope: Any, protocol: Any) -> None:
    protocol.response_str(200, FIELDS, "Hello, world!")


if __name__ == "__main__":
    Granian(
        "benchmarks.servers.granian:application",
        address="127.0.0.1",
        port=parse_options().port,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        workers=1,
        websockets=False,
        log_enabled=False,
    ).serve()
