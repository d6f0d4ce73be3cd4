"""`aiohttp`, where it is not installed: what it has besides a client."""

from importlib import import_module

from muntin.compat.aiohttp._table import SERVER_MODULES, STAND_IN_MODULES
from muntin.web import (
    BodyPartReader,
    HttpVersion,
    HttpVersion10,
    HttpVersion11,
    MultipartReader,
    MultipartWriter,
    Payload,
    StreamReader,
    WSCloseCode,
    WSMessage,
    WSMsgType,
    get_payload,
)
from muntin.web.response.payloads import AsyncIterablePayload, BytesPayload, JsonPayload, StringPayload

__all__ = [
    "AsyncIterablePayload",
    "BodyPartReader",
    "BytesPayload",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "JsonPayload",
    "MultipartReader",
    "MultipartWriter",
    "Payload",
    "StreamReader",
    "StringPayload",
    "WSCloseCode",
    "WSMessage",
    "WSMsgType",
    "get_payload",
]


def __getattr__(name: str) -> object:
    # `from aiohttp import web`: the import statement asks by the name that this module was made under.
    if f"aiohttp.{name}" in SERVER_MODULES or f"aiohttp.{name}" in STAND_IN_MODULES:
        return import_module(f"aiohttp.{name}")
    raise AttributeError(
        f"module 'aiohttp' has no attribute {name!r}: muntin stands in for its server half, and aiohttp itself, "
        "with its client, is not installed"
    )
