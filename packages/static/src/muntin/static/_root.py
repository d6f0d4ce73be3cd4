"""A root: one directory as a tree of URLs.

A root decides which file a path selects and how a directory is shown; it joins the parts of the package. Prefixes and
frameworks are no concern of it: paths begin below the root.
"""

import mimetypes
import os
from collections.abc import Callable, Mapping
from stat import S_ISDIR
from typing import Final
from urllib.parse import quote

from muntin.http_core.headers.accept import parse_qualities
from muntin.static._conditional import Field
from muntin.static._content import Contents
from muntin.static._fingerprint import VERSION_KEY, Fingerprints, version_in
from muntin.static._listing import plan_listing
from muntin.static._locate import Place, locate, locate_name
from muntin.static._plan import CHUNK_SIZE, FilePlan, plan_content, plan_opened, plan_redirect, plan_status
from muntin.static._representation import Representation
from muntin.static._sandbox import Opened, Sandbox
from muntin.static._variants import (
    IMMUTABLE,
    CachePolicy,
    VariantCache,
    Variants,
    choose_variant,
    make_immutable,
    open_variant,
    renew_variant,
    status_of,
)
from muntin.static.errors import RootError

__all__ = ["HASHED_AT_ONCE", "REQUEST_FIELDS", "RequestFields", "StaticRoot", "field_of", "quote_name"]

RequestFields = Mapping[str, str] | Callable[[str], str | None]
"""Request fields: a function that returns a value by its lower-case name, or None; or a mapping that ignores the case
of names, or a dict. Several lines of one field are joined with commas.
"""

REQUEST_FIELDS: Final = (
    "accept",
    "accept-encoding",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
)
"""The only request fields that a plan reads."""

HASHED_AT_ONCE: Final = 1_048_576
"""Bytes of the largest file that is hashed for a request: about a millisecond's work. `version_of` must have hashed a
larger file before its URL is called immutable.
"""

_ALLOW: Final = (("Allow", "GET, HEAD"),)
_METHODS: Final = frozenset(("GET", "HEAD"))
_FALLS_BACK: Final = frozenset((403, 404))
_TOP: Final = Place((), is_folder=True)


