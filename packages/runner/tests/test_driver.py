"""The driver, held against asyncio's own tasks.

Each scenario is a coroutine that writes down what happens to it. It is run by the driver and in a task of its
own; the two records must be the same. What has no counterpart in a task (seats, turns of the loop) is tested
below.
"""

import asyncio
import gc
import sys
import types
import weakref
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from muntin.runner import Driver
from muntin.runner._driver import Seat

Log = list[str]
Scenario = Callable[[Log], Coroutine[Any, Any, object]]
VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="unset")


async def ready(driver: Driver) -> None:
    while not driver.make_ready():
        await asyncio.sleep(0)


async def drive(driver: Driver, coroutine: Coroutine[Any, Any, object]) -> BaseException | None:
    """Run a coroutine by the driver, from a callback of the loop as a connection does."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()
    await ready(driver)
    loop.call_soon(driver.run, coroutine, ended.set_result)
    return await ended


async def by_driver(scenario: Scenario) -> Log:
    log: Log = []
    driver = Driver(asyncio.get_running_loop(), copy_context())
    try:
        log.append(f"ended with {await drive(driver, scenario(log))!r}")
    finally:
        driver.close()
        await asyncio.sleep(0)
    return log


async def by_task(scenario: Scenario) -> Log:
    log: Log = []

    async def whole() -> BaseException | None:
        try:
            await scenario(log)
        except BaseException as error:
            return error
        return None

    log.append(f"ended with {await asyncio.create_task(whole())!r}")
    return log


# Scenarios ----------------------------------------------------------------------------------------------------


async def returns_at_once(log: Log) -> None:
    log.append("ran")


async def returns_a_value_at_once(log: Log) -> str:
    return "dropped"


async def raises_at_once(log: Log) -> None:
    raise ValueError("at once")


async def sleeps_zero(log: Log) -> None:
    for turn in range(3):
        await asyncio.sleep(0)
        log.append(f"turn {turn}")


async def raises_after_waiting(log: Log) -> None:
    await asyncio.sleep(0)
    raise ValueError("later")


async def waits_for_a_future(log: Log) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()
    loop.call_soon(future.set_result, "value")
    log.append(await future)


async def waits_for_a_failing_future(log: Log) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()
    loop.call_soon(future.set_exception, KeyError("inner"))
    try:
        await future
    except KeyError as error:
        log.append(f"caught {error!r}")


async def waits_for_a_done_future(log: Log) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    future.set_result("done before")
    log.append(await future)
    await asyncio.sleep(0)


async def future_done_between_the_steps(log: Log) -> None:
    # The callback runs in the very turn in which the seat wakes, before it.
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()
    loop.call_soon(future.set_result, "in the window")
    log.append(await future)
    log.append(await asyncio.wait_for(asyncio.sleep(0, "again"), 5))


async def same_task_throughout(log: Log) -> None:
    first = asyncio.current_task()
    await asyncio.sleep(0)
    log.append(f"same: {asyncio.current_task() is first}, a task: {isinstance(first, asyncio.Task)}")


async def is_among_all_tasks(log: Log) -> None:
    log.append(f"{asyncio.current_task() in asyncio.all_tasks()}")


async def timeout_that_is_kept(log: Log) -> None:
    async with asyncio.timeout(60):
        log.append("within")
    async with asyncio.timeout(60):
        await asyncio.sleep(0)
        log.append("within, having waited")


async def timeout_of_zero(log: Log) -> None:
    try:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    except TimeoutError:
        log.append("timed out")
    task = asyncio.current_task()
    log.append(f"cancelling: {task.cancelling() if task else None}")


async def timeout_in_a_first_step_that_ends(log: Log) -> None:
    async with asyncio.timeout(0):
        log.append("no wait, no time-out")


async def timeout_later(log: Log) -> None:
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    except TimeoutError:
        log.append("timed out")


async def nested_timeouts(log: Log) -> None:
    try:
        async with asyncio.timeout(60):
            try:
                async with asyncio.timeout(0):
                    await asyncio.Event().wait()
            except TimeoutError:
                log.append("inner")
            await asyncio.sleep(0)
    except TimeoutError:
        log.append("outer")


async def timeout_swallowed_by_the_awaited(log: Log) -> None:
    limit = asyncio.timeout(None)

    async def stubborn() -> str:
        limit.reschedule(0)  # time is up now that it waits, however busy the machine is
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "stayed"
        return ""

    inner = asyncio.create_task(stubborn())
    try:
        async with limit:
            log.append(await inner)
    except TimeoutError:
        log.append("timed out all the same")


async def wait_for(log: Log) -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    except TimeoutError:
        log.append("timed out")


async def task_group(log: Log) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(0))
        group.create_task(note(log, "child"))
    log.append("group over")


async def note(log: Log, text: str) -> None:
    await asyncio.sleep(0)
    log.append(text)


async def fail() -> None:
    raise LookupError("child")


async def task_group_with_a_failing_child(log: Log) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await asyncio.Event().wait()
    except* LookupError as group_error:
        log.append(f"caught {group_error.exceptions!r}")
    task = asyncio.current_task()
    log.append(f"cancelling: {task.cancelling() if task else None}")


async def cancels_itself_then_waits(log: Log) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.cancel("by itself")
    try:
        await asyncio.sleep(0)
        log.append("went on")
    except asyncio.CancelledError as error:
        log.append(f"cancelled {error.args!r}")
        raise


async def cancels_itself_then_waits_for_a_future(log: Log) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.cancel()
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    try:
        await future
    except asyncio.CancelledError:
        log.append(f"cancelled, the future too: {future.cancelled()}")


async def cancelled_in_the_window(log: Log) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().call_soon(task.cancel, "in the window")
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    try:
        await future
    except asyncio.CancelledError as error:
        log.append(f"cancelled {error.args!r}, the future too: {future.cancelled()}")
    await asyncio.sleep(0)
    log.append("went on")


async def cancelled_after_the_window(log: Log) -> None:
    await asyncio.sleep(0)
    await cancelled_in_the_window(log)


async def cancelled_in_the_window_under_a_shield(log: Log) -> None:
    task = asyncio.current_task()
    inner = asyncio.create_task(note(log, "the shielded went on"))
    if task is not None:
        asyncio.get_running_loop().call_soon(task.cancel)
    try:
        await asyncio.shield(inner)
    except asyncio.CancelledError:
        log.append(f"cancelled, the shielded not: {not inner.cancelled()}")
    await inner


async def cancelled_in_the_window_awaiting_a_task(log: Log) -> None:
    async def inner() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("inner cancelled")
            raise

    task = asyncio.current_task()
    child = asyncio.create_task(inner())
    await asyncio.sleep(0)
    if task is not None:
        asyncio.get_running_loop().call_soon(task.cancel)
    try:
        await child
    except asyncio.CancelledError:
        log.append("outer cancelled")


async def finally_runs_after_cancel(log: Log) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().call_soon(task.cancel)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        log.append("cleaned up")


async def context_is_kept_between_steps(log: Log) -> None:
    VARIABLE.set("mine")
    await asyncio.sleep(0)
    log.append(VARIABLE.get())
    child = asyncio.create_task(read_variable())
    log.append(await child)
    seen: list[str] = []
    asyncio.get_running_loop().call_soon(lambda: seen.append(VARIABLE.get()))
    await asyncio.sleep(0)
    log.append(seen[0])


async def read_variable() -> str:
    return VARIABLE.get()


async def thread_and_back(log: Log) -> None:
    VARIABLE.set("for the thread")
    log.append(await asyncio.to_thread(VARIABLE.get))


async def queue_between_tasks(log: Log) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce() -> None:
        for number in range(3):
            await queue.put(number)

    producer = asyncio.create_task(produce())
    log.append(str([await queue.get() for _ in range(3)]))
    await producer


async def async_generator(log: Log) -> None:
    async def numbers() -> Any:
        try:
            for number in range(3):
                await asyncio.sleep(0)
                yield number
        finally:
            log.append("generator closed")

    stream = numbers()
    log.append(str(await anext(stream)))
    await stream.aclose()


@types.coroutine
def bare_yields() -> Generator[None, None, str]:
    yield
    yield
    return "through"


async def awaits_a_generator_coroutine(log: Log) -> None:
    log.append(await bare_yields())


@types.coroutine
def wrong_yield() -> Generator[str, None, None]:
    yield "nonsense"


async def yields_nonsense(log: Log) -> None:
    try:
        await wrong_yield()
    except RuntimeError as error:
        log.append(f"refused: {'nonsense' in str(error)}")


async def yields_nonsense_later(log: Log) -> None:
    await asyncio.sleep(0)
    await yields_nonsense(log)


async def base_exception(log: Log) -> None:
    await asyncio.sleep(0)
    raise asyncio.CancelledError("raised by hand")


SCENARIOS: list[Scenario] = [
    value for name, value in list(globals().items())
    if asyncio.iscoroutinefunction(value)
    and name not in {"ready", "drive", "by_driver", "by_task", "note", "fail", "read_variable"}
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_like_a_task(run: Callable[..., Any], scenario: Scenario) -> None:
    async def both() -> tuple[Log, Log]:
        return await by_task(scenario), await by_driver(scenario)

    expected, actual = run(both())
    assert actual == expected
    assert expected, "a scenario must have something to tell"


# What only the driver has ---------------------------------------------------------------------------------------


def test_nothing_is_scheduled_for_what_does_not_wait(run: Callable[..., Any]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        driver = Driver(loop, copy_context())
        await ready(driver)
        before = asyncio.all_tasks()
        ended: list[BaseException | None] = []
        seen: list[asyncio.Task[Any] | None] = []

        async def handler() -> None:
            seen.append(asyncio.current_task())

        def burst() -> None:
            for _ in range(100):
                assert driver.make_ready()
                driver.run(handler(), ended.append)
            assert len(ended) == 100  # within the same turn

        done = loop.create_future()
        loop.call_soon(lambda: (burst(), done.set_result(None)))
        await done
        assert ended == [None] * 100
        assert set(seen) == {driver.task}
        assert asyncio.all_tasks() == before
        driver.close()

    run(main())


def test_no_exception_is_made_for_what_does_not_wait(run: Callable[..., Any]) -> None:
    raised: list[str] = []

    def record(frame: types.FrameType, event: str, function: Any) -> None:
        if event == "c_exception":
            raised.append(function.__name__)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        driver = Driver(loop, copy_context())
        await ready(driver)
        ended: asyncio.Future[BaseException | None] = loop.create_future()

        def drive_with_profile() -> None:
            sys.setprofile(record)
            try:
                driver.run(returns_a_value_at_once([]), ended.set_result)
            finally:
                sys.setprofile(None)

        loop.call_soon(drive_with_profile)
        assert await ended is None
        driver.close()

    run(main())
    assert raised == []


class Handmade(Coroutine[Any, Any, str]):
    """A coroutine of a class, such as compilers make."""

    def __init__(self, coroutine: Coroutine[Any, Any, str]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, str]:
        return (yield from self._coroutine.__await__())

    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *args: Any) -> Any:
        return self._coroutine.throw(*args)

    def close(self) -> None:
        self._coroutine.close()


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_coroutine_of_another_class(run: Callable[..., Any], is_cancelled: bool) -> None:
    async def handler(log: Log) -> str:
        task = asyncio.current_task()
        for turn in range(3):
            log.append(f"turn {turn}, the same task: {asyncio.current_task() is task}")
            if is_cancelled and turn and task is not None:
                task.cancel()
            await asyncio.sleep(0)
        return "dropped"

    async def main() -> Log:
        log: Log = []
        driver = Driver(asyncio.get_running_loop(), copy_context())
        log.append(repr(type(await drive(driver, Handmade(handler(log))))))
        driver.close()
        return log

    turns = [f"turn {turn}, the same task: True" for turn in range(2 if is_cancelled else 3)]
    end = asyncio.CancelledError if is_cancelled else type(None)
    assert run(main()) == [*turns, repr(end)]


def test_a_task_for_each_that_waits(run: Callable[..., Any]) -> None:
    async def main() -> None:
        driver = Driver(asyncio.get_running_loop(), copy_context())
        tasks: list[asyncio.Task[Any] | None] = []

        async def handler() -> None:
            tasks.append(asyncio.current_task())
            await asyncio.sleep(0)

        for _ in range(3):
            await drive(driver, handler())
        assert len(set(tasks)) == 3
        await asyncio.sleep(0)
        assert all(task is not None and task.done() for task in tasks)
        driver.close()

    run(main())


def test_the_task_can_be_awaited_from_elsewhere(run: Callable[..., Any]) -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        driver = Driver(loop, copy_context())
        log: list[str] = []
        gate = asyncio.Event()

        async def handler() -> None:
            await gate.wait()
            log.append("handler over")

        await ready(driver)
        loop.call_soon(driver.run, handler(), lambda error: log.append("told"))
        await asyncio.sleep(0)
        task = driver.task
        loop.call_soon(gate.set)
        await task
        log.append("awaited")
        driver.close()
        return log

    assert run(main()) == ["handler over", "told", "awaited"]


def test_the_task_can_be_cancelled_from_elsewhere(run: Callable[..., Any]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        driver = Driver(loop, copy_context())
        ended: list[BaseException | None] = []

        async def handler() -> None:
            await asyncio.Event().wait()

        await ready(driver)
        loop.call_soon(driver.run, handler(), ended.append)
        await asyncio.sleep(0)
        task = driver.task
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        assert isinstance(ended[0], asyncio.CancelledError)
        driver.close()

    run(main())


def test_contexts_do_not_mix(run: Callable[..., Any]) -> None:
    async def main() -> list[str]:
        VARIABLE.set("server")
        driver = Driver(asyncio.get_running_loop(), copy_context())
        VARIABLE.set("changed after")
        seen: list[str] = []

        async def handler(name: str, *, waits: bool) -> None:
            seen.append(VARIABLE.get())
            VARIABLE.set(name)
            if waits:
                await asyncio.sleep(0)
            seen.append(VARIABLE.get())

        await drive(driver, handler("first", waits=False))
        await drive(driver, handler("second", waits=True))
        await drive(driver, handler("third", waits=False))
        seen.append(VARIABLE.get())
        driver.close()
        return seen

    assert run(main()) == ["server", "first", "server", "second", "server", "third", "changed after"]


@pytest.mark.parametrize("when", ["before it is parked", "while it waits"])
def test_a_reserve_that_somebody_cancelled_is_replaced(run: Callable[..., Any], when: str) -> None:
    async def main() -> BaseException | None:
        driver = Driver(asyncio.get_running_loop(), copy_context())
        if when == "while it waits":
            await ready(driver)
        spoilt = driver.task
        spoilt.cancel()
        outcome = await drive(driver, asyncio.sleep(0))
        assert driver.task is not spoilt
        driver.close()
        return outcome

    assert run(main()) is None


def test_a_cancellation_that_went_unnoticed_ends_with_its_coroutine(run: Callable[..., Any]) -> None:
    async def main() -> None:
        driver = Driver(asyncio.get_running_loop(), copy_context())

        async def careless() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

        async def next_one() -> None:
            task = asyncio.current_task()
            assert task is not None
            assert not task.cancelling()
            await asyncio.sleep(0)

        assert await drive(driver, careless()) is None
        assert await drive(driver, next_one()) is None
        driver.close()

    run(main())


def test_closing_leaves_what_is_under_way(run: Callable[..., Any]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        driver = Driver(loop, copy_context())
        gate = asyncio.Event()
        ended: asyncio.Future[BaseException | None] = loop.create_future()

        async def handler() -> None:
            await gate.wait()

        await ready(driver)
        loop.call_soon(driver.run, handler(), ended.set_result)
        await asyncio.sleep(0)
        driver.close()
        gate.set()
        assert await ended is None
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_closing_ends_the_reserve(run: Callable[..., Any]) -> None:
    async def main() -> None:
        driver = Driver(asyncio.get_running_loop(), copy_context())
        await ready(driver)
        driver.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not driver.make_ready()

    run(main())


@pytest.mark.parametrize("exit_type", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("waits", [False, True])
def test_exits_reach_the_loop(exit_type: type[BaseException], waits: bool) -> None:
    ended: list[BaseException | None] = []

    async def handler() -> None:
        if waits:
            await asyncio.sleep(0)
        raise exit_type

    async def main() -> None:
        driver = Driver(asyncio.get_running_loop(), copy_context())
        await ready(driver)
        asyncio.get_running_loop().call_soon(driver.run, handler(), ended.append)
        await asyncio.Event().wait()

    with pytest.raises(exit_type), asyncio.Runner() as runner:
        runner.run(main())
    assert isinstance(ended[0], exit_type)


def test_no_cycle_keeps_a_finished_coroutine(run: Callable[..., Any]) -> None:
    async def main() -> int:
        driver = Driver(asyncio.get_running_loop(), copy_context())

        class Marker:
            pass

        async def handler(marker: Marker) -> None:
            await asyncio.sleep(0)

        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await drive(driver, handler(Marker()))
            await asyncio.sleep(0)
            return sum(isinstance(thing, Marker) for thing in gc.get_objects())
        finally:
            gc.enable()
            driver.close()

    assert run(main()) == 0


# What is left ------------------------------------------------------------------------------------------------------


async def waits_for_what_fails(failing: asyncio.Future[None]) -> None:
    try:
        await failing
    finally:
        del failing


def find_seats() -> list[Seat]:
    """Return all seats that there are; one that is compiled has no weak references."""
    return [found for found in gc.get_objects() if type(found) is Seat]


@pytest.mark.parametrize(
    "end", ["returns", "fails", "is cancelled", "awaits what fails", "never runs", "never begins"]
)
def test_nothing_waits_for_the_collector(run: Callable[..., Any], end: str) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        driver = Driver(loop, copy_context())
        kept = weakref.ref(driver.task)
        if end != "never begins":
            await ready(driver)
        assert len(find_seats()) == 1
        if end not in ("never begins", "never runs"):
            failing = loop.create_future()
            task = driver.task
            made = {
                "returns": lambda: asyncio.sleep(0),
                "fails": raises_later,
                "is cancelled": lambda: asyncio.sleep(3600),
                "awaits what fails": lambda: waits_for_what_fails(failing),
            }[end]
            driving = asyncio.ensure_future(drive(driver, made()))
            for _ in range(3):
                await asyncio.sleep(0)
            if end == "is cancelled":
                task.cancel()
            failing.set_exception(ValueError())
            await driving
            with suppress(ValueError):
                await failing
            del failing, task, driving, made
        driver.close()
        for _ in range(5):
            await asyncio.sleep(0)
        assert kept() is None
        assert find_seats() == []

    async def raises_later() -> None:
        await asyncio.sleep(0)
        raise ValueError

    gc.collect()
    gc.disable()
    try:
        run(main())
    finally:
        gc.enable()
