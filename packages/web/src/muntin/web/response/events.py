"""Server-sent events (WHATWG HTML, section 9.2): a response that lasts for as long as the client listens.

It knows the format, and when a stream ends. It has no task of its own: the heart-beat is a timer, and when the client
has gone, the task inside `open` is cancelled, which ends the block.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final, Protocol
from weakref import WeakSet

from muntin.web.response.headers import LooseHeaders
from muntin.web.response.served_request import ServedRequest
from muntin.web.response.stream import StreamResponse

__all__ = ["EventRequest", "EventStream", "close_event_streams", "format_event"]

# Seconds between comments: proxies cut what is silent for 30 to 60 of them.
_HEARTBEAT: Final = 15.0
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class EventRequest(ServedRequest, Protocol):
    """A request for events."""

    @property
    def headers(self) -> Mapping[str, str]: ...


class EventStream(StreamResponse):
    """A stream of events.

    ```python
    from muntin import web

    async def ticks(request: web.Request) -> web.EventStream:
        stream = web.EventStream(retry=2.0)
        async with stream.open(request):
            for number in range(3):
                await stream.send(str(number), event="tick", id=str(number))
        return stream
    ```

    Args:
        heartbeat: seconds between comments, which keep the connection alive, or show that it is not; None for none.
        retry: seconds that a client waits before it connects again; None lets it choose.
        status: the status code.
        headers: further fields.

    Raises:
        ValueError: `heartbeat` or `retry` is negative.
    """

    _open_streams: ClassVar["WeakSet[EventStream]"] = WeakSet()

    def __init__(
        self,
        *,
        heartbeat: float | None = _HEARTBEAT,
        retry: float | None = None,
        status: int = 200,
        headers: LooseHeaders | None = None,
    ) -> None:
        super().__init__(status=status, headers=headers)
        if (heartbeat is not None and heartbeat <= 0) or (retry is not None and retry < 0):
            raise ValueError("heartbeat and retry are times in seconds")
        self.headers.setdefault("Content-Type", "text/event-stream")
        # Neither caches nor buffering proxies may hold events back.
        self.headers.setdefault("Cache-Control", "no-store")
        self.headers.setdefault("X-Accel-Buffering", "no")
        self._heartbeat = heartbeat
        self._retry = retry
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._is_closing = False
        self.last_event_id: str | None = None
        """The id of the last event that the client has received, when it connects again."""

    @asynccontextmanager
    async def open(self, request: EventRequest) -> AsyncIterator["EventStream"]:
        """Send the head, and end the stream at the end of the block.

        When the client goes away, or `close` is called, the block is left at its next await; that is no error. The
        response to HEAD has no body, so the block is left at its first await.

        Raises:
            RuntimeError: it is called outside of a task.
            LocalProtocolError, ConnectionResetError: as `prepare`.
        """
        self.last_event_id = request.headers.get("Last-Event-ID")
        await self.prepare(request)
        task = self._task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an event stream is opened within a task")
        request.exchange.call_on_disconnect(self.close)
        if request.exchange.head.method == "HEAD":
            # There is nothing to send, so nothing to wait for: the block would hold the connection for good.
            asyncio.get_running_loop().call_soon(self.close)
        self._open_streams.add(self)
        self._beat()
        try:
            if self._retry is not None:
                await self.write(b"retry: %d\n\n" % round(self._retry * 1000))
            yield self
        except asyncio.CancelledError:
            if not self._is_closing or task.uncancel() > 0:
                raise
        except ConnectionResetError:
            if not request.exchange.is_disconnected:
                raise
            await self._await_cancellation(task)
        else:
            await self._await_cancellation(task)
        finally:
            self._forget_task()
        if not request.exchange.is_disconnected:
            await self.write_eof()

    async def _await_cancellation(self, task: asyncio.Task[Any]) -> None:
        """If `close` has cancelled the task, let that arrive here, and not at the next await of the handler."""
        if self._is_closing:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                if task.uncancel() > 0:
                    raise

    def _forget_task(self) -> None:
        self._task = None
        self._open_streams.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Cancel the block of `open`; from anywhere in the loop's thread."""
        task, self._task = self._task, None
        if task is not None:
            self._is_closing = True
            task.cancel()

    def send(
        self, data: str, *, event: str | None = None, id: str | None = None, retry: float | None = None
    ) -> Coroutine[Any, Any, None]:
        """Send an event, now; awaiting the result waits until there is room for more.

        Args:
            data: its text, of any number of lines.
            event: its type; ``message`` for None.
            id: the client sends it as Last-Event-ID when it connects again.
            retry: seconds that the client waits before that.

        Raises:
            ValueError: `event` or `id` has a line end, or `id` a NUL.
            RuntimeError, ConnectionResetError: as `write`.
        """
        return self.write(format_event(data, event=event, id=id, retry=retry).encode())

    def comment(self, text: str = "") -> Coroutine[Any, Any, None]:
        """Send a comment, which clients ignore."""
        return self.write("".join(f": {line}\n" for line in _LINE_END.split(text)).encode() + b"\n")

    def _beat(self) -> None:
        exchange = self._exchange
        if self._heartbeat is None or exchange is None or exchange.is_finished:
            return
        if self._timer is not None:
            try:
                # Not awaited: a client that does not read is cut off when too much waits for it.
                pending = self.comment()
            except (ConnectionResetError, RuntimeError):
                self.close()
                return
            pending.close()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(exchange.deadline_in(self._heartbeat), self._beat)


def format_event(
    data: str, *, event: str | None = None, id: str | None = None, retry: float | None = None
) -> str:
    """Return an event in the format of the stream.

    Raises:
        ValueError: `event` or `id` has a line end, or `id` a NUL: they would become something else.
    """
    lines = []
    for name, value in (("event", event), ("id", id)):
        if value is not None:
            if _LINE_END.search(value) or "\0" in value:
                raise ValueError(f"the {name} of an event has a line end or NUL: {value!r}")
            lines.append(f"{name}: {value}\n")
    if retry is not None:
        lines.append(f"retry: {round(retry * 1000)}\n")
    lines += [f"data: {line}\n" for line in _LINE_END.split(data)]
    return "".join((*lines, "\n"))


async def close_event_streams(app: object = None) -> None:
    """End all event streams of this process: for `Application.on_shutdown`."""
    for stream in tuple(EventStream._open_streams):  # noqa: SLF001  # a friend of the class
        stream.close()
