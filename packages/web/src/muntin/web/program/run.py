"""`run_app`: an application as a whole program.

The program starts and ends in a fixed order, in an event loop of its own, so that nothing of one run is left
for the next.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, Final

from muntin.router.printing import format_table
from muntin.runner import BACKLOG, SHUTDOWN_TIMEOUT, GracefulExit, signals
from muntin.runner.systemd import Watchdog, notify, notify_reloading, watchdog_interval
from muntin.web.access_log import AbstractAccessLogger, AccessLogger
from muntin.web.app.application import Application
from muntin.web.program.listening import (
    Hosts,
    Listening,
    ListeningError,
    Paths,
    Sockets,
    Tls,
    describe_places,
    print_in_one_line,
)
from muntin.web.program.output import PRINT, flush_output, print_line
from muntin.web.program.sources import Source, call_source, make_application
from muntin.web.serving.runners import AppRunner

if TYPE_CHECKING:
    from muntin.runner.workers import Worker, Workers

__all__ = ["run_app"]

_KEEPALIVE_TIMEOUT: Final = float("75")
"""The default, known by identity: made at run time, it is another object than the 75.0 that a caller passes."""
_ACCESS_LOGGER: Final = logging.getLogger("muntin.access")

_NEWCOMERS: Final = 30.0
"""How long a worker that makes room waits for connections without a request (seconds): their own time-outs are shorter,
by default."""
_LAST_MOMENT: Final = 1.0
"""How long tasks may take to end when they are cancelled by a program in a hurry (seconds)."""


class _ProgramRunner(AppRunner):
    """A runner for a program: it also waits for tasks that handlers left behind."""

    def __init__(self, app: Application, **options: Any) -> None:
        super().__init__(app, **options)
        self._own: frozenset[asyncio.Task[Any]] = frozenset()

    def record_own_tasks(self) -> None:
        """Record the tasks that run before the first request: they end with the application, not before."""
        self._own = frozenset(asyncio.all_tasks()) - frozenset(self.app.iterate_tasks())

    async def end_connections(self) -> None:
        """Wait for the handlers and the tasks that they began, no longer than the rest of the time-out."""
        await super().end_connections()
        spared = self._own | {asyncio.current_task()}
        while left := [task for task in asyncio.all_tasks() if task not in spared]:
            if self.is_hurried or not (patience := self.time_left):
                break
            await asyncio.wait(left, timeout=patience, return_when=asyncio.FIRST_COMPLETED)


def run_app(
    app: Source,
    *,
    host: Hosts = None,
    port: int | None = None,
    path: Paths = None,
    sock: Sockets = None,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    keepalive_timeout: float = _KEEPALIVE_TIMEOUT,
    ssl_context: Tls = None,
    print: Callable[..., Any] | None = PRINT,
    backlog: int = BACKLOG,
    access_log_class: type[AbstractAccessLogger] = AccessLogger,
    access_log_format: str = AccessLogger.LOG_FORMAT,
    access_log: logging.Logger | None = _ACCESS_LOGGER,
    handle_signals: bool = True,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
    mode: int | None = None,
    take_over: bool = False,
    handler_cancellation: bool = False,
    loop: asyncio.AbstractEventLoop | None = None,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    workers: "int | Workers | None" = None,
    **options: Any,
) -> None:
    """Serve an application until SIGINT or SIGTERM, then stop in order.

    The order: stop listening; close idle connections; `on_shutdown`; close WebSockets by 1001; wait for the handlers,
    then for the tasks that they began; cancel the handlers; `on_cleanup`; cancel what is left. A signal that comes
    meanwhile cancels what is just waited for, and handlers are waited for no more; the rest of the order is kept.

    Args:
        app: the application, a coroutine that makes it in the loop that serves it, or a function that gives either.
        host: where to listen: a name or address, several, or None for all interfaces if no path and no socket is given.
        port: the port; None for 8080, or 8443 with TLS.
        path: Unix sockets to listen at.
        sock: bound sockets to listen at.
        shutdown_timeout: how long handlers, and the tasks that they began, may take to end (seconds) after it stops
            listening; then handlers are cancelled, and have the same time again.
        keepalive_timeout: how long a connection may idle (seconds); left out, `timeouts` among the options decide.
        ssl_context: for TLS; or a function that makes it in the process that serves, so that workers that replace
            others read its files anew.
        print: called with a line that says where the application is served; None for silence.
        backlog: connections that may wait to be accepted.
        access_log_class, access_log_format, access_log: what writes the access log, what and where.
        handle_signals: whether SIGINT and SIGTERM end the program in order.
        reuse_address, reuse_port: as for `loop.create_server`.
        mode: the permissions of the files of Unix sockets, such as 0o660; None for what the umask leaves. A client
            needs the permission to write.
        take_over: whether to replace Unix sockets at which somebody else listens; else that is an error.
        handler_cancellation: whether a handler is cancelled when its peer goes away.
        loop: the loop to serve in; it is closed at the end. None for a new one.
        loop_factory: makes that new one, such as `uvloop.new_event_loop`.
        workers: how many processes serve, or `muntin.runner.workers.Workers` for more to say about them; None for
            this one alone. An application is started in every one of them, and what `app` calls is called there.
        options: more arguments of the server, such as `max_line_size`. The application's `handler_args` win over all
            arguments of the server here.

    Raises:
        TypeError: `app` is no application, or an option is not known.
        ValueError: workers were given a loop, or are not to handle signals; lists of places are all empty; or `mode` is
            no permissions of a file, or there is no path that could have them.
        RuntimeError: a loop runs here already, or this is not the main thread, but is to handle signals.
        OSError: the address cannot be used. If nobody catches it, one line is printed, and the status is 1.
        SystemExit: with `workers`, when they cannot serve; its status is theirs.
    """
    if keepalive_timeout is not _KEEPALIVE_TIMEOUT or "timeouts" not in options:
        options["keepalive_timeout"] = keepalive_timeout
    _require_no_running_loop()
    listening = Listening.at(
        host=host,
        port=port,
        path=path,
        sock=sock,
        tls=ssl_context,
        backlog=backlog,
        reuse_address=reuse_address,
        reuse_port=reuse_port,
        mode=mode,
        take_over=take_over,
    )
    options |= {
        "shutdown_timeout": shutdown_timeout,
        "access_log_class": access_log_class,
        "access_log_format": access_log_format,
        "access_log": access_log,
        "handler_cancellation": handler_cancellation,
    }
    program = _Program(app, listening, print, options, handle_signals=handle_signals)
    try:
        if workers is None:
            _run(loop or loop_factory(), program.serve(call_source(app), listening))
            return
        if loop is not None or not handle_signals:
            raise ValueError("workers make a loop each, with loop_factory, and stop by signals: give neither")
        status = program.supervise(workers, loop_factory)
    except ListeningError:
        print_in_one_line()
        raise
    finally:
        if iscoroutine(app):
            app.close()  # in case that nobody here has awaited it: workers await a copy each
        flush_output()
    if status:
        raise SystemExit(status)


class _Program:
    """An application as a program, of one process or of many.

    Args:
        source: the application, or what makes it.
        listening: the places to listen at.
        print: prints messages; None for silence.
        options: of the runner.
        handle_signals: whether signals end a program of one process.
    """

    def __init__(
        self,
        source: Source,
        listening: Listening,
        print: Callable[..., Any] | None,
        options: dict[str, Any],
        *,
        handle_signals: bool,
    ) -> None:
        self._source = source
        self._listening = listening
        self._print = print
        self._options = options
        self._handle_signals = handle_signals

    async def serve(self, source: Any, listening: Listening, worker: "Worker | None" = None) -> None:
        """Serve in this process until cancelled, then end in order.

        Args:
            source: the application, or a coroutine that makes it.
            listening: the places; of a worker, the sockets that its supervisor has opened.
            worker: this process, where it is one of many.
        """
        loop = asyncio.get_running_loop()
        access_log = self._options["access_log"]
        if loop.get_debug() and access_log is not None and access_log.name == _ACCESS_LOGGER.name:
            _print_access_log(access_log)
        if worker is not None:
            worker.attend(loop)
        elif self._handle_signals:
            # Before the application is made: that may take time, and what it acquires has to be released in order.
            signals.handle_signals(loop)
        runner = _ProgramRunner(
            await make_application(source),
            handle_signals=self._handle_signals and worker is None,
            **self._options,
        )
        await runner.setup()
        watchdog = Watchdog(loop)
        try:
            if worker is not None and worker.counts_requests and runner.server is not None:
                runner.server.call_on_request(worker.count_request)
            sites = await listening.start_sites(runner)
            runner.record_own_tasks()
            if worker is not None:
                worker.begin(loop)
            else:
                notify("READY=1")
                watchdog.start()
                if loop.get_debug():
                    print_line(format_table(runner.app.router), self._print)
                self.announce(site.name for site in sites)
            await loop.create_future()  # for ever: only cancellation ends it
        finally:
            watchdog.stop()
            runner.note_end()
            try:
                if worker is None:
                    notify("STOPPING=1")
                elif await worker.ask_if_replaced():
                    await worker.hand_over(partial(runner.retire, newcomers=_NEWCOMERS))
                else:
                    worker.drain(lambda: bool(runner.sites))
            finally:
                await runner.cleanup()

    def supervise(
        self, workers: "int | Workers", loop_factory: Callable[[], asyncio.AbstractEventLoop]
    ) -> int:
        """Open the places, and serve them by many processes until a signal; return the exit code."""
        from muntin.runner.workers import Supervisor, Workers  # noqa: PLC0415 - most programs are one process

        if not isinstance(workers, Workers):
            workers = Workers(workers)
        with self._listening.opened() as opened:
            note = f" with {workers.count} worker{'s' if workers.count > 1 else ''}"

            def on_ready() -> None:
                self.announce(opened.describe(), note)
                notify("READY=1")

            def on_stop() -> None:
                notify("STOPPING=1")
                opened.close()

            return Supervisor(
                lambda worker: _run(loop_factory(), self.serve(call_source(self._source), opened, worker)),
                workers,
                stop_timeout=2 * self._options["shutdown_timeout"] + workers.cleanup_timeout,
                on_ready=on_ready,
                on_stop=on_stop,
                on_reload=notify_reloading,
                on_reloaded=lambda: notify("READY=1"),
                on_alive=lambda: notify("WATCHDOG=1"),
                alive_interval=watchdog_interval(),
            ).run()

    def announce(self, names: Iterable[str], note: str = "") -> None:
        """Print where the program serves."""
        print_line(describe_places(names, note), self._print)


def _require_no_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("run_app() runs a loop of its own: where one runs already, use web.AppRunner")


def _run(loop: asyncio.AbstractEventLoop, program: Any) -> None:
    """Run a program until it ends, fails or gets a signal; then end all its tasks."""
    asyncio.set_event_loop(loop)
    main = loop.create_task(program)
    try:
        with suppress(GracefulExit, KeyboardInterrupt):
            loop.run_until_complete(main)
    finally:
        try:
            is_hurried = _end(loop, main)
            _cancel_all(loop, _LAST_MOMENT if is_hurried else None)
            loop.run_until_complete(loop.shutdown_asyncgens())
            if not is_hurried:
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _end(loop: asyncio.AbstractEventLoop, main: "asyncio.Task[Any]") -> bool:
    """End a program in order; return whether a further signal came.

    Each signal cancels the present wait of the program, which goes on with its next step.
    """
    is_hurried = False
    while not main.done():
        main.cancel()
        try:
            loop.run_until_complete(main)
        except (GracefulExit, KeyboardInterrupt):
            is_hurried = True
        except asyncio.CancelledError:
            break
    if not main.cancelled():
        main.exception()  # it was raised already
    return is_hurried


def _cancel_all(loop: asyncio.AbstractEventLoop, timeout: float | None) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        left, _ = loop.run_until_complete(asyncio.wait(left, timeout=timeout))
    for task in left:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler(
                {
                    "message": "a task failed while the program ended",
                    "exception": task.exception(),
                    "task": task,
                }
            )


def _print_access_log(access_log: logging.Logger) -> None:
    """Print the access log if logging was not configured."""
    if access_log.level == logging.NOTSET:
        access_log.setLevel(logging.DEBUG)
    if not access_log.hasHandlers():
        access_log.addHandler(logging.StreamHandler())
