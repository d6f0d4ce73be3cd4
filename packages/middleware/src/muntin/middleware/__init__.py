"""Compose handlers with middlewares; ordered signals; cleanup contexts."""

__all__: list[str] = []
