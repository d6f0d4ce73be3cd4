"""The request-target, parsed once for everybody: routing, `path`, `url` and authorization (RFC 9112 §3.2).

It may have any of the four forms. Its authority is dropped: the engine refuses one that differs from Host.
"""

from typing import NamedTuple

from yarl import URL

__all__ = ["Target", "build_from_authority", "build_url", "parse_target"]


class Target(NamedTuple):
    """A target without its authority, percent-encoded as it was sent."""

    path: str
    """Begins with a slash; ``*`` of the asterisk-form; the authority itself for CONNECT."""
    query: str
    """The part after the first question mark; empty without one."""


def parse_target(method: str, target: str) -> Target:
    """Parse a target."""
    if not target.startswith("/") and method != "CONNECT" and target != "*":
        # absolute-form (§3.2.2): scheme "://" authority, then path and query, either of which may be missing.
        _, _, rest = target.partition("://")
        begin = next((at for at, character in enumerate(rest) if character in "/?"), len(rest))
        target = rest[begin:] if rest.startswith("/", begin) else f"/{rest[begin:]}"
    path, _, query = target.partition("?")
    return Target(path, query)


def build_url(method: str, target: Target) -> URL:
    """Return the target as a relative URL; of a CONNECT, the authority.

    Raises:
        ValueError: the host of a CONNECT cannot be read.
    """
    if method == "CONNECT":
        return build_from_authority(target.path)
    return URL.build(path=target.path, query_string=target.query, encoded=True)


def build_from_authority(authority: str, *, scheme: str = "", path: str = "", query_string: str = "") -> URL:
    """Return a URL of an authority that a peer named, with a host that can be read; all parts are percent-encoded.

    A label that begins with `xn--` is decoded here: if it is malformed, the URL would raise later, at `host`.

    Raises:
        ValueError: the authority has no valid port, or a host that cannot be read.
    """
    url = URL.build(scheme=scheme, authority=authority, path=path, query_string=query_string, encoded=True)
    if "xn--" in authority.lower():
        url.host  # noqa: B018 - decoding it is the check
    return url
