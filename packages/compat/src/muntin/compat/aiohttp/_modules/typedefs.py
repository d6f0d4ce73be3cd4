"""`aiohttp.typedefs`: the types of handlers and middlewares, where aiohttp is not installed."""

from collections.abc import Iterable, Mapping
from os import PathLike as _PathLike
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from muntin.web import Handler, Middleware

__all__ = ["Handler", "LooseHeaders", "Middleware", "PathLike", "StrOrURL"]

LooseHeaders = Mapping[str, str] | CIMultiDict[str] | CIMultiDictProxy[str] | Iterable[tuple[str, str]]
PathLike = str | _PathLike[str]
StrOrURL = str | URL
JSONEncoder = Any
JSONDecoder = Any