class StaticRoot:
    """The files below one directory, for which it plans responses.

    Args:
        directory: what to serve; it must exist.
        show_index: list directories; otherwise they are 403.
        follow_symlinks: follow links that leave `directory`. Links that stay inside need no permission.
        append_version: whether `url_of` names the content in URLs. A request whose `v` is the current version of
            the file may then be cached for ever.
        index_file: name of the file that is sent for its directory, such as ``index.html``.
        fallback: the file that is sent, with status 200, for pages that do not exist: for applications whose paths
            are interpreted in the browser. Only requests that name ``text/html`` in Accept get it.
        manifest: original to hashed names, as `read_manifest` returns them: `url_of` uses the hashed ones, which may
            be cached for ever.
        cache_control: value of Cache-Control, or a function from a file's name to the value; None sends none.
        chunk_size: bytes to read at a time where the kernel cannot send the file itself.

    Raises:
        RootError: `directory` is no directory, or `index_file` or `fallback` can name no file in it.
        ValueError: `chunk_size` is less than one byte.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
        index_file: str | None = None,
        fallback: str | None = None,
        manifest: Mapping[str, str] | None = None,
        cache_control: CachePolicy = None,
        chunk_size: int = CHUNK_SIZE,
    ) -> None:
        if chunk_size < 1:
            raise ValueError(f"chunk_size is at least 1 byte, not {chunk_size}")
        # The platform's table of types is read at its first use: tens of milliseconds that no request should wait for.
        if not mimetypes.inited:
            mimetypes.init()
        self._sandbox = Sandbox(directory, follow_symlinks=follow_symlinks)
        self.show_index: Final = show_index
        self.append_version: Final = append_version
        self.chunk_size: Final = chunk_size
        self._index = self._configured("index_file", index_file)
        self._fallback = self._configured("fallback", fallback)
        self._manifest = dict(manifest or {})
        policy = _exempt(frozenset(self._manifest.values()), cache_control) if manifest else cache_control
        # All four only cache the file system. The fallback has its own cache: no path may lead to it.
        self._variants = VariantCache(self._sandbox, policy)
        self._pages = VariantCache(self._sandbox, policy)
        self._fingerprints = Fingerprints()
        self._contents = Contents()

    @property
    def directory(self) -> str:
        """The absolute path of the directory that is served."""
        return self._sandbox.directory

    @property
    def follow_symlinks(self) -> bool:
        """True if links may leave the directory."""
        return self._sandbox.follow_symlinks

    def __fspath__(self) -> str:
        # A function that takes a directory to serve can take a root instead, with options of its own.
        return self.directory

    def __repr__(self) -> str:
        return f"<StaticRoot {self.directory!r}>"

    def may_list(self, path: str) -> bool:
        """Return whether planning for a path may list a directory, which takes long for a large one."""
        return self.show_index and path[-1:] in ("", "/")

    def plan(
        self,
        method: str,
        path: str,
        fields: RequestFields,
        *,
        query: str = "",
        mount_name: str | None = None,
    ) -> FilePlan:
        """Plan the response to a request, hostile ones included.

        Args:
            method: the request method.
            path: the path below the root as it stands in the target, still percent-encoded; one leading slash is
                optional.
            fields: the request's fields.
            query: the query as it stands in the target: `v` is looked for in it, and redirects keep it.
            mount_name: the decoded last segment of the root's own URL. With it, an empty path means that URL without
                its last slash, and the plan is a redirect to the URL with the slash. None: an empty path is the root.

        Raises:
            OSError: the storage fails. Whatever a request can cause is a status.
        """
        if method not in _METHODS:
            return plan_status(405, _ALLOW, method=method)
        field = field_of(fields)
        if not path and mount_name is not None:
            return self._plan_mount(mount_name, method, field, query)
        name = path.removeprefix("/")
        try:
            known = self._variants.recall(name)
            if known is not None:
                try:
                    return self._plan_variants(known, method, field, query)
                except FileNotFoundError:  # the file or its compressed form was removed: look again
                    self._variants.forget(name)
            place = locate(path)
            if place is None:
                return plan_status(404, method=method)
            plan = self._plan_place(name, place, method, field, query)
        except OSError as error:
            plan = plan_status(status_of(error), method=method)
        return self._fall_back(plan, method, field) if self._fallback and plan.status in _FALLS_BACK else plan

    def version_of(self, filename: str | os.PathLike[str]) -> str | None:
        """Return the version of a file: 22 characters that change with its content; None if there is no such file.

        Args:
            filename: a name below the root, not percent-encoded.

        Raises:
            OSError: the storage fails.
        """
        place = locate_name(os.fspath(filename).replace(os.sep, "/"))
        return None if place is None or place.is_folder else self._version_of(place.parts)

    def url_of(self, filename: str | os.PathLike[str], *, append_version: bool | None = None) -> str:
        """Return the reference to a file relative to the root's URL, percent-encoded.

        It has the hashed name if the manifest has one; otherwise `v`, if versions are appended and the file exists.

        Args:
            filename: a name below the root, not percent-encoded.
            append_version: whether to add `v`; None for the root's own option.

        Raises:
            ValueError: the name holds lone surrogates that stand for no octets.
        """
        hashed = self._manifest.get(os.fspath(filename).removeprefix("/"))
        if hashed is not None:
            return quote_name(hashed)
        wanted = self.append_version if append_version is None else append_version
        version = self.version_of(filename) if wanted else None
        # All leading slashes: behind a root at "/", two would make an authority of the name.
        reference = quote_name(filename).lstrip("/")
        return reference if version is None else f"{reference}?{VERSION_KEY}={version}"

    # From a path to a file

    def _plan_place(self, path: str, place: Place, method: str, field: Field, query: str) -> FilePlan:
        opened = self._sandbox.open(place.parts)
        if opened is None:
            return plan_status(404, method=method)
        with opened:
            if S_ISDIR(opened.status.st_mode):
                return self._plan_folder(path, place, opened, method, field, query)
        if place.is_folder:
            return plan_status(404, method=method)
        variants = self._variants.find(_spell(path, place), place.parts)
        return self._plan_variants(variants, method, field, query)

    def _plan_folder(
        self, path: str, place: Place, opened: Opened, method: str, field: Field, query: str
    ) -> FilePlan:
        index = self._find_index(path, place)
        if index is None and not self.show_index:
            return plan_status(403, method=method)
        if place.parts and not place.is_folder:
            return plan_redirect(place.parts[-1], query)  # relative references in the page need the slash
        if index is None:
            return plan_listing(self._sandbox, place.parts, opened, method=method)
        return self._plan_variants(index, method, field, query)

    def _plan_mount(self, name: str, method: str, field: Field, query: str) -> FilePlan:
        """Plan the redirect from the root's URL without its last slash, if the URL with the slash has a page."""
        try:
            opened = self._sandbox.open(())
            if opened is not None:
                opened.close()
            if self.show_index or self._find_index("", _TOP) is not None:
                return plan_redirect(name, query)
            plan = plan_status(403, method=method)
        except OSError as error:
            plan = plan_status(status_of(error), method=method)
        if not self._fallback:
            return plan
        with self._fall_back(plan, method, field) as page:
            return page if page.status in _FALLS_BACK else plan_redirect(name, query)

    def _find_index(self, path: str, place: Place) -> Variants | None:
        if not self._index:
            return None
        name = _spell(path, place)
        key = f"{name.removesuffix('/')}/" if place.parts else ""
        try:
            return self._variants.find(key, place.parts + self._index)
        except OSError as error:
            status_of(error)
            return None

    def _fall_back(self, refusal: FilePlan, method: str, field: Field) -> FilePlan:
        """Plan the fallback for a request for a page, and the refusal for any other; both vary by Accept."""
        status = refusal.status
        if _names_html(field("accept") or ""):
            try:
                found = self._pages.recall("") or self._pages.find("", self._fallback, vary="Accept")
                return self._plan_variants(found, method, field, "")
            except OSError as error:
                self._pages.forget("")
                status = status_of(error)
        return plan_status(status, (("Vary", "Accept"),), method=method)

    # From a file to a plan

    def _plan_variants(self, variants: Variants, method: str, field: Field, query: str) -> FilePlan:
        chosen = choose_variant(variants, field)
        kept = self._contents.recall(chosen)
        if kept is not None:
            wanted = version_in(query) if query and self.append_version else None
            if wanted is None:
                return plan_content(kept.data, chosen, method, field)
            # The version is that of the file itself, not of a compressed form.
            if not chosen.about.coding and self._fingerprints.recall(chosen.parts, kept.status) == wanted:
                return plan_content(kept.data, make_immutable(variants, chosen), method, field)
        opened = open_variant(self._sandbox, chosen)
        try:
            found = chosen = renew_variant(variants, chosen, opened.status)
            if query and self.append_version and self._is_current(query, variants, chosen, opened):
                chosen = make_immutable(variants, chosen)
        except BaseException:
            opened.close()
            raise
        plan = plan_opened(opened, chosen, method, field, path_of=self._sandbox.path_of)
        if plan.status == 200 and plan.body:
            self._contents.keep(found, self._sandbox.path_of(found.parts), plan.body, opened.status)
        return plan

    # Versions

    def _is_current(self, query: str, variants: Variants, chosen: Representation, opened: Opened) -> bool:
        """Return whether a query names the content that is about to be sent.

        The URL of older or newer content must not be cached with this one: during a deployment, clients request both.
        """
        wanted = version_in(query)
        if wanted is None:
            return False
        own = variants.by_coding[""]
        if own is not chosen:
            return own.size <= HASHED_AT_ONCE and self._version_of(own.parts) == wanted
        known = self._fingerprints.recall(own.parts, opened.status)
        if known is None and own.size <= HASHED_AT_ONCE:
            known = self._fingerprints.version_of(own.parts, opened)
        return known == wanted

    def _version_of(self, parts: tuple[str, ...]) -> str | None:
        try:
            opened = self._sandbox.open(parts)
        except OSError as error:
            status_of(error)
            return None
        if opened is None:
            return None
        with opened:
            return None if S_ISDIR(opened.status.st_mode) else self._fingerprints.version_of(parts, opened)

    def _configured(self, option: str, name: str | None) -> tuple[str, ...]:
        if name is None:
            return ()
        place = locate_name(name)
        if place is None or place.is_folder:
            raise RootError(self.directory, f"{option} names no file in it: {name!r}")
        return place.parts


def _spell(path: str, place: Place) -> str:
    """Return the one spelling of a path for the cache: others (%61 for a) would fill it."""
    return path if "%" not in path else "/".join(map(quote_name, place.parts))


def _names_html(accept: str) -> bool:
    return any(member.value == "text/html" and member.quality for member in parse_qualities(accept))


def _exempt(hashed: frozenset[str], policy: CachePolicy) -> CachePolicy:
    def decide(name: str) -> str | None:
        if name in hashed:
            return IMMUTABLE
        return policy(name) if callable(policy) else policy

    return decide


def field_of(fields: RequestFields) -> Field:
    """Return a function that looks up a field by its lower-case name."""
    if callable(fields):
        return fields
    if isinstance(fields, dict):  # the only mapping that certainly distinguishes the case of its keys
        return {name.lower(): value for name, value in fields.items()}.get
    return fields.get


def quote_name(filename: str | os.PathLike[str]) -> str:
    """Return a relative file name as a URL path; all but dots and slashes is quoted."""
    return quote(os.fspath(filename).replace(os.sep, "/"), errors="surrogateescape")
