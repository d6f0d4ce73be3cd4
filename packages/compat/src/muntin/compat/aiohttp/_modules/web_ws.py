"""`aiohttp.web_ws`: WebSockets.

The client and programs compare message types with `is`, so messages have the types of the package `aiohttp`.
"""

from typing import Any

import aiohttp

from muntin import web
from muntin.web import WebSocketReady

__all__ = ["WSCloseCode", "WSMessage", "WSMsgType", "WebSocketReady", "WebSocketResponse"]

WSCloseCode: Any = aiohttp.WSCloseCode
WSMessage: Any = aiohttp.WSMessage
WSMsgType: Any = aiohttp.WSMsgType
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)
WebSocketDataQueue = object
"""Imported for annotations: messages wait inside of the response."""


class WebSocketResponse(web.WebSocketResponse):
    """A WebSocket; the arguments are those of `muntin.web`."""

    async def receive(self, timeout: float | None = None) -> Any:
        """Return the next message."""
        message = await super().receive(timeout)
        return WSMessage(WSMsgType(message.type), message.data, message.extra)

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        message = await self.receive()
        if message.type in _ENDS:
            raise StopAsyncIteration
        return message
