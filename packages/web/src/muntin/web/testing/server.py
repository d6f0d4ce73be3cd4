"""A server for tests: an application on a free port of the loopback interface.

A test can use any client.
"""

from typing import Any, Self

from yarl import URL

from muntin.runner import BaseRunner, ServerRunner, TCPSite
from muntin.web.app.application import Application
from muntin.web.serving.runners import AppRunner
from muntin.web.serving.server import Server

__all__ = ["TestServer"]


class TestServer:
    """Serves an application, or a bare server, while a block runs.

    ```python
    import asyncio

    from muntin import web
    from muntin.web.testing import TestServer


    async def main() -> None:
        async with TestServer(web.Application()) as server:
            assert server.make_url("/a").path == "/a"


    asyncio.run(main())
    ```

    Args:
        app: an application, or a `web.Server`.
        scheme: of the URLs.
        host: where to listen.
        port: at which port; None for a free one.
        shutdown_timeout: how long handlers may take to end (seconds).
        options: of the server, as for `run_app`.
    """

    __test__ = False

    def __init__(
        self,
        app: Application | Server,
        *,
        scheme: str = "http",
        host: str = "127.0.0.1",
        port: int | None = None,
        shutdown_timeout: float = 1.0,
        **options: Any,
    ) -> None:
        self.app = app
        self.scheme = scheme
        self.host = host
        self.port = port or 0
        self._options = {"shutdown_timeout": shutdown_timeout, **options}
        self._runner: BaseRunner | None = None

    @property
    def started(self) -> bool:
        """True while it serves."""
        return self._runner is not None

    @property
    def closed(self) -> bool:
        """True while it does not serve."""
        return self._runner is None

    async def start_server(self) -> None:
        """Start, unless it has."""
        if self._runner is not None:
            return
        runner: BaseRunner
        if isinstance(self.app, Application):
            runner = AppRunner(self.app, **self._options)
        else:
            runner = ServerRunner(self.app, **self._options)
        await runner.setup()
        site = TCPSite(runner, self.host, self.port)
        await site.start()
        self.port = site.port
        self._runner = runner

    async def close(self) -> None:
        """Stop, in order."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def make_url(self, path: str) -> URL:
        """Return the URL of a path with an optional query."""
        return URL(f"{self.scheme}://{self.host}:{self.port}").join(URL(path))

    async def __aenter__(self) -> Self:
        await self.start_server()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()
