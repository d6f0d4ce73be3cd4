"""Percent-encoding of paths: the one canonical spelling in which paths and templates are compared.

Many spellings mean one path (`/%61`, `/a`; `/%c3%a9`, `/é`). Everything is compared in yarl's spelling of
the path of a URL: what needs no escape is bare, escapes are upper-case, the rest of Unicode is UTF-8 and
escaped, and `%2F` and `%25` stay, because bare they would mean something else. yarl keeps `%2B` as well; in a path
it is a plus, as `+` is, and `encodeURIComponent` writes it so.
The rules are those of RFC 3986, sections 2 and 3.3. Templates and variables play no part here.
"""

import re
from urllib.parse import quote

from yarl import URL

__all__ = ["LETTERS", "decode_part", "encode_part", "is_canonical", "requote", "strip_prefix"]

# pchar (RFC 3986, section 3.3): an escape of one of these means the same as the bare character.
_BARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@"
LETTERS = _BARE + "/%"
"""The characters of canonical paths."""

_CLASS = re.escape(_BARE) + "/"
_ESCAPE_OR_ODD = re.compile(rf"%[0-9A-Fa-f]{{2}}|[^{_CLASS}]")


def _respell(escape: str) -> str:
    character = chr(int(escape[1:], 16))
    return character if character in _BARE else escape.upper()


# Every escape in each spelling, with its canonical one: one look-up each, since a path can be full of escapes.
_DIGITS = "0123456789ABCDEFabcdef"
_SPELLINGS = {escape: _respell(escape) for a in _DIGITS for b in _DIGITS for escape in [f"%{a}{b}"]}

is_canonical = re.compile(rf"[{_CLASS}]*").fullmatch
"""Return a match if a path has neither escapes nor characters that need one: the common case."""


def requote(path: str) -> str:
    """Return the canonical spelling of a path; any text is accepted, and a stray `%` is escaped itself."""
    return _ESCAPE_OR_ODD.sub(_requote_one, path)


def _requote_one(match: re.Match[str]) -> str:
    text = match[0]
    return _SPELLINGS.get(text) or "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))


def strip_prefix(path: str, prefix: str) -> str | None:
    """Return what comes after a prefix in a path, in the path's own spelling; None if the path is not below it.

    Segments are compared one by one in their canonical spelling: `/%73tatic/a%2Fb` below `/static` is `/a%2Fb`, and an
    encoded slash never separates anything. To open files by the rest of a path, take it from here and decode it segment
    by segment: in decoded text, an encoded slash looks like a real one.

    Args:
        path: as it was sent, percent-encoded.
        prefix: in its canonical spelling, without a slash at its end, as `canonical` is.
    """
    if path.startswith(prefix):
        rest = path[len(prefix) :]
        return rest if rest[:1] in ("", "/") else None
    if is_canonical(path):
        return None
    depth = prefix.count("/") + 1
    segments = path.split("/", depth)
    if requote("/".join(segments[:depth])) != prefix:
        return None
    return f"/{segments[depth]}" if len(segments) > depth else ""


def encode_part(text: str, *, keep_slash: bool = False) -> str:
    """Encode any text as a piece of a canonical path, slashes included unless `keep_slash` is true."""
    if text.isascii() and text.isalnum():
        return text
    return quote(text, safe="!$&'()*,;=:@+/" if keep_slash else "!$&'()*,;=:@+")


def decode_part(text: str) -> str:
    """Decode a piece of a canonical path; escapes that are not UTF-8 stay as they are."""
    if "%" not in text:
        return text
    return URL.build(path=text, encoded=True).path
