"""Middlewares that come with the framework: each is a module of its own, loaded when it is imported.

`muntin.middleware` composes them with handlers.
"""

from muntin.middleware import middleware
from muntin.web.middlewares._signatures import Handler, Middleware
from muntin.web.middlewares.normalize_path import normalize_path_middleware

__all__ = ["Handler", "Middleware", "middleware", "normalize_path_middleware"]
