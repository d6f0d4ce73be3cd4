"""The modules of aiohttp that are replaced, each with the module of ours that takes its place."""

from typing import Final

__all__ = ["ABSTRACT_CLASSES", "SERVER_MODULES", "STAND_IN_MODULES"]

_OURS: Final = "muntin.compat.aiohttp._modules"

SERVER_MODULES: Final = {
    f"aiohttp.{name}": f"{_OURS}.{name}"
    for name in [
        "web",
        "web_app",
        "web_exceptions",
        "web_fileresponse",
        "web_log",
        "web_middlewares",
        "web_protocol",
        "web_request",
        "web_response",
        "web_routedef",
        "web_runner",
        "web_server",
        "web_urldispatcher",
        "web_ws",
        "worker",
    ]
}
"""Replaced wherever ours is installed."""

STAND_IN_MODULES: Final = {
    "aiohttp": f"{_OURS}.package",
    **{f"aiohttp.{name}": f"{_OURS}.{name}" for name in ["abc", "hdrs", "http", "test_utils", "typedefs"]},
}
"""Offered besides where aiohttp itself is not installed."""

ABSTRACT_CLASSES: Final = ("AbstractAccessLogger", "AbstractMatchInfo", "AbstractRouter", "AbstractView")
"""The classes of `aiohttp.abc` that servers know. The module has classes of the client, too, so it stays."""
