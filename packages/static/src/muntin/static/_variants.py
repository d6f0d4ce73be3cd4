"""The variants of a file: its own form and the compressed forms beside it, as last seen.

Which files a request may read, and for how long what was seen counts, is no concern of this module.
"""

import errno
import os
from collections.abc import Callable
from stat import S_ISREG
from typing import TYPE_CHECKING, Final, Protocol

from muntin.static._conditional import Field
from muntin.static._encoding import choose_coding, siblings_of
from muntin.static._media_types import media_type_of
from muntin.static._representation import About, Representation, describe
from muntin.static._sandbox import Opened

if TYPE_CHECKING:
    from muntin.static._content import Content

__all__ = [
    "IMMUTABLE",
    "STALE_NS",
    "CachePolicy",
    "Form",
    "Opener",
    "Variants",
    "choose_form",
    "find_variants",
    "open_file",
    "open_form",
    "status_of",
]

CachePolicy = str | Callable[[str], str | None] | None
"""A Cache-Control value for every file, or a function that returns one for a file's name below the root."""

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


class Form:
    """One form of a file, as last seen.

    Args:
        representation: its description.
    """

    __slots__ = ("_immutable", "coding", "content", "representation")

    def __init__(self, representation: Representation) -> None:
        self.coding: Final = representation.about.coding
        """Its content coding; empty for the file itself."""
        self.representation = representation
        self.content: Content | None = None
        """Its bytes; written by the cache alone."""
        self._immutable: Representation | None = None

    def renew(self, status: os.stat_result) -> Representation:
        """Return the description of the open form: the known one, or a new one if the file has changed."""
        known = self.representation
        if known.describes(status):
            return known
        renewed = describe(known.parts, known.about, status.st_mtime_ns, status.st_size)
        self.representation = renewed
        return renewed

    def make_immutable(self, representation: Representation) -> Representation:
        """Return a description of this form with a Cache-Control for ever."""
        known = self._immutable
        if known is None or (known.mtime_ns, known.size) != (representation.mtime_ns, representation.size):
            about = representation.about._replace(cache_control=IMMUTABLE)
            known = describe(representation.parts, about, representation.mtime_ns, representation.size)
            self._immutable = known
        return known


class Variants:
    """The forms of one file.

    Args:
        forms: the file itself, then its compressed forms in the server's order of preference.
        seen_at: when they were looked at, in seconds of the monotonic clock.
    """

    __slots__ = ("by_coding", "codings", "own", "seen_at")

    def __init__(self, forms: list[Form], seen_at: float) -> None:
        self.own: Final = forms[0]
        self.by_coding: Final = {form.coding: form for form in forms}
        self.codings: Final = tuple(self.by_coding)[1:]
        self.seen_at: Final = seen_at


def find_variants(
    opener: Opener,
    parts: tuple[str, ...],
    own: os.stat_result,
    now: float,
    *,
    cache_policy: CachePolicy = None,
    vary: str = "",
) -> Variants:
    """Look for the compressed forms of a file.

    Args:
        opener: what opens them.
        parts: the names that lead to the file.
        own: the status of the file.
        now: the time, in seconds of the monotonic clock.
        cache_policy: decides about Cache-Control.
        vary: a value of Vary besides that of the forms.

    Raises:
        OSError: the storage fails.
    """
    coded: dict[str, tuple[tuple[str, ...], os.stat_result]] = {}
    for coding, name in siblings_of(parts[-1]).items():
        sibling = (*parts[:-1], name)
        try:
            opened = open_file(opener.open_sibling, sibling)
        except OSError as error:
            status_of(error)
            continue
        opened.close()
        if opened.status.st_mtime_ns + STALE_NS >= own.st_mtime_ns:
            coded[coding] = sibling, opened.status
    about = About(
        media_type_of(parts[-1]),
        cache_control=cache_policy("/".join(parts)) if callable(cache_policy) else cache_policy,
        vary=", ".join(filter(None, (vary, "Accept-Encoding" if coded else ""))),
    )
    forms = [Form(describe(parts, about, own.st_mtime_ns, own.st_size))]
    for coding, (sibling, status) in coded.items():
        coded_about = about._replace(coding=coding)
        forms.append(Form(describe(sibling, coded_about, status.st_mtime_ns, status.st_size)))
    return Variants(forms, now)


def open_file(open_by: Callable[[tuple[str, ...]], Opened | None], parts: tuple[str, ...]) -> Opened:
    """Open a regular file; the descriptor is the caller's.

    Raises:
        OSError: it cannot be opened; `FileNotFoundError` also for what is no regular file.
    """
    opened = open_by(parts)
    if opened is not None:
        if S_ISREG(opened.status.st_mode):
            return opened
        opened.close()
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/".join(parts))


def choose_form(variants: Variants, field: Field) -> Form:
    """Return the form that a request prefers (RFC 9110 §12.5.3)."""
    if not variants.codings:
        return variants.own
    accepted = field("accept-encoding")
    return variants.own if accepted is None else variants.by_coding[choose_coding(accepted, variants.codings)]


def open_form(opener: Opener, form: Form) -> Opened:
    """Open the file of a form; the descriptor is the caller's.

    Raises:
        OSError: as `open_file`.
    """
    return open_file(opener.open_sibling if form.coding else opener.open, form.representation.parts)
