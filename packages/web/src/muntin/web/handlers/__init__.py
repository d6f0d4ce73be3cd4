"""Handlers that come along: class based views, and probes of health."""

__all__: list[str] = []
