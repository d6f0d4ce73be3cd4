"""`aiohttp.abc`: the abstract classes that servers know."""

from muntin.web.abc import AbstractAccessLogger, AbstractMatchInfo, AbstractRouter, AbstractView

__all__ = ["AbstractAccessLogger", "AbstractMatchInfo", "AbstractRouter", "AbstractView"]
