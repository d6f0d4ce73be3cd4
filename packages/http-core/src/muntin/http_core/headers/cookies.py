"""Cookies: the Cookie and Set-Cookie fields (RFC 6265bis).

This is what browsers send and what they accept. Cookies are neither kept nor signed here. Nothing is logged, so that a
hostile client cannot fill a log.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from muntin.http_core.headers.dates import format_date
from muntin.http_core.tokens import is_token

__all__ = ["MAX_COOKIES", "format_cookies", "format_set_cookie", "parse_cookies"]

MAX_COOKIES: Final = 512
"""The number of cookies that are read; further ones are left out. Browsers keep at most 180 for a site."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_COOKIE_OCTETS: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*+")
_ESCAPED: Final = re.compile(r"\\(?:([0-3][0-7]{2})|(.))", re.DOTALL | re.ASCII)
_TO_ESCAPE: Final = re.compile(r'["\\,;]|[^\x20-\x7e]')
_ATTRIBUTE: Final = re.compile(r"[\x20-\x3a\x3c-\x7e]*+")
_DOMAIN: Final = re.compile(r"\.?[0-9A-Za-z_-]++(?:\.[0-9A-Za-z_-]++)*")
_SAME_SITE: Final = {"strict": "Strict", "lax": "Lax", "none": "None"}


def parse_cookies(text: str, *, limit: int = MAX_COOKIES) -> list[tuple[str, str]]:
    """Parse a Cookie field into names and values, in order, with duplicates.

    It is as lenient as browsers need: it accepts any name and any value. A pair without a name is left out, since it
    could look like another one (``=__Host-a=b``), and so is one with a control character. Semicolons separate cookies
    even inside quotes, as they do for a browser: otherwise a quote could hide the cookies behind it. Quotes around a
    value are removed and escapes in it decoded: `format_set_cookie` and `http.cookies` write values in that form where
    a cookie cannot hold them as they are.
    """
    # As browsers send them: no white space but one space behind each semicolon, no quotes, no control characters.
    compact = text.replace("; ", ";")
    if " " not in compact and '"' not in compact and compact.isprintable():
        pairs = [pair.partition("=") for pair in compact.split(";")]
        return [(name, value) for name, equals, value in pairs if name and equals][:limit]
    cookies: list[tuple[str, str]] = []
    for pair in text.split(";"):
        name, equals, value = pair.partition("=")
        name = name.strip(" \t")
        if not equals or not name or _CONTROL.search(pair):
            continue
        if len(cookies) == limit:
            break
        value = value.strip(" \t")
        cookies.append((name, _unquote(value) if value[:1] == '"' else value))
    return cookies


def _unquote(value: str) -> str:
    """Return a value that begins with a quote without its quotes and escapes; as it is if it does not end with one."""
    if len(value) < 2 or value[-1] != '"':
        return value
    inner = value[1:-1]
    if "\\" not in inner:
        return inner
    plain = _ESCAPED.sub(_unescape, inner)
    if plain.isascii():
        return plain
    try:
        # Characters beyond ASCII were escaped as the octal numbers of their UTF-8 bytes, or by old software of latin-1
        # bytes.
        return plain.encode("latin-1").decode()
    except UnicodeError:
        return plain


def _unescape(match: re.Match[str]) -> str:
    octal: str | None = match[1]
    return match[2] if octal is None else chr(int(octal, 8))


def format_cookies(cookies: Iterable[tuple[str, str]]) -> str:
    """Format a Cookie field, as a client sends it.

    Raises:
        ValueError: a name is not a token, or a value has a control character.
    """
    return "; ".join(f"{_check_name(name)}={_format_value(name, value)}" for name, value in cookies)


