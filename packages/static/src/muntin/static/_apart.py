"""Work in threads, beside the event loop: for calls that may take longer than the way to a thread and back.

A plan owns a descriptor, even if its receiver is cancelled. Where the loop is not asyncio's, the work is done at the
call: those loops have threads of their own kind.
"""

import asyncio
from functools import partial

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
    """Plan as `StaticRoot.plan` does, in a thread if `StaticRoot.plan_nowait` does not plan.

    The thread is one of the root's executor, or one of the event loop's if the root has none.

    Raises:
        OSError: as `StaticRoot.plan`.
        RuntimeError: the executor was shut down.
    """
    plan = root.plan_nowait(method, path, fields, query=query, mount_name=mount_name)
    if plan is not None:
        return plan
    call = partial(root.plan, method, path, fields, query=query, mount_name=mount_name)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return call()
    planning = loop.run_in_executor(root.executor, call)
    try:
        return await asyncio.shield(planning)
    except asyncio.CancelledError:
        planning.add_done_callback(_close_plan)
        raise


def _close_plan(planning: "asyncio.Future[FilePlan]") -> None:
    if not planning.cancelled() and planning.exception() is None:
        planning.result().close()


async def read_apart(plan: FilePlan, offset: int, count: int) -> bytes:
    """Read as `FilePlan.read` does, in a thread if the disk may block: one of the plan's executor, or of the loop's.

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
    reading = loop.run_in_executor(plan.executor, plan.read, offset, count)
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        # Closing the descriptor under the thread could make it read from another file.
        await asyncio.wait([reading])
        raise
