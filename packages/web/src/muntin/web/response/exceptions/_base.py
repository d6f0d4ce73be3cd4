"""The base of all responses that can be raised.

Each is a `Response` and an `Exception`: raising it and returning it have the same effect. It can be pickled, and copied
for one exchange.

A response is sent to one exchange, but an exception may be made once, when a module is loaded, and raised for many
requests, at the same time even. So a copy of it is sent, and what middlewares have set on one that was made outside of
any event loop is removed after that: the next client must not get the cookie of this one.
"""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from multidict import CIMultiDict

from muntin.web.response.headers import LooseHeaders
from muntin.web.response.whole import Response

__all__ = ["HTTPError", "HTTPException", "HTTPRedirection", "HTTPSuccessful"]


class HTTPException(Response, Exception):
    """A response that can be raised. Only its subclasses have a status of their own.

    Args:
        headers: fields, added to the usual ones.
        reason: the reason phrase; None for the registered one.
        body: the body as bytes.
        text: the body as text; without either, status and reason in plain text.
        content_type: of the text; plain text for None.
    """

    status_code: ClassVar[int] = -1
    empty_body: ClassVar[bool] = False
    """True if there is no text unless one is given."""
    _is_lasting: bool = False
    """True if it was made before there were requests."""
    _kept: dict[str, Any] | None = None
    """The fields and cookies of a lasting one as they were before a request changed them."""

    def __init__(
        self,
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        if self.status_code < 0:
            raise TypeError(f"{type(self).__name__} has no status: raise one of its subclasses")
        Response.__init__(
            self,
            status=self.status_code,
            headers=headers,
            reason=reason,
            body=body,
            text=text,
            content_type=content_type,
        )
        Exception.__init__(self, self.reason)
        if not _is_loop_running():
            self._is_lasting = True
        if body is None and text is None and not self.empty_body:
            self.text = f"{self.status}: {self.reason}"

    @property
    def headers(self) -> CIMultiDict[str]:
        """All fields but those of cookies, to be read and changed; what is changed for a request is for it alone."""
        self._keep()
        return super().headers

    if not TYPE_CHECKING:  # the signature stays that of all responses

        def set_cookie(self, *args: Any, **kwargs: Any) -> None:
            self._keep()
            super().set_cookie(*args, **kwargs)

    def _keep(self) -> None:
        if self._is_lasting and self._kept is None and _is_loop_running():
            self._kept = self._copy_head()

    def _copy_head(self) -> dict[str, Any]:
        headers, cookies = self._headers, self._cookies
        return {
            "_preset": self._preset,
            "_headers": None if headers is None else headers.copy(),
            "_cookies": None if cookies is None else cookies.copy(),
        }

    def copy_to_send(self) -> Self:
        """Return the same for one exchange; it can be raised again, without what was set on it for that exchange."""
        duplicate = type(self).__new__(type(self), *self.args)
        duplicate.args = self.args
        stored, trailers = self._stored, self._options.trailers
        duplicate.__dict__.update(
            self._unsent(),
            **self._copy_head(),
            _stored=None if stored is None else dict(stored),
            _options=self._options if trailers is None else replace(self._options, trailers=trailers.copy()),
            _is_lasting=False,
            _kept=None,
        )
        self.forget_request()
        return duplicate

    def forget_request(self) -> None:
        """Drop what one request has left on an exception that was made before there were any."""
        if not self._is_lasting:
            return
        if self._kept is not None:
            self.__dict__.update(self._kept, _kept=None)
        # Frames would keep the request alive until the exception is raised again.
        self.__traceback__ = self.__cause__ = self.__context__ = None

    def __reduce__(self) -> tuple[Any, ...]:
        # A response that was sent arrives elsewhere unsent: an exchange does not travel.
        return _make, (type(self), self.args), self._unsent()

    def __repr__(self) -> str:
        return Response.__repr__(self)

    __str__ = Exception.__str__


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _make(kind: type[HTTPException], args: tuple[Any, ...]) -> HTTPException:
    """Make the shell of an exception, which its state will fill."""
    made = kind.__new__(kind, *args)
    made.args = args
    return made


class HTTPSuccessful(HTTPException):
    """2xx: the request has succeeded."""


class HTTPRedirection(HTTPException):
    """3xx: the resource is elsewhere, or the client has it already."""


class HTTPError(HTTPException):
    """4xx and 5xx: the request has failed."""
