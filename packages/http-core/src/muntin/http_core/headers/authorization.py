"""Authorization and WWW-Authenticate: the Basic scheme (RFC 7617), and the form that all schemes share (RFC 9110 §11).

This is how credentials are written. To check them, compare secrets with `hmac.compare_digest`.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from muntin.http_core.headers._parameters import is_free_of_controls, quote_string
from muntin.http_core.tokens import TOKEN

__all__ = [
    "Authorization",
    "BasicCredentials",
    "format_basic",
    "format_basic_challenge",
    "parse_authorization",
    "parse_basic",
]

_AUTHORIZATION: Final = re.compile(rf"({TOKEN})(?: ++([^\x00-\x08\x0a-\x1f\x7f]*+))?")
_TOKEN68: Final = re.compile(r"[0-9A-Za-z+/]*+={0,2}")


class Authorization(NamedTuple):
    """An Authorization field of any scheme."""

    scheme: str
    """In lower case."""
    credentials: str
    """The rest, as it was sent."""


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """A name and a password; the `repr`, and so logs, do not show the password."""

    username: str
    password: str = field(repr=False)


def parse_authorization(text: str) -> Authorization | None:
    """Parse an Authorization field into scheme and credentials; return None if it is malformed."""
    match = _AUTHORIZATION.fullmatch(text)
    return None if match is None else Authorization(match[1].lower(), (match[2] or "").rstrip(" \t"))


def parse_basic(text: str, *, charset: str = "utf-8") -> BasicCredentials | None:
    """Parse an Authorization field of the Basic scheme.

    Return None if it is malformed, has another scheme, is not in the charset, or has a control character (which
    RFC 7617 §2 forbids).
    """
    authorization = parse_authorization(text)
    if (
        authorization is None
        or authorization.scheme != "basic"
        or not _TOKEN68.fullmatch(authorization.credentials)
    ):
        return None
    try:
        pair = base64.b64decode(authorization.credentials, validate=True).decode(charset)
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = pair.partition(":")
    return BasicCredentials(username, password) if colon and _is_plain(pair) else None


def format_basic(credentials: BasicCredentials, *, charset: str = "utf-8") -> str:
    """Format an Authorization field of the Basic scheme.

    Raises:
        ValueError: the name has a colon, one of both has a control character, or the charset cannot encode it.
    """
    if ":" in credentials.username:
        raise ValueError("a name for Basic authorization cannot have a colon")
    pair = f"{credentials.username}:{credentials.password}"
    if not _is_plain(pair):
        raise ValueError("credentials for Basic authorization cannot have control characters")
    return "Basic " + base64.b64encode(pair.encode(charset)).decode("ascii")


def format_basic_challenge(realm: str) -> str:
    """Format a WWW-Authenticate field that asks for Basic credentials in UTF-8.

    Raises:
        ValueError: the realm has a control character.
    """
    return f'Basic realm={quote_string(realm)}, charset="UTF-8"'


def _is_plain(text: str) -> bool:
    return is_free_of_controls(text) and "\t" not in text
