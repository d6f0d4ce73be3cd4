"""Fingerprints: a short name for the content of a file, by which URLs can be cached for ever.

An open file is hashed, and the hash is used again until the file changes. Paths and URLs play no part here.
"""

import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final, NamedTuple

from muntin.static._identity import Identity, identify, is_settled
from muntin.static._plan import CHUNK_SIZE
from muntin.static._sandbox import Opened

__all__ = ["REMEMBERED", "VERSION_KEY", "Fingerprints", "version_in"]

REMEMBERED: Final = 4096
"""The most fingerprints in the cache; one more empties it. Each takes about 300 bytes."""

VERSION_KEY: Final = "v"
"""Name of the parameter that holds a version in the query of a URL."""


class _Known(NamedTuple):
    identity: Identity
    version: str


class Fingerprints:
    """Hashes files by content, and again only after they changed."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], _Known] = {}

    def recall(self, key: tuple[str, ...], status: os.stat_result) -> str | None:
        """Return the version if the file was hashed before, and has not changed since."""
        known = self._known.get(key)
        return known.version if known is not None and known.identity == identify(status) else None

    def version_of(self, key: tuple[str, ...], opened: Opened) -> str:
        """Return 22 characters of base64url (128 bits of SHA-256) for the content of an open file; it stays open."""
        status = opened.status
        version = self.recall(key, status)
        if version is not None:
            return version
        version = _hash(opened.descriptor)
        if is_settled(status):
            if len(self._known) >= REMEMBERED:
                self._known.clear()  # in one step, so that threads need no lock
            self._known[key] = _Known(identify(status), version)
        return version


def _hash(descriptor: int) -> str:
    digest = sha256(usedforsecurity=False)
    while block := os.read(descriptor, CHUNK_SIZE):
        digest.update(block)
    return urlsafe_b64encode(digest.digest()[:16]).rstrip(b"=").decode("ascii")


def version_in(query: str) -> str | None:
    """Return the value of `v` in a raw query, or None; base64url needs no decoding in a query."""
    for pair in query.split("&", 8)[:8]:
        if pair.startswith(f"{VERSION_KEY}="):
            return pair[len(VERSION_KEY) + 1 :]
    return None
