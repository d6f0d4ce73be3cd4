"""The planner of a root: from a file of the sandbox to the plan of a response with it.

It knows the cache, the compressed forms and the versions. Which file a path selects is no concern of it.
"""

import os
from concurrent.futures import Executor
from stat import S_ISDIR
from typing import Final, NamedTuple

from muntin.static._cache import CacheLimits, FileCache
from muntin.static._conditional import Field
from muntin.static._content import Content, Ready
from muntin.static._fingerprint import Fingerprints, version_in
from muntin.static._plan import IN_MEMORY, FilePlan, plan_opened
from muntin.static._sandbox import Opened, Sandbox
from muntin.static._variants import (
    CachePolicy,
    Form,
    Variants,
    choose_form,
    find_variants,
    open_form,
    status_of,
)

__all__ = ["HASHED_AT_ONCE", "FileRequest", "Planner"]

HASHED_AT_ONCE: Final = 1_048_576
"""Bytes of the largest file that is hashed for a request: about a millisecond's work. `version_of` must have hashed a
larger file before its URL is called immutable.
"""


class FileRequest(NamedTuple):
    """The parts of a request that a plan depends on, besides its path."""

    method: str
    field: Field
    query: str
    now: float
    """When it was received, in seconds of the monotonic clock."""


class Planner:
    """Plans responses with the files of a sandbox.

    Args:
        sandbox: opens the files.
        limits: the bounds of what is kept in memory.
        cache_policy: decides about Cache-Control.
        append_version: whether a request whose query has the version of the file may be cached for ever.
        executor: whose threads call, if the disk may take long.
    """

    __slots__ = (
        "_append_version",
        "_cache",
        "_cache_policy",
        "_executor",
        "_fingerprints",
        "_in_memory",
        "_sandbox",
    )

    def __init__(
        self,
        sandbox: Sandbox,
        limits: CacheLimits,
        *,
        cache_policy: CachePolicy,
        append_version: bool,
        executor: Executor | None,
    ) -> None:
        self._sandbox = sandbox
        self._cache_policy = cache_policy
        self._append_version = append_version
        self._executor = executor
        self._cache = FileCache(limits)
        self._fingerprints = Fingerprints()
        self._in_memory = max(IN_MEMORY, min(limits.file_size, limits.total_size))

    def plan_known(
        self,
        key: str | None,
        method: str,
        field: Field,
        query: str,
        now: float,
        *,
        is_conditional: bool = True,
    ) -> FilePlan | None:
        """Plan for a file in the cache; return None if it is not there, or was removed from the disk."""
        known = self._cache.recall(key, now)
        if known is None:
            return None
        try:
            form = choose_form(known, field) if known.codings else known.own
            content = form.content
            if content is not None and content.is_current(now, self._cache.limits.stat_after):
                if not query or not self._append_version or version_in(query) is None:
                    ready = content.ready
                    return ready.plan(method, field) if is_conditional else ready.wholes[method]
                # The version is that of the file itself, not of a compressed form.
                parts = known.own.representation.parts
                status = content.status if form is known.own else os.stat(self._sandbox.path_of(parts))
                version = self._fingerprints.recall(parts, status)
                chosen = self._choose_ready(form, content, version, query)
                if chosen is not None:
                    return chosen.plan(method, field) if is_conditional else chosen.wholes[method]
            opened = open_form(self._sandbox, form)
            return self._plan_form(key, known, form, opened, FileRequest(method, field, query, now))
        except FileNotFoundError:  # the file itself, or the compressed form alone
            self._cache.forget(key)
            return None

    def plan_kept(self, key: str, request: FileRequest) -> FilePlan | None:
        """Plan from what is kept in memory; return None if the disk has to be looked at."""
        method, field, query, now = request
        known = self._cache.recall(key, now)
        if known is None:
            return None
        form = choose_form(known, field)
        content = form.content
        if content is None or not content.was_checked(now, self._cache.limits.stat_after):
            return None
        if not query or not self._append_version or version_in(query) is None:
            return content.ready.plan(method, field)
        if form.coding:
            return None  # the file itself has to be looked at
        version = self._fingerprints.recall(form.representation.parts, content.status)
        ready = self._choose_ready(form, content, version, query)
        return None if ready is None else ready.plan(method, field)

    def _choose_ready(self, form: Form, content: Content, version: str | None, query: str) -> Ready | None:
        """Return the plans for a request with a version; None if `version`, that of the file, is not known yet."""
        if version is None:
            return None
        if version != version_in(query):
            return content.ready
        forever = content.forever
        if forever is None:
            immutable = form.make_immutable(content.ready.representation)
            forever = content.forever = Ready(immutable, content.data)
        return forever

    def plan_new(
        self, key: str | None, parts: tuple[str, ...], opened: Opened, request: FileRequest, *, vary: str = ""
    ) -> FilePlan:
        """Plan for an open file that is not in the cache; the plan owns the descriptor from here."""
        try:
            policy = self._cache_policy
            known = find_variants(
                self._sandbox, parts, opened.status, request.now, cache_policy=policy, vary=vary
            )
            self._cache.store(key, known)
            form = choose_form(known, request.field)
        except BaseException:
            opened.close()
            raise
        if form is not known.own:
            opened.close()
            opened = open_form(self._sandbox, form)
        return self._plan_form(key, known, form, opened, request)

    def _plan_form(
        self, key: str | None, known: Variants, form: Form, opened: Opened, request: FileRequest
    ) -> FilePlan:
        """Plan for an open form; the plan owns the descriptor from here."""
        method, field, query, now = request
        try:
            found = chosen = form.renew(opened.status)
            if query and self._append_version and self._is_current(query, known, form, opened):
                chosen = form.make_immutable(found)
        except BaseException:
            opened.close()
            raise
        plan = plan_opened(
            opened,
            chosen,
            method,
            field,
            path_of=self._sandbox.path_of,
            in_memory=self._in_memory,
            executor=self._executor,
        )
        if plan.status == 200 and plan.body:
            self._cache.keep(
                key, form, found, self._sandbox.path_of(found.parts), opened.status, plan.body, now
            )
        return plan

    # Versions

    def _is_current(self, query: str, known: Variants, form: Form, opened: Opened) -> bool:
        """Return whether a query names the content that is about to be sent.

        The URL of older or newer content must not be cached with this one: during a deployment, clients request both.
        """
        wanted = version_in(query)
        if wanted is None:
            return False
        own = known.own.representation
        if form is not known.own:
            return own.size <= HASHED_AT_ONCE and self.version_of(own.parts) == wanted
        version = self._fingerprints.recall(own.parts, opened.status)
        if version is None and own.size <= HASHED_AT_ONCE:
            version = self._fingerprints.version_of(own.parts, opened)
        return version == wanted

    def version_of(self, parts: tuple[str, ...]) -> str | None:
        """Return the version of a file; None if there is no such file.

        Raises:
            OSError: the storage fails.
        """
        try:
            opened = self._sandbox.open(parts)
        except OSError as error:
            status_of(error)
            return None
        if opened is None:
            return None
        with opened:
            return None if S_ISDIR(opened.status.st_mode) else self._fingerprints.version_of(parts, opened)
