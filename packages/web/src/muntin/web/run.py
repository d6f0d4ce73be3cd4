"""`run_app`: an application as a whole program.

It knows the order in which a program starts and ends. The loop is its own, so that nothing of one run is left for the
next.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

from muntin.runner import (
    BACKLOG,
    SHUTDOWN_TIMEOUT,
    BaseSite,
    GracefulExit,
    SockSite,
    TCPSite,
    UnixSite,
)
from muntin.web.access_log import AbstractAccessLogger, AccessLogger
from muntin.web.application import Application
from muntin.web.runners import AppRunner

__all__ = ["run_app"]

_KEEPALIVE_TIMEOUT: Final = 75.0
_ACCESS_LOGGER: Final = logging.getLogger("muntin.access")

_Hosts = str | Sequence[str] | None
_Paths = str | Path | Sequence[str | Path] | None
_Sockets = socket.socket | Iterable[socket.socket] | None


class _ProgramRunner(AppRunner):
    """A runner for a program: it also waits for tasks that handlers left behind."""

    def __init__(self, app: Application, *, shutdown_timeout: float, **options: Any) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout, **options)
        self._patience = shutdown_timeout
        self._own: frozenset[asyncio.Task[Any]] = frozenset()

    def note_own_tasks(self) -> None:
        """Remember the tasks there are before the first request: they end with the application, not before."""
        self._own = frozenset(asyncio.all_tasks()) - frozenset(self.app.iterate_tasks())

    async def end_connections(self) -> None:
        """Wait for what handlers began, then for the handlers themselves, for no longer than the time-out each."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        spared = self._own | {asyncio.current_task()}
        while left := [task for task in asyncio.all_tasks() if task not in spared]:
            patience = deadline - loop.time()
            if patience <= 0:
                break
            await asyncio.wait(left, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        await super().end_connections()


def run_app(
    app: Application | Awaitable[Application],
    *,
    host: _Hosts = None,
    port: int | None = None,
    path: _Paths = None,
    sock: _Sockets = None,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    keepalive_timeout: float = _KEEPALIVE_TIMEOUT,
    ssl_context: SSLContext | None = None,
    print: Callable[..., Any] | None = print,
    backlog: int = BACKLOG,
    access_log_class: type[AbstractAccessLogger] = AccessLogger,
    access_log_format: str = AccessLogger.LOG_FORMAT,
    access_log: logging.Logger | None = _ACCESS_LOGGER,
    handle_signals: bool = True,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
    handler_cancellation: bool = False,
    loop: asyncio.AbstractEventLoop | None = None,
    **options: Any,
) -> None:
    """Serve an application until SIGINT or SIGTERM, then stop in order.

    The order: stop listening; close idle connections; `on_shutdown`; wait for the tasks that handlers began; close
    the other connections, cancelling their handlers; `on_cleanup`; cancel what is left.

    Args:
        app: the application, or a coroutine that makes it in the loop that serves it.
        host: where to listen: a name or address, several, or None for all interfaces.
        port: the port; None for 8080, or 8443 with TLS.
        path: Unix sockets to listen at, in place of host and port if those are not given.
        sock: bound sockets to listen at, likewise.
        shutdown_timeout: how long handlers may take to end (seconds), before they are cancelled and after.
        keepalive_timeout: how long a connection may idle (seconds).
        ssl_context: for TLS.
        print: is told where the application is served; None for silence.
        backlog: connections that may wait to be accepted.
        access_log_class, access_log_format, access_log: what writes the access log, what and where.
        handle_signals: whether SIGINT and SIGTERM end the program in order.
        reuse_address, reuse_port: as for `loop.create_server`.
        handler_cancellation: whether a handler is cancelled when its peer goes away.
        loop: the loop to serve in; it is closed at the end. None for a new one.
        options: more arguments of the server, such as `max_line_size`.

    Raises:
        TypeError: `app` is no application, or an option is not known.
        OSError: the address cannot be had.
    """
    loop = loop or asyncio.new_event_loop()
    if loop.get_debug() and access_log is not None and access_log.name == _ACCESS_LOGGER.name:
        _show(access_log)

    async def serve() -> None:
        application = await app if isinstance(app, Awaitable) else app
        runner = _ProgramRunner(
            application,
            handle_signals=handle_signals,
            shutdown_timeout=shutdown_timeout,
            keepalive_timeout=keepalive_timeout,
            access_log_class=access_log_class,
            access_log_format=access_log_format,
            access_log=access_log,
            handler_cancellation=handler_cancellation,
            **options,
        )
        await runner.setup()
        try:
            sites = _make_sites(
                runner, host, port, path, sock, ssl_context, backlog, reuse_address, reuse_port
            )
            for site in sites:
                await site.start()
            if print is not None:
                print(_describe_sites(sites), flush=True) if print is _PRINT else print(
                    _describe_sites(sites)
                )
            runner.note_own_tasks()
            await loop.create_future()  # for ever: only cancellation ends it
        finally:
            await runner.cleanup()

    _run(loop, serve())


_PRINT: Final = print


def _run(loop: asyncio.AbstractEventLoop, program: Any) -> None:
    """Run a program until it ends, fails or is told to stop; then see that nothing of it is left."""
    asyncio.set_event_loop(loop)
    main = loop.create_task(program)
    try:
        with suppress(GracefulExit, KeyboardInterrupt):
            loop.run_until_complete(main)
    finally:
        try:
            main.cancel()
            with suppress(asyncio.CancelledError, GracefulExit, KeyboardInterrupt):
                loop.run_until_complete(main)
        finally:
            _cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            loop.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    for task in left:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler(
                {
                    "message": "a task failed while the program ended",
                    "exception": task.exception(),
                    "task": task,
                }
            )


def _make_sites(
    runner: AppRunner,
    host: _Hosts,
    port: int | None,
    path: _Paths,
    sock: _Sockets,
    ssl_context: SSLContext | None,
    backlog: int,
    reuse_address: bool | None,
    reuse_port: bool | None,
) -> list[BaseSite]:
    """Make a site for each place to listen at; all interfaces if there is none."""
    sites: list[BaseSite] = []
    hosts = [host] if isinstance(host, str) else list(host or ())
    if not hosts and (port is not None or (path is None and sock is None)):
        sites.append(
            TCPSite(
                runner,
                None,
                port,
                ssl_context=ssl_context,
                backlog=backlog,
                reuse_address=reuse_address,
                reuse_port=reuse_port,
            )
        )
    for each in hosts:
        sites.append(
            TCPSite(
                runner,
                each,
                port,
                ssl_context=ssl_context,
                backlog=backlog,
                reuse_address=reuse_address,
                reuse_port=reuse_port,
            )
        )
    paths = [path] if isinstance(path, (str, Path)) else list(path or ())
    sites += [UnixSite(runner, each, ssl_context=ssl_context, backlog=backlog) for each in paths]
    sockets = [sock] if isinstance(sock, socket.socket) else list(sock or ())
    sites += [SockSite(runner, each, ssl_context=ssl_context, backlog=backlog) for each in sockets]
    return sites


def _describe_sites(sites: Iterable[BaseSite]) -> str:
    """Give the line that tells where an application is served; where it is everywhere, by a name to click on."""
    names = [site.name.replace("//0.0.0.0:", "//localhost:") for site in sites]
    return f"Serving on {', '.join(names)} (press Ctrl-C to stop)"


def _show(access_log: logging.Logger) -> None:
    """Let the access log be seen where nobody has set it up."""
    if access_log.level == logging.NOTSET:
        access_log.setLevel(logging.DEBUG)
    if not access_log.hasHandlers():
        access_log.addHandler(logging.StreamHandler())
