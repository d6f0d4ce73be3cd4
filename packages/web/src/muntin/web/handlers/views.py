"""Views: a class whose methods are the handlers of one resource.

Each is called for the method of its name.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final

from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPMethodNotAllowed
from muntin.web.response.stream import StreamResponse
from muntin.web.routing._handlers import AbstractView

__all__ = ["View"]

_VERBS: Final = {
    method: method.lower()
    for method in ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
}
"""The methods of HTTP that a view can have. No other is looked up, so a request cannot name another attribute."""


class View(AbstractView):
    """A class based handler: derive from it and write a coroutine method for each method of HTTP.

    Args:
        request: the request that an instance is made for.
    """

    @property
    def request(self) -> Request:
        """The request."""
        request: Request = self._request
        return request

    def __await__(self) -> Generator[Any, None, StreamResponse]:
        name = _VERBS.get(self._request.method)
        handler: Callable[[], Awaitable[StreamResponse]] | None = getattr(self, name, None) if name else None
        if handler is None:
            self.refuse()
        return (yield from handler().__await__())  # type: ignore[misc]  # refuse() does not return

    def refuse(self) -> None:
        """Refuse the request: the class does not have its method.

        Raises:
            HTTPMethodNotAllowed: always; it names the methods there are.
        """
        allowed = {method for method, name in _VERBS.items() if hasattr(self, name)}
        raise HTTPMethodNotAllowed(self._request.method, sorted(allowed))
