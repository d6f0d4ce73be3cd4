"""Abstract classes for annotations and `isinstance` in code that does not name the concrete ones.

`UrlDispatcher` and `UrlMappingMatchInfo` are registered as subclasses and do not derive from them, so that requests pay
nothing for it.
"""

from abc import ABC, abstractmethod
from typing import Any

from muntin.web.access_log import AbstractAccessLogger
from muntin.web.response.exceptions import HTTPException
from muntin.web.routing import AbstractView, UrlDispatcher, UrlMappingMatchInfo

__all__ = ["AbstractAccessLogger", "AbstractMatchInfo", "AbstractRouter", "AbstractView"]


class AbstractMatchInfo(ABC):
    """The result of matching a request; see `UrlMappingMatchInfo`."""

    @property
    @abstractmethod
    def handler(self) -> Any:
        """The handler."""

    @property
    @abstractmethod
    def expect_handler(self) -> Any:
        """The handler of an Expect field."""

    @property
    @abstractmethod
    def http_exception(self) -> HTTPException | None:
        """The response to the request, if no route was found."""

    @property
    @abstractmethod
    def apps(self) -> tuple[Any, ...]:
        """The applications that lead to the handler, from the outermost to the innermost."""

    @abstractmethod
    def get_info(self) -> dict[str, Any]:
        """Describe what was found."""


class AbstractRouter(ABC):
    """A router of requests; see `UrlDispatcher`, the one that an application takes."""

    _frozen = False

    @property
    def frozen(self) -> bool:
        """True if it cannot be changed any more."""
        return self._frozen

    def freeze(self) -> None:
        """End all changes."""
        self._frozen = True

    @abstractmethod
    async def resolve(self, request: Any) -> AbstractMatchInfo:
        """Return the match info of a request."""


AbstractMatchInfo.register(UrlMappingMatchInfo)
AbstractRouter.register(UrlDispatcher)
