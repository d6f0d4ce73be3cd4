"""Routing: resources and their routes, the dispatcher of requests, and match info.

`muntin.router` matches paths.
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
