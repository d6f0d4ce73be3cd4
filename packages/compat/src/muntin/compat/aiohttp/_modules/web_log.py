"""`aiohttp.web_log`: the access log."""

from muntin.web import AccessLogger

__all__ = ["AccessLogger"]
