"""What all answers that can be raised have in common.

Each is a `Response` and an `Exception`: raising and returning it come to the same. It knows how it is made again
elsewhere (pickle), not who catches it.
"""

from typing import Any, ClassVar

from muntin.web._response.fields import LooseHeaders
from muntin.web.response import Response

__all__ = ["HTTPError", "HTTPException", "HTTPRedirection", "HTTPSuccessful"]


class HTTPException(Response, Exception):
    """An answer that can be raised. Only its subclasses have a status of their own.

    Args:
        headers: fields, added to the usual ones.
        reason: the reason phrase; None for the registered one.
        body: the body as bytes.
        text: the body as text; without either, status and reason are told in plain text.
        content_type: of the text; plain text for None.
    """

    status_code: ClassVar[int] = -1
    empty_body: ClassVar[bool] = False
    """Whether there is no text unless one is given."""

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
        if body is None and text is None and not self.empty_body:
            self.text = f"{self.status}: {self.reason}"

    def __reduce__(self) -> tuple[Any, ...]:
        # A sent answer arrives elsewhere unsent: an exchange does not travel.
        state = {name: value for name, value in self.__dict__.items() if name != "_exchange"}
        return _make, (type(self), self.args), state | {"_exchange": None}

    def __repr__(self) -> str:
        return Response.__repr__(self)

    __str__ = Exception.__str__


def _make(kind: type[HTTPException], args: tuple[Any, ...]) -> HTTPException:
    """Make the shell of an exception, which its state will fill."""
    made = kind.__new__(kind, *args)
    made.args = args
    return made


class HTTPSuccessful(HTTPException):
    """2xx: it worked."""


class HTTPRedirection(HTTPException):
    """3xx: what was asked for is elsewhere, or known already."""


class HTTPError(HTTPException):
    """4xx and 5xx: it did not work."""
