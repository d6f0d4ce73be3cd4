"""Hosts: patterns such as `*.example.com`, and the `Host` field that they are compared with.

Hosts are compared in their ASCII form, without regard to case and to a dot at the end.
"""

import re
from typing import NamedTuple

from yarl import URL

from muntin.router._segments import split_at
from muntin.router.errors import TemplateError

__all__ = ["HostPattern", "parse_host"]

_DEFAULT_PORT = "80"

# uri-host [ ":" port ] (RFC 9110, section 7.2); an address in brackets has colons of its own.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/?#@\s]*)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"[0-9a-z_*](?:[0-9a-z_*-]*[0-9a-z_*])?")


class HostPort(NamedTuple):
    """A host in its canonical spelling, and the port if one is written."""

    host: str
    port: str | None


def parse_host(field: str) -> HostPort | None:
    """Parse the value of a `Host` field; return None if it is malformed."""
    match = _HOST.fullmatch(field)
    if match is None:
        return None
    return HostPort(match[1].lower().removesuffix("."), match[2] or None)


class HostPattern:
    """A host, or a pattern in which each `*` stands for one or more characters, with a port or for any port.

    The port 80 also matches a field without a port, because that is what it means in `http`.
    """

    def __init__(self, text: str) -> None:
        parsed = parse_host(text)
        if parsed is None or not parsed.host:
            raise TemplateError(
                f"domain {text!r} must be a host such as 'example.com' or '*.example.com:8080'"
            )
        self.host = _parse_pattern(text, parsed.host)
        self.port = parsed.port
        head, star, tail = self.host.partition("*")
        self.prefix = head
        """The literal beginning of a host."""
        self.suffix = tail.rpartition("*")[2] if star else ""
        """The literal end of a host, behind its beginning."""
        # Splitting at literals has one way to do it: an expression of several `.+` tries every place for each of them.
        self._between = tail.split("*")[:-1] if star else None

    @property
    def canonical(self) -> str:
        """The pattern in its canonical spelling."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def matches(self, field: str | None) -> bool:
        """Return whether the value of a `Host` field is one of these hosts."""
        parsed = None if field is None else parse_host(field)
        return parsed is not None and self.matches_host(parsed)

    def matches_host(self, parsed: HostPort) -> bool:
        """Return whether a parsed host is one of these."""
        if self.port is not None and self.port != (parsed.port or _DEFAULT_PORT):
            return False
        host = parsed.host
        if self._between is None:
            return host == self.host
        end = len(host) - len(self.suffix)
        return (
            end > len(self.prefix)
            and host.startswith(self.prefix)
            and host.endswith(self.suffix)
            and split_at(self._between, host[len(self.prefix) : end]) is not None
        )


def _parse_pattern(text: str, host: str) -> str:
    if host.startswith("["):
        return host
    labels = [label if label.isascii() else _encode_label(label) for label in host.split(".")]
    for label in labels:
        if _LABEL.fullmatch(label) is None:
            raise TemplateError(f"domain {text!r} has {label!r} between its dots, which is no part of a host")
    return ".".join(labels)


def _encode_label(label: str) -> str:
    """Return the ASCII form of an internationalised label, as a browser sends it."""
    return URL.build(scheme="http", host=label).raw_host or label
