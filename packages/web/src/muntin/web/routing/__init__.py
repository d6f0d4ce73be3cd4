"""Routing: resources and their routes, what dispatches requests to them, and what a handler is told of its match.

How a path is matched is for `muntin.router`. Here is what makes routes of handlers, and applications of routers.
"""

from muntin.web.routing._handlers import AbstractView
from muntin.web.routing.dispatcher import UrlDispatcher
from muntin.web.routing.match_info import UrlMappingMatchInfo
from muntin.web.routing.resources import AbstractResource, DynamicResource, PlainResource, Resource
from muntin.web.routing.routes import AbstractRoute, ResourceRoute, SystemRoute
from muntin.web.routing.subapps import MatchedSubAppResource, PrefixedSubAppResource

__all__ = [
    "AbstractResource",
    "AbstractRoute",
    "AbstractView",
    "DynamicResource",
    "MatchedSubAppResource",
    "PlainResource",
    "PrefixedSubAppResource",
    "Resource",
    "ResourceRoute",
    "SystemRoute",
    "UrlDispatcher",
    "UrlMappingMatchInfo",
]
