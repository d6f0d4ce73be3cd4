"""Work in threads, beside the event loop: for calls that may take longer than the way to a thread and back.

A plan owns a descriptor, even if its receiver is cancelled. Where the loop is not asyncio's, the work is done at the
call: those loops have threads of their own kind.
"""

import asyncio
from collections.abc import Callable

from muntin.static._plan import FilePlan
from muntin.static._root import RequestFields, StaticRoot

__all__ = ["plan_apart", "read_apart"]


async def plan_apart(
    root: StaticRoot,
    method: str,
    path: str,
    fields: RequestFields,
    *,
    query: str = "",
    mount_name: str | None = None,
) -> FilePlan:
    """Plan as `StaticRoot.plan` does, in a thread if a directory may have to be listed.

    Raises:
        OSError: as `StaticRoot.plan`.
    """
    if not root.may_list(path):
        return root.plan(method, path, fields, query=query, mount_name=mount_name)
    return await _plan_in_thread(lambda: root.plan(method, path, fields, query=query, mount_name=mount_name))


async def _plan_in_thread(call: Callable[[], FilePlan]) -> FilePlan:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return call()
    planning = loop.run_in_executor(None, call)
    try:
        return await asyncio.shield(planning)
    except asyncio.CancelledError:
        planning.add_done_callback(_close_plan)
        raise


def _close_plan(planning: "asyncio.Future[FilePlan]") -> None:
    if not planning.cancelled() and planning.exception() is None:
        planning.result().close()


async def read_apart(plan: FilePlan, offset: int, count: int) -> bytes:
    """Read as `FilePlan.read` does, in a thread if the disk may block.

    Raises:
        FileChanged: as `FilePlan.read`.
    """
    data = plan.read_nowait(offset, count)
    return await _read_in_thread(plan, offset, count) if data is None else data


async def _read_in_thread(plan: FilePlan, offset: int, count: int) -> bytes:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return plan.read(offset, count)
    reading = loop.run_in_executor(None, plan.read, offset, count)
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        # Closing the descriptor under the thread could make it read from another file.
        await asyncio.wait([reading])
        raise
