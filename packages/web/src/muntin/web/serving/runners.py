"""`AppRunner`: an application on its sites, started and ended in order.

It calls the application at each step of the life of a `muntin.runner` runner, which ends the connections.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from muntin.middleware import run_all
from muntin.middleware.callables import describe_callable
from muntin.runner import SHUTDOWN_TIMEOUT, BaseRunner, make_runner
from muntin.web.app.application import Application
from muntin.web.handlers.health import HEALTH
from muntin.web.serving.server import Server, make_server

__all__ = ["AppRunner"]


class AppRunner(BaseRunner):
    """Runs an application inside a loop that is running already.

    ```python
    import asyncio

    from muntin import web


    async def main() -> None:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        await runner.cleanup()


    asyncio.run(main())
    ```

    Args:
        app: the application.
        handle_signals: whether SIGINT and SIGTERM raise `GracefulExit`.
        shutdown_timeout: how long handlers may take to end (seconds), before they are cancelled and after.
        options: of the server, as for `run_app`.

    Raises:
        TypeError: `app` is no application.
    """

    def __init__(
        self,
        app: Application,
        *,
        handle_signals: bool = False,
        shutdown_timeout: float = SHUTDOWN_TIMEOUT,
        **options: Any,
    ) -> None:
        super().__init__(handle_signals=handle_signals, shutdown_timeout=shutdown_timeout)
        if not isinstance(app, Application):
            raise TypeError(f"AppRunner runs a web.Application, and {app!r} is none")
        if app.router.mounts:
            raise TypeError("this application is inside another one: run that")
        self._app = app
        self._options = options

    @property
    def app(self) -> Application:
        """The application."""
        return self._app

    async def make_server(self) -> Server:
        """Start the application and make its server; what was started is cleaned up if that fails."""
        try:
            await self._app.startup()
            return make_server(self._app, **self._options)
        except BaseException:
            await self._app.cleanup()
            raise

    async def stop_listening(self) -> None:
        """Wait until balancers notice, if the application has health probes; then stop listening."""
        health = self._app.get(HEALTH)
        try:
            if health is not None and self.sites:
                await health.drain()
        finally:
            await super().stop_listening()

    async def shutdown(self) -> None:
        """Send `on_shutdown` of the application, if it was started."""
        if self.server is not None:
            await self._app.shutdown()

    async def end_connections(self) -> None:
        """Wait for the handlers and for the tasks of `spawn`, no longer than the rest of the time-out."""
        await super().end_connections()
        if tasks := set(self._app.iterate_tasks()):
            await asyncio.wait(tasks, timeout=self.time_left)

    async def run_all(self, steps: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run the steps of `cleanup`, and raise their errors together.

        Raises:
            CleanupError: several failed. A single error is raised as it is.
        """
        await run_all("several steps of the end failed", [(describe_callable(step), step) for step in steps])

    async def cleanup_server(self) -> None:
        """Clean the application up."""
        await self._app.cleanup()


@make_runner.register
def _make_app_runner(app: Application, **options: Any) -> AppRunner:
    return AppRunner(app, **options)