def format_set_cookie(
    name: str,
    value: str,
    *,
    domain: str | None = None,
    path: str | None = None,
    expires: float | str | None = None,
    max_age: int | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: str | None = None,
    partitioned: bool = False,
) -> str:
    """Format a Set-Cookie field.

    A value with characters that are no cookie-octet of RFC 6265 is written in quotes and with escapes, which
    `parse_cookies` decodes.

    Args:
        name: a token.
        value: any text without control characters.
        domain: a host name, ASCII (punycode for others).
        path: the path below which it is sent.
        expires: seconds since the epoch, or a date as `format_date` returns it.
        max_age: seconds; 0 or less removes the cookie.
        secure: send it over TLS only.
        httponly: hide it from scripts.
        samesite: ``Strict``, ``Lax`` or ``None``, in any case.
        partitioned: keep it separately for each top-level site (CHIPS).

    Raises:
        ValueError: an argument has a character that it must not have, or a browser would refuse the cookie:
            ``SameSite=None`` or ``Partitioned`` without ``Secure``, or a name whose prefix demands other attributes.
    """
    field = [f"{_check_name(name)}={_format_value(name, value)}"]
    if domain is not None:
        field.append(f"Domain={_check_domain(domain)}")
    if path is not None:
        field.append(f"Path={_check_attribute('path', path)}")
    if expires is not None:
        field.append(f"Expires={_format_expires(expires)}")
    if max_age is not None:
        field.append(f"Max-Age={max_age:d}")
    flags = [("Secure", secure), ("HttpOnly", httponly), ("Partitioned", partitioned)]
    field += [attribute for attribute, is_set in flags if is_set]
    if samesite is not None:
        field.append(f"SameSite={_check_samesite(samesite)}")
    _check_demands(name, field)
    return "; ".join(field)


def _check_name(name: str) -> str:
    if not is_token(name):
        raise ValueError(f"not the name of a cookie: {name!r}")
    return name


def _format_value(name: str, value: str) -> str:
    if _COOKIE_OCTETS.fullmatch(value):
        return value
    if _CONTROL.search(value) or "\t" in value:
        raise ValueError(f"the value of cookie {name} has a control character")
    return '"' + _TO_ESCAPE.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return "\\" + character if character in '"\\' else "".join(f"\\{byte:03o}" for byte in character.encode())


def _check_attribute(attribute: str, text: str) -> str:
    if not _ATTRIBUTE.fullmatch(text):
        raise ValueError(f"a cookie's {attribute} cannot be {text!r}")
    return text


def _check_domain(domain: str) -> str:
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"a cookie's domain cannot be {domain!r}")
    return domain


def _check_samesite(samesite: str) -> str:
    try:
        return _SAME_SITE[samesite.lower()]
    except KeyError:
        raise ValueError(f"a cookie's samesite cannot be {samesite!r}") from None


def _format_expires(expires: float | str) -> str:
    return _check_attribute("expires", expires) if isinstance(expires, str) else format_date(expires)


def _has_no_domain(field: list[str]) -> bool:
    return not any(attribute.startswith("Domain=") for attribute in field[1:])


def _has(attribute: str) -> Callable[[list[str]], bool]:
    return lambda field: attribute in field[1:]


_SECURE: Final = (_has("Secure"), "be secure")
_HTTPONLY: Final = (_has("HttpOnly"), "be httponly")
_ROOT: Final = (_has("Path=/"), "have the path /")
_HOST_ONLY: Final = (_has_no_domain, "have no domain")

# What a browser demands of a cookie that it is to keep: by the prefix of its name (RFC 6265bis §4.1.3, in any case) …
_PREFIXES: Final = {
    "__secure-": (_SECURE,),
    "__host-": (_SECURE, _ROOT, _HOST_ONLY),
    "__http-": (_SECURE, _HTTPONLY),
    "__host-http-": (_SECURE, _HTTPONLY, _ROOT, _HOST_ONLY),
}
# … and by its other attributes.
_ATTRIBUTES: Final = {"SameSite=None": (_SECURE,), "Partitioned": (_SECURE,)}


def _check_demands(name: str, field: list[str]) -> None:
    lower = name.lower()
    demands = [(prefix, rules) for prefix, rules in _PREFIXES.items() if lower.startswith(prefix)]
    demands += [(attribute, rules) for attribute, rules in _ATTRIBUTES.items() if attribute in field[1:]]
    for cause, rules in demands:
        for is_met, demand in rules:
            if not is_met(field):
                raise ValueError(f"cookie {name} must {demand}, because of {cause}")
