"""The supervisor: it keeps the wanted number of workers serving.

It waits only for signals and for words from its workers, and has no event loop. The listening sockets are opened before
the first fork and shared by all workers: any free worker accepts a connection from the backlog, so that none is lost
when a worker ends. (With a socket for each process, by SO_REUSEPORT, those in its backlog would be.)

Workers are forked, so they can serve an application object that was made before the fork. An application that is named
is imported in the worker: the supervisor does not import it, and a reload runs the new code.

| signal | what it does |
|---|---|
| SIGTERM, SIGINT | stop in order; the second time, hurry |
| SIGQUIT | stop and hurry |
| SIGHUP | replace all workers, one after the other, each when its successor serves |
| SIGTTIN, SIGTTOU | one worker more, one less |
| SIGUSR1, SIGUSR2 | pass them on to the workers, which ignore them unless the application handles them |

A signal to the whole process group reaches the workers as well. For them only the first SIGTERM counts; the supervisor
orders them to hurry through their channels.

No failure of one worker, of its channel or of a callback ends the supervisor.
"""

import logging
import math
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from muntin.runner.workers._child import flush_output, run_child
from muntin.runner.workers._plan import plan
from muntin.runner.workers._process import REPLACED, STOP_ALL, Process, ProcessStage
from muntin.runner.workers._reaping import adopts_orphans, collect_ended, reap_orphans
from muntin.runner.workers._restarts import SETTLED, Restarts
from muntin.runner.workers._settings import Workers
from muntin.runner.workers._signals import SignalReader
from muntin.runner.workers._waits import Waits
from muntin.runner.workers._worker import BEATS, Worker

__all__ = ["Supervisor"]

_LOGGER: Final = logging.getLogger("muntin.workers")
_HURRY: Final = 5.0
"""How long a worker that has to hurry may take (seconds)."""
_LAST_WORDS: Final = 2.0
"""How long a stuck worker has to write where it hangs (seconds)."""


