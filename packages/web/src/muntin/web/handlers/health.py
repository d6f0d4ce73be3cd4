"""Health: probes of an application for balancers: whether it lives, and whether it is ready for requests.

When the application is about to stop, it is not ready any more, but still handles all requests until balancers have
noticed. Checks test what it depends on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from muntin.web.app.application import Application
from muntin.web.keys import AppKey
from muntin.web.request.request import Request
from muntin.web.response.json import json_response
from muntin.web.response.whole import Response

__all__ = ["HEALTH", "Check", "Health"]

Check = Callable[[Application], Awaitable[object]]
"""Raises an exception if something that requests need is missing."""

_LOGGER: Final = logging.getLogger("muntin.health")
_NEVER_STORED: Final = {"Cache-Control": "no-store"}


class Health:
    """The probes of an application: whether it lives, and whether it is ready.

    Args:
        checks: what it depends on, by name.
        delay: how long it goes on serving, while it is not ready, before it stops listening (seconds).
            Longer than balancers take to notice: in Kubernetes, the probe's period times its threshold, and a little.
        patience: how long a check may take (seconds).

    Raises:
        ValueError: a time is negative, or infinite.
    """

    def __init__(
        self, checks: Mapping[str, Check] | None = None, *, delay: float = 0.0, patience: float = 1.0
    ) -> None:
        if not (0 <= delay < float("inf") and 0 < patience < float("inf")):
            raise ValueError(f"give times in seconds: {delay!r}, {patience!r}")
        self._checks = dict(checks or {})
        self._delay = delay
        self._patience = patience
        self._is_draining = False

    def install(self, app: Application, *, live: str = "/livez", ready: str = "/readyz") -> None:
        """Add the probes to an application, the outermost one, and let it stop with the delay.

        Args:
            app: not frozen yet.
            live: the path of 200 as long as the event loop turns; otherwise a supervisor restarts the process.
            ready: the path of 200, or 503 while it is about to stop or a check fails; balancers avoid it then.
        """
        app[HEALTH] = self
        app.router.add_get(live, self.handle_live)
        app.router.add_get(ready, self.handle_ready)

    @property
    def is_draining(self) -> bool:
        """True if the application is about to stop."""
        return self._is_draining

    async def drain(self) -> None:
        """Become not ready, and wait until balancers have noticed."""
        self._is_draining = True
        if self._delay:
            await asyncio.sleep(self._delay)

    async def handle_live(self, request: Request) -> Response:
        """Respond that the application lives."""
        return json_response({"status": "live"}, headers=_NEVER_STORED)

    async def handle_ready(self, request: Request) -> Response:
        """Respond whether the application is ready."""
        if self._is_draining:
            return json_response({"status": "draining"}, status=503, headers=_NEVER_STORED)
        names = list(self._checks)
        deadline = request.exchange.deadline_in(self._patience)
        passed = await asyncio.gather(*(self._passes(name, request.app, deadline) for name in names))
        found = {name: "passed" if is_good else "failed" for name, is_good in zip(names, passed, strict=True)}
        is_ready = all(passed)
        state: dict[str, Any] = {"status": "ready" if is_ready else "failing", "checks": found}
        return json_response(state, status=200 if is_ready else 503, headers=_NEVER_STORED)

    async def _passes(self, name: str, app: Application, deadline: float) -> bool:
        # The reason is only logged: clients of the probes are not always ours.
        try:
            async with asyncio.timeout_at(deadline):
                await self._checks[name](app)
        except Exception as error:
            _LOGGER.warning("the check %s failed: %r", name, error)
            return False
        return True


HEALTH: Final = AppKey("HEALTH", Health)
"""The key of the health in an application, for its runner."""
