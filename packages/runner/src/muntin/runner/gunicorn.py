"""Worker classes for gunicorn. gunicorn forks, watches and reloads; the loop and the server in each process are ours.

    gunicorn --worker-class muntin.runner.GunicornWebWorker shop:app

gunicorn may load anything that `make_runner` accepts, such as an application, or a runner, or a function without
parameters, mostly a coroutine function, that returns one of these.
"""

import asyncio
import inspect
import os
import signal
import sys
import traceback
from contextlib import suppress
from functools import partial
from importlib import import_module
from types import FrameType
from typing import Any, Final, NoReturn

from gunicorn.arbiter import Arbiter
from gunicorn.config import AccessLogFormat
from gunicorn.sock import ssl_context
from gunicorn.workers.base import Worker

from muntin.runner import signals
from muntin.runner._binding import has_listener
from muntin.runner._gunicorn_log_format import translate_format
from muntin.runner._gunicorn_settings import list_ignored, read_limits
from muntin.runner.runners import BaseRunner, is_servable, make_runner
from muntin.runner.sites import SockSite

__all__ = ["GunicornUVLoopWebWorker", "GunicornWebWorker", "on_starting"]

_BEAT: Final = 1.0
"""Seconds between two heartbeats; the timeout of gunicorn is in whole seconds, 30 by default."""
_PATIENCE: Final = 0.9
"""The part of graceful_timeout for handlers: the rest is for cancelled handlers and for cleaning up."""


