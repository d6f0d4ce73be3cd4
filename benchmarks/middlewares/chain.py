"""What a middleware costs that only passes on: the pipeline of a route with none of them to five, in process.

    python benchmarks/middlewares/chain.py [--rounds 15] [--calls 20000]

Each number is the median over interleaved rounds (every pipeline once, then again). The last column is what one more
middleware added on average; the goal is less than 0.6 microseconds. It is the processor's time, so that whatever else
runs counts less. Beside the documented kind stands the older one, whose factory is awaited for each request.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from muntin import web
from muntin.web.testing import MemoryExchange

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LONGEST = 5
ANSWER = web.Response(text="hello")


async def hello(request: web.Request) -> web.StreamResponse:
    """Answer without making anything, so that the chain is all there is."""
    return ANSWER


def make_new() -> Callable[..., Any]:
    """Make a middleware that only passes on."""

    @web.middleware
    async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)

    return pass_on


def make_old() -> Callable[..., Any]:
    """Make a factory of the older kind that only passes on."""

    async def factory(app: web.Application, handler: Handler) -> Handler:
        async def pass_on(request: web.Request) -> web.StreamResponse:
            return await handler(request)

        return pass_on

    return factory


def make_pipeline(make: Callable[[], Callable[..., Any]], count: int) -> Handler:
    """Return the handler of a route inside its middlewares, as an application calls it."""
    app = web.Application(middlewares=[make() for _ in range(count)])
    route = app.router.add_get("/", hello)
    app.freeze()
    handler: Handler = app.pipelines.of(route).handler
    return handler


def measure(handler: Handler, request: web.Request, calls: int) -> float:
    """Return the processor time of one call, in seconds; like the driver, without a task."""
    begin = time.process_time()
    for _ in range(calls):
        coroutine: Any = handler(request)
        try:
            coroutine.send(None)
        except StopIteration:
            continue
        raise RuntimeError("a pipeline without anything to wait for has waited")
    return (time.process_time() - begin) / calls


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, choices=range(1, 101), metavar="N")
    parser.add_argument("--calls", type=int, default=20_000, choices=range(1, 1_000_001), metavar="N")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # of the older kind
    request = web.Request(MemoryExchange(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"))
    kinds = {"(request, handler)": make_new, "(app, handler)": make_old}
    pipelines = {
        (kind, count): make_pipeline(make, count)
        for kind, make in kinds.items()
        for count in range(LONGEST + 1)
    }
    times: dict[tuple[str, int], list[float]] = {key: [] for key in pipelines}
    for _ in range(arguments.rounds):
        for key, handler in pipelines.items():
            times[key].append(measure(handler, request, arguments.calls))
    print("microseconds".ljust(20), *(f"{count:>6}" for count in range(LONGEST + 1)), "    each")
    for kind in kinds:
        row = [statistics.median(times[kind, count]) * 1e6 for count in range(LONGEST + 1)]
        each = (row[-1] - row[0]) / LONGEST
        print(kind.ljust(20), *(f"{value:6.2f}" for value in row), f"{each:8.3f}")


if __name__ == "__main__":
    main()
