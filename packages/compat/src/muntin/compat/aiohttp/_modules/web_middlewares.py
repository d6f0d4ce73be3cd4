"""`aiohttp.web_middlewares`: middlewares that come with the framework."""

from muntin.web import middleware, normalize_path_middleware

__all__ = ["middleware", "normalize_path_middleware"]
