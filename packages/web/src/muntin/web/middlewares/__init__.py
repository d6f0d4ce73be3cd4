"""Middlewares that come with the framework: each is a module of its own here, which only who imports it pays for.

They know requests and responses; how they are put around handlers is for `muntin.middleware`.
"""

from muntin.middleware import middleware
from muntin.web.middlewares._signatures import Handler, Middleware
from muntin.web.middlewares.normalize_path import normalize_path_middleware

__all__ = ["Handler", "Middleware", "middleware", "normalize_path_middleware"]
