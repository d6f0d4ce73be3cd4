"""Serving: select a handler, respond to an exchange, recover from errors; servers and runners."""

__all__: list[str] = []
