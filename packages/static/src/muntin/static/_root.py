"""A root: one directory as a tree of URLs.

A root decides which file a path selects and how a directory is shown; `_planner` plans the response with a file.
Prefixes and frameworks are no concern of it: paths begin below the root.
"""

import mimetypes
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from stat import S_ISDIR
from typing import Final
from urllib.parse import quote

from muntin.http_core.headers.accept import parse_qualities
from muntin.static._cache import FALLBACK, CacheLimits
from muntin.static._conditional import Field
from muntin.static._fingerprint import VERSION_KEY
from muntin.static._listing import plan_listing
from muntin.static._locate import Place, locate, locate_name
from muntin.static._plan import CHUNK_SIZE, FilePlan, plan_redirect, plan_status
from muntin.static._planner import FileRequest, Planner
from muntin.static._sandbox import Opened, Sandbox
from muntin.static._variants import IMMUTABLE, CachePolicy, open_file, status_of
from muntin.static.errors import RootError

__all__ = ["REQUEST_FIELDS", "RequestFields", "StaticRoot", "field_of", "quote_name"]

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

_ALLOW: Final = (("Allow", "GET, HEAD"),)
_METHODS: Final = frozenset(("GET", "HEAD"))
_VARIES: Final = (("Vary", "Accept"),)
_FOLDER_ENDS: Final = frozenset(("", "/"))
_FALLS_BACK: Final = frozenset((403, 404))
_USUAL_LIMITS: Final = CacheLimits()


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
        cache: the bounds of what is kept of files in memory.
        executor: whose threads open and read the files, for disks that may take long; `plan_apart` and `read_apart` use
            it, `plan` itself waits for the disk. It has to be shut down by who made it.

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
        cache: CacheLimits = _USUAL_LIMITS,
        executor: Executor | None = None,
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
        self.executor: Final = executor
        self.may_wait: Final = show_index or executor is not None
        """True if `plan` may take so long for some paths that an event loop should call `plan_apart` in its place."""
        self._index = self._configured("index_file", index_file)
        self._fallback = self._configured("fallback", fallback)
        self._manifest = dict(manifest or {})
        self._planner = Planner(
            self._sandbox,
            cache,
            cache_policy=_exempt(frozenset(self._manifest.values()), cache_control)
            if manifest
            else cache_control,
            append_version=append_version,
            executor=executor,
        )

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

    def plan(
        self,
        method: str,
        path: str,
        fields: RequestFields,
        *,
        query: str = "",
        mount_name: str | None = None,
        is_conditional: bool = True,
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
            is_conditional: False if the caller knows that the request has neither conditions (If-Match and its kin) nor
                Range, so that `fields` need not be asked for them.

        Raises:
            OSError: the storage fails. Whatever a request can cause is a status.
        """
        if method not in _METHODS:
            return plan_status(405, _ALLOW, method=method)
        field = fields if callable(fields) else field_of(fields)
        if not path and mount_name is not None:
            return self._plan_mount(mount_name, method, field, query)
        now = time.monotonic()
        key = path.removeprefix("/")
        try:
            found = self._planner.plan_known(key, method, field, query, now, is_conditional=is_conditional)
            if found is not None:
                return found
            place = locate(path)
            if place is None:
                return plan_status(404, method=method)
            plan = self._plan_place(key, place, FileRequest(method, field, query, now))
        except OSError as error:
            plan = plan_status(status_of(error), method=method)
        if self._fallback and plan.status in _FALLS_BACK:
            return self._fall_back(plan, FileRequest(method, field, "", now))
        return plan

    def plan_nowait(
        self,
        method: str,
        path: str,
        fields: RequestFields,
        *,
        query: str = "",
        mount_name: str | None = None,
    ) -> FilePlan | None:
        """Plan as `plan` does, or return None if that may take long.

        It may if a directory may have to be listed, or if the root has an executor and the disk has to be looked at.

        Raises:
            OSError: as `plan`.
        """
        if self.executor is None:
            if self.show_index and path[-1:] in _FOLDER_ENDS:
                return None
            return self.plan(method, path, fields, query=query, mount_name=mount_name)
        if method not in _METHODS:
            return plan_status(405, _ALLOW, method=method)
        if not path and mount_name is not None:
            return None
        request = FileRequest(method, field_of(fields), query, time.monotonic())
        return self._planner.plan_kept(path.removeprefix("/"), request)

    def version_of(self, filename: str | os.PathLike[str]) -> str | None:
        """Return the version of a file: 22 characters that change with its content; None if there is no such file.

        Args:
            filename: a name below the root, not percent-encoded.

        Raises:
            OSError: the storage fails.
        """
        place = locate_name(os.fspath(filename).replace(os.sep, "/"))
        return None if place is None or place.is_folder else self._planner.version_of(place.parts)

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

    def _plan_place(self, path: str, place: Place, request: FileRequest) -> FilePlan:
        """Plan for a path that is not in the cache as it is written."""
        key = _spell(path, place)
        if key != path:
            plan = self._planner.plan_known(key, *request)
            if plan is not None:
                return plan
        opened = self._sandbox.open(place.parts)
        if opened is None:
            return plan_status(404, method=request.method)
        if S_ISDIR(opened.status.st_mode):
            with opened:
                return self._plan_folder(key, place, opened, request)
        if place.is_folder:
            opened.close()
            return plan_status(404, method=request.method)
        return self._planner.plan_new(key, place.parts, opened, request)

    def _plan_folder(self, key: str, place: Place, folder: Opened, request: FileRequest) -> FilePlan:
        index = self._open_index(place.parts)
        if index is None and not self.show_index:
            return plan_status(403, method=request.method)
        if place.parts and not place.is_folder:
            if index is not None:
                index.close()
            # Relative references in the page need the slash.
            return plan_redirect(place.parts[-1], request.query)
        if index is None:
            return plan_listing(self._sandbox, place.parts, folder, method=request.method)
        key = f"{key.removesuffix('/')}/" if place.parts else ""
        return self._planner.plan_new(key, place.parts + self._index, index, request)

    def _plan_mount(self, name: str, method: str, field: Field, query: str) -> FilePlan:
        """Plan the redirect from the root's URL without its last slash, if the URL with the slash has a page."""
        try:
            has_page = self._has_page()
            status = 403
        except OSError as error:
            has_page = False
            status = status_of(error)
        if has_page:
            return plan_redirect(name, query)
        if not self._fallback:
            return plan_status(status, method=method)
        if _names_html(field("accept") or ""):
            try:
                open_file(self._sandbox.open, self._fallback).close()
            except OSError as error:
                status = status_of(error)
            else:
                return plan_redirect(name, query)
        return plan_status(status, _VARIES, method=method)

    def _has_page(self) -> bool:
        """Return whether the directory itself can be shown.

        Raises:
            OSError: it cannot be opened.
        """
        opened = self._sandbox.open(())
        if opened is not None:
            opened.close()
        index = None if self.show_index else self._open_index(())
        if index is not None:
            index.close()
        return self.show_index or index is not None

    def _open_index(self, parts: tuple[str, ...]) -> Opened | None:
        """Open the index file of a directory, if it has one; the descriptor is the caller's."""
        if not self._index:
            return None
        try:
            return open_file(self._sandbox.open, parts + self._index)
        except OSError as error:
            status_of(error)
            return None

    def _fall_back(self, refusal: FilePlan, request: FileRequest) -> FilePlan:
        """Plan the fallback for a request for a page, and the refusal for any other; both vary by Accept."""
        status = refusal.status
        if _names_html(request.field("accept") or ""):
            try:
                plan = self._planner.plan_known(FALLBACK, *request)
                if plan is not None:
                    return plan
                opened = open_file(self._sandbox.open, self._fallback)
                return self._planner.plan_new(FALLBACK, self._fallback, opened, request, vary="Accept")
            except OSError as error:
                status = status_of(error)
        return plan_status(status, _VARIES, method=request.method)

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
