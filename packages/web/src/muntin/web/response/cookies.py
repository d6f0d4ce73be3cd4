"""The cookies that a response sets.

It knows the lines of Set-Cookie, and which cookie replaces which. The grammar is in `muntin.http_core.headers`, which
refuses what must not be sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from muntin.http_core import headers as families

__all__ = ["ResponseCookies", "SetCookie"]

# The names of attributes in `http.cookies.Morsel`, for programs that read them by these names.
_MORSEL_NAMES: Final = {"max-age": "max_age", "same-site": "samesite"}


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One cookie as it will be set; ``cookie["max-age"]`` reads an attribute as a `http.cookies.Morsel` does."""

    key: str
    value: str
    field: str
    """The value of the Set-Cookie field."""
    attributes: Mapping[str, Any]

    def __getitem__(self, attribute: str) -> Any:
        name = attribute.lower()
        value = self.attributes[_MORSEL_NAMES.get(name, name)]
        return "" if value is None else value

    def __str__(self) -> str:
        return f"Set-Cookie: {self.field}"


class ResponseCookies:
    """The cookies of one response. As in a browser, two are the same if name, domain and path are (RFC 6265bis §5.7),
    and both or none are partitioned (CHIPS).
    """

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str | None, str | None, bool], SetCookie] = {}

    def set(self, name: str, value: str, attributes: dict[str, Any]) -> None:
        """Set a cookie, replacing one that a browser takes for the same.

        Raises:
            ValueError: name, value or an attribute has a character that it may not have, or browsers would refuse
                the cookie.
        """
        field = families.cookies.format_set_cookie(name, value, **attributes)
        cookie = SetCookie(name, value, field, MappingProxyType(attributes))
        self._cookies[name, attributes["domain"], attributes["path"], attributes["partitioned"]] = cookie

    def copy(self) -> "ResponseCookies":
        """Return the same cookies, to be changed apart."""
        duplicate = ResponseCookies()
        duplicate._cookies = dict(self._cookies)
        return duplicate

    def by_name(self) -> Mapping[str, SetCookie]:
        """Return the cookies by name; of several with one name the last."""
        return MappingProxyType({cookie.key: cookie for cookie in self})

    def __iter__(self) -> Iterator[SetCookie]:
        return iter(self._cookies.values())

    def __len__(self) -> int:
        return len(self._cookies)
