"""`aiohttp.web_exceptions`: the exceptions that are responses."""

from muntin import web
from muntin.web.response import exceptions

__all__ = [*exceptions.__all__, "NotAppKeyWarning"]  # noqa: PLE0604, F822 - they are text, and fetched


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'aiohttp.web_exceptions' has no attribute {name!r}")
    return getattr(web, name)
