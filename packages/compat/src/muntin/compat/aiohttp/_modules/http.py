"""`aiohttp.http`: versions of the protocol, where aiohttp is not installed."""

from muntin.web import HttpVersion, HttpVersion10, HttpVersion11, WSCloseCode, WSMessage, WSMsgType

__all__ = ["HttpVersion", "HttpVersion10", "HttpVersion11", "WSCloseCode", "WSMessage", "WSMsgType"]
