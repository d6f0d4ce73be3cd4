"""Abstract classes, by which other code tells what it is given without knowing ours: for annotations and `isinstance`.

They name what is promised. `UrlDispatcher` and `UrlMappingMatchInfo` are of these kinds without deriving from them, so
that requests pay nothing for it.
"""

from abc import ABC, abstractmethod
from typing import Any

from muntin.web.access_log import AbstractAccessLogger
from muntin.web.response.exceptions import HTTPException
from muntin.web.routing import AbstractView, UrlDispatcher, UrlMappingMatchInfo

__all__ = ["AbstractAccessLogger", "AbstractMatchInfo", "AbstractRouter", "AbstractView"]


class AbstractMatchInfo(ABC):
    """What was found for a request; see `UrlMappingMatchInfo`."""

    @property
    @abstractmethod
    def handler(self) -> Any:
        """The handler."""

    @property
    @abstractmethod
    def expect_handler(self) -> Any:
        """What answers an Expect field."""

    @property
    @abstractmethod
    def http_exception(self) -> HTTPException | None:
        """What answers the request where no route was found."""

    @property
    @abstractmethod
    def apps(self) -> tuple[Any, ...]:
        """The applications that lead to the handler, from the outermost to the innermost."""

    @abstractmethod
    def get_info(self) -> dict[str, Any]:
        """Describe what was found."""


class AbstractRouter(ABC):
    """What finds the handlers of requests; see `UrlDispatcher`, which is what an application takes."""

    @property
    @abstractmethod
    def frozen(self) -> bool:
        """Whether it may not be changed any more."""

    @abstractmethod
    def freeze(self) -> None:
        """End all changes."""

    @abstractmethod
    async def resolve(self, request: Any) -> AbstractMatchInfo:
        """Give the match info of a request."""


AbstractMatchInfo.register(UrlMappingMatchInfo)
AbstractRouter.register(UrlDispatcher)