class GunicornWebWorker(Worker):
    """Serves on the event loop of asyncio."""

    DEFAULT_AIOHTTP_LOG_FORMAT = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'
    DEFAULT_GUNICORN_LOG_FORMAT = AccessLogFormat.default

    loop: asyncio.AbstractEventLoop

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.exit_code = 0
        self._ending: asyncio.Event
        self._runner: BaseRunner | None = None
        """The runner, once it stops."""
        self._is_quick = False
        self._main: asyncio.Task[Any] | None = None
        """The task that serves, once the loop handles signals; before that, nothing has to be closed in order."""
        self._is_starting = False

    def make_loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop for the server."""
        return asyncio.new_event_loop()

    # What gunicorn calls, in the process that it forked

    def init_process(self) -> None:
        """Make the loop, set up the process, load the application, and run."""
        self._loops = asyncio.Runner(loop_factory=self.make_loop)
        self.loop = self._loops.get_loop()
        self._ending = asyncio.Event()
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application. With a reloader, a failure is logged, and the worker waits for a change."""
        try:
            self._served: Any = self.app.wsgi()
        except Exception as error:
            if self.reloader is None:
                raise
            self._log_and_watch(error)
            self._served = None

    def run(self) -> None:
        """Serve until the worker has to stop."""
        with self._loops:
            self._loops.run(self._serve())
        sys.exit(self.exit_code)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; cancel a start that is under way."""
        if self._main is None:
            self._exit_now()
        self._end()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Stop without waiting for responses under way; while stopping, cancel the present step as well."""
        self._is_quick = True
        self.cfg.worker_int(self)
        if self._main is None:
            self._exit_now()
        if self._ending.is_set():
            self._main.cancel()
        self._end()
        if self._runner is not None:
            _cut(self._runner)

    def handle_abort(self, sig: int, frame: FrameType | None) -> None:
        """Log where the loop is stuck, and exit."""
        where = "".join(traceback.format_stack(frame))
        self.log.critical("the event loop does not turn; it is stuck here:\n%s", where)
        self.alive = False
        self.cfg.worker_abort(self)
        # Not sys.exit: nothing can be cleaned up in a loop that is in the middle of something.
        os._exit(1)

    # Serving

    def _exit_now(self) -> NoReturn:
        self.alive = False
        sys.exit(0)

    def _end(self) -> None:
        """Make the worker stop; cancel a start the first time."""
        self.alive = False
        if self._is_starting and self._main is not None and not self._ending.is_set():
            self._main.cancel()
        self._ending.set()

    def _beat(self) -> None:
        """Notify the arbiter that the loop turns, and check whether the worker has to stop."""
        self.notify()
        if self.ppid != os.getppid():
            self.log.error("worker stops: its arbiter is gone")
            self._end()
        elif not self.alive:
            self._end()  # set by the thread that looks for changes
        self.loop.call_later(_BEAT, self._beat)

    def _count_request(self) -> None:
        self.nr += 1
        if self.nr == self.max_requests:
            self.log.info("worker stops after %d requests", self.nr)
            self._end()

    def _handle_in_loop(self) -> None:
        """Handle signals in the loop from now on. uvloop would not notice them before it runs."""
        handlers = {
            signal.SIGTERM: self.handle_exit,
            signal.SIGINT: self.handle_quit,
            signal.SIGQUIT: self.handle_quit,
            signal.SIGUSR1: self.handle_usr1,
        }
        signals.add_handlers(
            self.loop, {number: partial(handle, number, None) for number, handle in handlers.items()}
        )
        self._main = asyncio.current_task()

    async def _serve(self) -> None:
        with suppress(asyncio.CancelledError):  # a second signal, while stopping
            runner = await self._start()
            if runner is None:
                return
            try:
                if self.cfg.max_requests > 0 and runner.server is not None:
                    runner.server.call_on_request(self._count_request)
                tls = ssl_context(self.cfg) if self.cfg.is_ssl else None
                listeners: list[Any] = self.sockets
                for listener in listeners:
                    await SockSite(runner, listener.sock, ssl_context=tls, backlog=self.cfg.backlog).start()
                await self._ending.wait()
            finally:
                await self._stop(runner)

    async def _start(self) -> BaseRunner | None:
        """Return a runner that is set up; None, once the worker has to stop, if there is none."""
        try:
            served = self._call_served()
            self._handle_in_loop()
            self._beat()
            self._is_starting = True
            runner = await self._set_up(served)
        except BaseException as error:
            if self._main is None and not self.alive:
                raise  # by a signal
            if self._ending.is_set():
                self._report_aborted_start(error)
                return None
            if self.reloader is None:
                self.log.exception("the application does not start")
                # gunicorn ends, in place of starting it again and again.
                self.exit_code = Arbiter.WORKER_BOOT_ERROR
                return None
            self._log_and_watch(error)
            runner = None
        finally:
            self._is_starting = False
        if runner is None:
            if self._main is None:
                self._handle_in_loop()
                self._beat()
            await self._ending.wait()
        return runner

    def _report_aborted_start(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            self.log.info("worker stops before it could serve")
        else:
            self.log.error("the application does not end its start in order", exc_info=error)
            self.exit_code = 1

    async def _stop(self, runner: BaseRunner) -> None:
        self._runner = runner
        try:
            if self._is_quick:
                await runner.stop_listening()
                _cut(runner)
            else:
                await runner.retire()
        finally:
            await runner.cleanup()

    def _call_served(self) -> Any:
        """Call a function that makes the application. A signal ends the process meanwhile: a call cannot be
        cancelled."""
        served = self._served
        return served() if not is_servable(served) and callable(served) else served

    async def _set_up(self, served: Any) -> BaseRunner | None:
        """Return a runner for an application, set up; None if no application could be loaded."""
        if self._served is None:
            return None
        if inspect.isawaitable(served):
            served = await served
        has_own_runner = isinstance(served, BaseRunner)
        for line in list_ignored(self.cfg, has_own_runner=has_own_runner):
            self.log.warning("%s", line)
        runner = served if has_own_runner else make_runner(served, **self._read_options())
        await runner.setup()
        return runner

    def _read_options(self) -> dict[str, Any]:
        """Return the options of the server that are settings of gunicorn."""
        log_format = self.cfg.access_log_format
        if log_format == self.DEFAULT_GUNICORN_LOG_FORMAT:
            log_format = self.DEFAULT_AIOHTTP_LOG_FORMAT
        return {
            "shutdown_timeout": self.cfg.graceful_timeout * _PATIENCE,
            "keepalive_timeout": self.cfg.keepalive,
            "access_log": self.log.access_log if self._logs_access() else None,
            "access_log_format": translate_format(log_format),
            **read_limits(self.cfg),
        }

    def _logs_access(self) -> bool:
        cfg = self.cfg
        return bool(cfg.accesslog or cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json or cfg.syslog)

    def _log_and_watch(self, error: BaseException) -> None:
        """Log why nothing can be served, and watch the files of the traceback as well."""
        self.log.error("nothing is served until a file changes", exc_info=error)
        files = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
        if isinstance(error, SyntaxError) and error.filename is not None:
            files.add(error.filename)
        for name in files:
            if self.reloader is not None and os.path.isfile(name):
                self.reloader.add_extra_file(name)


def _cut(runner: BaseRunner) -> None:
    """Cancel the handlers, and cut their connections."""
    for connection in runner.server.connections if runner.server is not None else ():
        connection.cancel()
        connection.abort()


class GunicornUVLoopWebWorker(GunicornWebWorker):
    """Serves on the event loop of uvloop."""

    def make_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop of uvloop."""
        loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
        return loop


def on_starting(server: Arbiter) -> None:
    """Refuse to start on a Unix socket at which another process listens; gunicorn alone would take it over.

    It is a hook for gunicorn's configuration, because workers start too late for the check.

        from muntin.runner.gunicorn import on_starting

    Raises:
        SystemExit: another process listens there; the message names the path.
    """
    if server.master_pid or "LISTEN_FDS" in os.environ:
        return  # the sockets were passed, by the gunicorn that this one replaces or by systemd
    for address in server.cfg.address:
        if isinstance(address, str) and not address.startswith("\0"):
            with suppress(FileNotFoundError):
                if has_listener(address):
                    raise SystemExit(f"error: cannot listen at {address!r}: somebody listens there already")
