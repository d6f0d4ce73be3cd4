"""`aiohttp.web`: all of the server half."""

from typing import Final

from muntin import web as _web
from muntin.compat.aiohttp._modules import (
    web_app,
    web_request,
    web_response,
    web_runner,
    web_server,
    web_urldispatcher,
    web_ws,
)

__all__ = _web.__all__

# The modules with classes that bend; `muntin.web` has the other names.
_BENDING: Final = (web_app, web_request, web_response, web_runner, web_server, web_urldispatcher, web_ws)


def __getattr__(name: str) -> object:
    home = next((module for module in _BENDING if name in module.__all__), _web)
    thing = globals()[name] = getattr(home, name)
    return thing


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_web)})
