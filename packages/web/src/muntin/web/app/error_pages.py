"""Error pages: functions that respond to errors, in place of plain text.

This module finds the page of an error; `_server.recovery` calls it and sends its response.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from muntin.web.response.exceptions import HTTPException, HTTPRedirection, HTTPSuccessful

__all__ = ["ErrorPage", "ErrorPages"]

ErrorPage = Callable[[Any, Any], Awaitable[Any]]
"""Called with the request and the error, returns a response: `async (request, error) -> response`."""

P = TypeVar("P", bound=ErrorPage)

# A page for one of these is for unexpected errors, neither for HTTP responses nor for specific errors.
_EVERYTHING = (Exception, BaseException, object)


class ErrorPages:
    """The error pages of an application; calling it registers one.

    ```python
    from muntin import web

    app = web.Application()


    @app.on_error(404)
    async def not_found(request: web.Request, error: web.HTTPException) -> web.Response:
        return web.Response(status=404, text=f"There is no {request.path} here.")


    @app.on_error(LookupError)
    async def unknown(request: web.Request, error: LookupError) -> web.Response:
        return web.json_response({"unknown": str(error)}, status=404)
    ```
    """

    __slots__ = ("_by_kind", "_by_status", "_is_frozen")

    def __init__(self) -> None:
        self._by_status: dict[int, ErrorPage] = {}
        self._by_kind: dict[type, ErrorPage] = {}
        self._is_frozen = False

    def __call__(self, cause: int | type[Exception]) -> Callable[[P], P]:
        """Register the decorated function as the page for a status or a class of exceptions.

        Args:
            cause: a status from 400 to 599, or a class; the page of the nearest base class is used. `Exception`
                is for unexpected errors, as 500 is.

        Raises:
            ValueError: it is no error, or has a page already.
            TypeError: neither a status nor a class of exceptions.
            RuntimeError: the application is frozen.
        """
        if self._is_frozen:
            raise RuntimeError("the application is frozen: add error pages before it starts")
        table: dict[Any, ErrorPage] = self._by_kind
        if isinstance(cause, int):
            table = self._by_status
            if not 400 <= cause <= 599:
                raise ValueError(f"{cause} is no error: those are 400 to 599")
        elif not (isinstance(cause, type) and issubclass(cause, Exception)):
            raise TypeError(f"an error is a status or a class of exceptions, not {cause!r}")
        elif issubclass(cause, (HTTPSuccessful, HTTPRedirection)):
            raise ValueError(f"{cause.__name__} is no error")
        if cause in table:
            raise ValueError(f"{cause!r} has a page: {table[cause]!r}")

        def register(page: P) -> P:
            table[cause] = page
            return page

        return register

    def freeze(self) -> None:
        """End all changes."""
        self._is_frozen = True

    def find(self, error: Exception) -> ErrorPage | None:
        """Return the page for an error; None if it has none, or is a response that is no error."""
        if isinstance(error, HTTPException):
            if error.status < 400:
                return None
            return self._by_status.get(error.status) or self._find_expected(error)
        return self._find_expected(error) or self._by_kind.get(Exception) or self._by_status.get(500)

    def expects(self, error: Exception) -> bool:
        """Return whether a page was registered for this kind of error; such an error is not logged."""
        return self._find_expected(error) is not None

    def _find_expected(self, error: Exception) -> ErrorPage | None:
        kinds = (kind for kind in type(error).__mro__ if kind not in _EVERYTHING)
        return next((self._by_kind[kind] for kind in kinds if kind in self._by_kind), None)
