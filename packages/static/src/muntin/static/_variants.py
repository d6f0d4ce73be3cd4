"""The variants of a file: its own form and the compressed forms beside it, as last seen.

They are cached for a moment. Which files a request may read is no concern of this module.
"""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from stat import S_ISREG
from typing import Final, Protocol

from muntin.static._conditional import Field
from muntin.static._encoding import choose_coding, siblings_of
from muntin.static._media_types import media_type_of
from muntin.static._representation import About, Representation, describe
from muntin.static._sandbox import Opened

__all__ = [
    "IMMUTABLE",
    "REMEMBERED",
    "STALE_NS",
    "TRUSTED",
    "CachePolicy",
    "Opener",
    "VariantCache",
    "Variants",
    "choose_variant",
    "make_immutable",
    "open_variant",
    "renew_variant",
    "status_of",
]

CachePolicy = str | Callable[[str], str | None] | None
"""A Cache-Control value for every file, or a function that returns one for a file's name below the root."""

REMEMBERED: Final = 4096
"""The most files in a cache; one more empties it. Only existing files are cached, with about 2 KiB each."""

TRUSTED: Final = 1.0
"""Seconds until compressed siblings are looked for again. The file that is sent is opened and compared every time."""

STALE_NS: Final = 2_000_000_000
"""Nanoseconds by which a sibling may be older than its original: a copy of a tree writes both in any order, and the
coarsest clock of a file system (FAT) ticks every two seconds. An older sibling has the content from before a change.
"""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""Cache-Control of a URL that names its content (RFC 8246): a year."""

# Statuses by errno. All others (EIO, ESTALE) are failures of the server.
_STATUS: Final = {
    errno.ENOENT: 404,
    errno.ENOTDIR: 404,
    errno.ELOOP: 404,
    errno.ENAMETOOLONG: 404,
    errno.EINVAL: 404,  # a name that this file system cannot hold
    errno.EILSEQ: 404,
    errno.ENXIO: 404,  # a socket, or a device without its driver
    errno.ENODEV: 404,
    errno.EACCES: 403,
    errno.EPERM: 403,
    errno.EMFILE: 503,
    errno.ENFILE: 503,
    errno.ENOMEM: 503,
}


def status_of(error: OSError) -> int:
    """Return the status for a request whose file could not be opened.

    Raises:
        OSError: the same error, if no request can be its cause.
    """
    status = _STATUS.get(error.errno or 0)
    if status is None:
        raise error
    return status


class Opener(Protocol):
    """Opens files by their names; a `Sandbox` is one."""

    def open(self, parts: tuple[str, ...]) -> Opened | None: ...

    def open_sibling(self, parts: tuple[str, ...]) -> Opened | None: ...


@dataclass(frozen=True, slots=True)
class Variants:
    """The forms of one file: its own under the empty coding, the compressed ones under their codings."""

    by_coding: dict[str, Representation]
    seen_at: float
    """Seconds of the monotonic clock."""
    immutable: dict[str, Representation] = field(default_factory=dict)
    """The same forms for URLs that name their content; each is made at its first use."""


class VariantCache:
    """Finds the variants of files, and caches them by path for a moment."""

    __slots__ = ("_cache_policy", "_known", "_opener")

    def __init__(self, opener: Opener, cache_policy: CachePolicy = None) -> None:
        self._opener = opener
        self._cache_policy = cache_policy
        self._known: dict[str, Variants] = {}

    def recall(self, path: str) -> Variants | None:
        """Return the variants that this path led to a moment ago, or None."""
        known = self._known.get(path)
        if known is not None and time.monotonic() - known.seen_at > TRUSTED:
            return None
        return known

    def forget(self, path: str) -> None:
        """Drop a path from the cache."""
        self._known.pop(path, None)

    def find(self, path: str, parts: tuple[str, ...], *, vary: str = "") -> Variants:
        """Look at a file and its siblings.

        Raises:
            OSError: the file cannot be opened; `FileNotFoundError` also for what is no regular file.
        """
        own = _look(self._opener.open, parts)
        coded: dict[str, tuple[tuple[str, ...], os.stat_result]] = {}
        for coding, name in siblings_of(parts[-1]).items():
            sibling = (*parts[:-1], name)
            try:
                status = _look(self._opener.open_sibling, sibling)
            except OSError as error:
                status_of(error)
                continue
            if status.st_mtime_ns + STALE_NS >= own.st_mtime_ns:
                coded[coding] = sibling, status
        policy = self._cache_policy
        about = About(
            media_type_of(parts[-1]),
            cache_control=policy("/".join(parts)) if callable(policy) else policy,
            vary=", ".join(filter(None, (vary, "Accept-Encoding" if coded else ""))),
        )
        by_coding = {"": describe(parts, about, own.st_mtime_ns, own.st_size)}
        for coding, (sibling, status) in coded.items():
            by_coding[coding] = describe(
                sibling, about._replace(coding=coding), status.st_mtime_ns, status.st_size
            )
        found = Variants(by_coding, time.monotonic())
        self._remember(path, found)
        return found

    def _remember(self, path: str, found: Variants) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()  # in one step, so that threads need no lock
        self._known[path] = found


def _look(open_by: Callable[[tuple[str, ...]], Opened | None], parts: tuple[str, ...]) -> os.stat_result:
    opened = _require_file(open_by(parts), parts)
    opened.close()
    return opened.status


def _require_file(opened: Opened | None, parts: tuple[str, ...]) -> Opened:
    if opened is not None:
        if S_ISREG(opened.status.st_mode):
            return opened
        opened.close()
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/".join(parts))


def choose_variant(variants: Variants, field: Field) -> Representation:
    """Return the form that a request prefers (RFC 9110 §12.5.3)."""
    by_coding = variants.by_coding
    accepted = field("accept-encoding") if len(by_coding) > 1 else None
    return by_coding[""] if accepted is None else by_coding[choose_coding(accepted, tuple(by_coding)[1:])]


def open_variant(opener: Opener, chosen: Representation) -> Opened:
    """Open the file of a form; the descriptor is the caller's.

    Raises:
        OSError: it cannot be opened; `FileNotFoundError` also for what is no regular file any more.
    """
    open_by = opener.open_sibling if chosen.about.coding else opener.open
    return _require_file(open_by(chosen.parts), chosen.parts)


def renew_variant(variants: Variants, chosen: Representation, status: os.stat_result) -> Representation:
    """Return the description of an open form: the cached one, or a new one if the file has changed."""
    if chosen.describes(status):
        return chosen
    renewed = describe(chosen.parts, chosen.about, status.st_mtime_ns, status.st_size)
    variants.by_coding[chosen.about.coding] = renewed
    return renewed


def make_immutable(variants: Variants, chosen: Representation) -> Representation:
    """Return the same form with a Cache-Control for ever."""
    known = variants.immutable.get(chosen.about.coding)
    if known is None or known.etag != chosen.etag:
        about = chosen.about._replace(cache_control=IMMUTABLE)
        known = describe(chosen.parts, about, chosen.mtime_ns, chosen.size)
        variants.immutable[chosen.about.coding] = known
    return known