class Supervisor:
    """Runs a function in several processes.

    Args:
        work: the function of a worker; it gets a `Worker`, and returns the exit status of its process.
        workers: the number of workers, and their time-outs.
        stop_timeout: how long a worker may take to stop (seconds).
        on_ready: called when all workers serve for the first time.
        on_stop: called when the supervisor begins to stop; it should close the listening sockets, because clients that
            connect later would wait in vain.
        on_reload: called when the supervisor begins to replace all workers.
        on_reloaded: called when all wanted workers serve, and no old one does.
        on_alive: called regularly after `on_ready`, while at least one worker serves and its loop turns.
        alive_interval: the time between two calls of `on_alive` (seconds).

    Raises:
        RuntimeError: this system has no fork.
    """

    def __init__(
        self,
        work: Callable[[Worker], Any],
        workers: Workers,
        *,
        stop_timeout: float,
        on_ready: Callable[[], Any] = lambda: None,
        on_stop: Callable[[], Any] = lambda: None,
        on_reload: Callable[[], Any] = lambda: None,
        on_reloaded: Callable[[], Any] = lambda: None,
        on_alive: Callable[[], Any] = lambda: None,
        alive_interval: float = math.inf,
    ) -> None:
        if not hasattr(os, "fork"):
            raise RuntimeError(
                "several workers need os.fork(), which this system does not have: run without workers"
            )
        self._work = work
        self._settings = workers
        self._on_ready: Callable[[], Any] | None = on_ready
        self._on_stop = on_stop
        self._on_reload = on_reload
        self._on_reloaded = on_reloaded
        self._on_alive = on_alive
        self._alive_interval = alive_interval
        self._alive_next = -math.inf if alive_interval < math.inf else math.inf
        """When to call `on_alive` next (seconds), by the monotonic clock: the service manager counts time that this
        process missed as well."""
        self._patience = {
            ProcessStage.STARTING: workers.start_timeout,
            ProcessStage.SERVING: workers.heartbeat_timeout,
            ProcessStage.DRAINING: workers.heartbeat_timeout,
            ProcessStage.STOPPING: stop_timeout,
            ProcessStage.LEAVING: stop_timeout,
            ProcessStage.FORCED: _HURRY,
            ProcessStage.ABORTING: _LAST_WORDS,
        }
        self._wanted = workers.count
        self._fleet: list[Process] = []
        self._restarts = Restarts()
        self._has_served = False
        self._is_reloading = False
        self._adopts_orphans = False
        self._status: int | None = None
        """The exit status, once the supervisor stops."""
        self._actions: dict[signal.Signals, Callable[[float], None]] = {
            signal.SIGCHLD: lambda now: None,
            signal.SIGTERM: self._stop,
            signal.SIGINT: self._stop,
            signal.SIGQUIT: self._hurry,
            signal.SIGHUP: self._reload,
            signal.SIGTTIN: lambda now: self._resize(1),
            signal.SIGTTOU: lambda now: self._resize(-1),
            signal.SIGUSR1: lambda now: self._pass_on(signal.SIGUSR1),
            signal.SIGUSR2: lambda now: self._pass_on(signal.SIGUSR2),
        }

    def run(self) -> int:
        """Start the workers, wait until all have ended, and return the exit status.

        Raises:
            RuntimeError: this is not the main thread, the only one that gets signals.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a supervisor runs in the main thread: signals reach no other")
        with (
            SignalReader(self._actions.keys()) as self._signals,
            selectors.DefaultSelector() as self._selector,
        ):
            self._selector.register(self._signals, selectors.EVENT_READ)
            self._adopts_orphans = adopts_orphans()
            # As often as a worker sends a heartbeat.
            waits = Waits(self._settings.heartbeat_timeout / BEATS)
            now = waits.now
            while self._status is None or self._fleet:
                self._adjust(now)
                self._report_alive()
                now = waits.wait(self._selector.select, self._wait_for(now))
                for number in self._signals.read():
                    self._actions[number](now)
                for process in self._fleet:
                    self._read_channel(process, now)
                self._collect_ended(now)
                for process in self._fleet:
                    self._check_deadline(process, now)
        return self._status

    # What signals do

    def _stop(self, now: float) -> None:
        if self._status is not None:
            self._hurry(now)
        else:
            self._end(0, now)

    def _hurry(self, now: float) -> None:
        self._end(0, now)
        for process in self._fleet:
            if process.stage is not ProcessStage.KILLED:
                process.hurry(now)

    def _reload(self, now: float) -> None:
        _LOGGER.info("reloading: the workers are replaced one after the other")
        self._restarts.reset()
        for process in self._fleet:
            process.is_outdated = True
        if self._status is None:
            self._is_reloading = True
            self._run_callback(self._on_reload)

    def _resize(self, change: int) -> None:
        if self._status is None:
            self._wanted = max(1, self._wanted + change)
            _LOGGER.info("%d workers are wanted", self._wanted)

    def _pass_on(self, number: signal.Signals) -> None:
        # Starting workers may have opened files already that have to be reopened, and stopping workers still write.
        for process in self._fleet:
            process.deliver(number)

    def _end(self, status: int, now: float) -> None:
        """Stop all workers; the status of the first call is the exit status."""
        if self._status is None:
            self._status = status
            self._run_callback(self._on_stop)
        self._wanted = 0
        for process in self._fleet:
            if process.stage in (ProcessStage.STARTING, ProcessStage.SERVING):
                process.stop(STOP_ALL, now)
            else:
                # A worker that was replaced stops waiting for new connections to send a request.
                process.send_word(STOP_ALL)

    # What workers do

    def _read_channel(self, process: Process, now: float) -> None:
        """Read the words of a worker, and react to a new stage."""
        was = process.stage
        if process.channel.fileno() >= 0 and not process.read_channel(now):
            self._hang_up(process)
        if was is ProcessStage.STARTING and process.has_served:
            _LOGGER.info("worker %d serves", process.pid)
            self._has_served = True
        if was in _CURRENT and process.stage in _LEAVING:
            self._replace_leaving(process, now)

    def _replace_leaving(self, process: Process, now: float) -> None:
        """Start another worker in place of one that stops by itself."""
        process.send_word(REPLACED)
        if process.has_served:
            _LOGGER.info("worker %d stops by itself", process.pid)
            self._restarts.record_leaving(process.began)
        else:
            self._restarts.record_failure(now, process.began)

    def _collect_ended(self, now: float) -> None:
        """Remove the workers that ended, and wait for orphans that ended."""
        processes = {process.pid: process for process in self._fleet}
        for pid, status in collect_ended(processes).items():
            self._remove(processes[pid], status, now)
        if self._adopts_orphans:
            reap_orphans([process.pid for process in self._fleet])

    def _remove(self, process: Process, status: int | None, now: float) -> None:
        """Remove a worker that ended, and count a failure if it is one."""
        self._fleet.remove(process)
        self._hang_up(process)
        code = 0 if status is None else os.waitstatus_to_exitcode(status)
        is_parting = process.stage in _LEAVING and process.has_served and not code
        if (
            is_parting
            or process.stage in (ProcessStage.STOPPING, ProcessStage.FORCED)
            or self._status is not None
        ):
            _LOGGER.info("worker %d stopped", process.pid)
            return
        how = f"was killed by {_name_signal(-code)}" if code < 0 else f"ended with status {code}"
        if not process.has_served:
            how += " before it could serve"
        self._count_failure(process, now)
        self._retry_or_end(f"worker {process.pid} {how}", code if code > 0 else 1, now)

    def _check_deadline(self, process: Process, now: float) -> None:
        """Abort or kill a worker that is overdue."""
        if now >= process.deadline(self._patience):
            offence = _OFFENCES[process.stage].format(self._patience[process.stage])
            _LOGGER.error("worker %d %s", process.pid, offence)
            self._count_failure(process, now)
            process.escalate(now)

    def _retry_or_end(self, trouble: str, status: int, now: float) -> None:
        """Log a failure, and stop if no worker serves and further starts are pointless."""
        if not self._count_serving() and (self._restarts.is_exhausted or not self._has_served):
            _LOGGER.error("%s; no worker serves, so the supervisor stops", trouble)
            self._end(status, now)
        else:
            wait = max(0.0, self._restarts.not_before - now)
            _LOGGER.error("%s; the next starts in %.1f s", trouble, wait)

    def _count_failure(self, process: Process, now: float) -> None:
        """Count the failure of a worker, once."""
        if process.stage not in (ProcessStage.STARTING, ProcessStage.SERVING):
            return
        if now - process.served_since >= SETTLED:
            self._restarts.reset()
        else:
            self._restarts.record_failure(now, process.began)

    def _hang_up(self, process: Process) -> None:
        if process.channel.fileno() >= 0:
            self._selector.unregister(process.channel)
            process.channel.close()

    # Starting and stopping workers

    def _adjust(self, now: float) -> None:
        """Start and stop workers according to the plan."""
        starts, stops = plan(
            self._fleet, self._wanted, is_careful=self._restarts.failures > 0 or not self._has_served
        )
        for process in stops:
            process.stop(REPLACED, now)
        for _ in range(starts):
            if now >= self._restarts.not_before:
                self._start(now)
        if self._count_serving() >= self._wanted > 0:
            if self._on_ready is not None:
                self._run_callback(self._on_ready)
                self._on_ready = None
            if self._is_reloading and not any(
                process.is_outdated for process in self._fleet if process.stage in _CURRENT
            ):
                self._is_reloading = False
                self._run_callback(self._on_reloaded)

    def _report_alive(self) -> None:
        """Call `on_alive` when it is time for that, if a worker serves. Hanging workers do not count: they are
        aborted."""
        now = time.monotonic()
        if now >= self._alive_next and self._is_alive():
            self._run_callback(self._on_alive)
            self._alive_next = now + self._alive_interval

    def _run_callback(self, callback: Callable[[], Any]) -> None:
        """Call a callback and log its failure, which must not end the supervisor."""
        try:
            callback()
        except Exception:
            _LOGGER.exception("a callback of the supervisor failed; the supervisor continues")

    def _is_alive(self) -> bool:
        return self._status is None and self._on_ready is None and self._count_serving() > 0

    def _count_serving(self) -> int:
        return sum(process.stage is ProcessStage.SERVING for process in self._fleet)

    def _wait_for(self, now: float) -> float | None:
        """Return the time until the next deadline (seconds); None for none."""
        if self._status is not None and not self._fleet:
            return 0.0
        waits = [process.deadline(self._patience) - now for process in self._fleet]
        if self._status is None and self._restarts.not_before > now:
            waits.append(self._restarts.not_before - now)
        if self._is_alive():
            waits.append(self._alive_next - time.monotonic())
        soonest = min(waits, default=math.inf)
        return None if soonest == math.inf else max(0.0, soonest)

    # Forks

    def _start(self, now: float) -> None:
        if threading.active_count() > 1:
            _LOGGER.warning(
                "a worker is forked while other threads run: it may inherit a lock that is never released"
            )
        with ExitStack() as stack:
            try:
                ours, theirs = map(stack.enter_context, socket.socketpair())
                ours.setblocking(False)
                theirs.setblocking(False)
                flush_output()
                with self._signals.holding():
                    pid = os.fork()
                    if pid == 0:
                        run_child(
                            lambda: self._release_inherited(ours),
                            lambda: self._work(Worker(theirs, self._settings)),
                            self._actions.keys(),
                        )
            except OSError as error:  # not enough memory, or too many processes or descriptors
                self._restarts.record_failure(now)
                self._retry_or_end(f"no worker can be forked: {error}", 1, now)
                return
            stack.pop_all()
        theirs.close()
        self._fleet.append(Process(pid, ours, now, began=now))
        self._selector.register(ours, selectors.EVENT_READ)

    def _release_inherited(self, ours: socket.socket) -> None:
        """Release, in a forked process, what belongs to the supervisor."""
        self._signals.leave()
        self._selector.close()
        # A worker notices the end of the supervisor only if no other process holds the other end of its channel.
        for channel in (ours, *(process.channel for process in self._fleet)):
            channel.close()


_CURRENT: Final = (ProcessStage.STARTING, ProcessStage.SERVING)
_LEAVING: Final = (ProcessStage.LEAVING, ProcessStage.DRAINING)

_OFFENCES: Final = {
    ProcessStage.STARTING: "does not serve after {:g} s, its start_timeout. It is aborted",
    ProcessStage.DRAINING: "is stuck: its loop does not turn for {:g} s. It is aborted",
    ProcessStage.SERVING: "is stuck: its loop does not turn for {:g} s. It is aborted",
    ProcessStage.STOPPING: "does not stop in {:g} s. It is killed",
    ProcessStage.LEAVING: "does not stop in {:g} s. It is killed",
    ProcessStage.FORCED: "does not stop in {:g} s. It is killed",
    ProcessStage.ABORTING: "does not even abort in {:g} s. It is killed",
}


def _name_signal(number: int) -> str:
    """Return the name of a signal, or the number of one that has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
