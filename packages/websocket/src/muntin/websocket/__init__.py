"""The WebSocket protocol (RFC 6455, RFC 7692) as a sans-I/O engine, with an asyncio edge."""

__all__: list[str] = []
