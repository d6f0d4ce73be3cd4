"""The load: wrk sends one request over and over, or our own sockets one message, and tells how that went."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT, Server, Unfit, pinned
from benchmarks.workloads import MIB, Workload

SCRIPT = """
wrk.method = {method}
wrk.path = {path}
{fields}
{body}
{pipelining}
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\\n{{"requests": %d, "bytes": %d, "microseconds": %d, "median": %d, "p99": %d, "failed": %d}}\\n',
        summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""

PIPELINING = """
init = function(arguments)
    at_once = string.rep(wrk.format(), {count})
end
request = function()
    return at_once
end
"""

# A larger response may not end within a turn: there the bytes that came tell how many there were.
LARGE = MIB


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one stretch of load came to."""

    rate: float
    """Requests, or messages, per second."""
    cost: float
    """Processor time that the server took for each; microseconds. Other programs on the machine change this least."""
    median: int
    """Half of the answers (or bursts of messages) took no longer; microseconds."""
    p99: int
    """99 of 100 answers took no longer; microseconds."""
    failed: int
    """Requests without an answer, or with one above 399."""


def write_script(workload: Workload, folder: Path) -> Path:
    """Write the requests of a workload in wrk's language, and give the path."""
    body = ""
    if workload.body:
        content = folder / f"{workload.name}.body"
        content.write_bytes(workload.body)
        body = (
            f"local file = io.open({json.dumps(str(content))}, 'rb') wrk.body = file:read('*a') file:close()"
        )
    fields = "\n".join(
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in workload.fields.items()
    )
    path = folder / f"{workload.name}.lua"
    path.write_text(
        SCRIPT.format(
            method=json.dumps(workload.method),
            path=json.dumps(workload.path),
            fields=fields,
            body=body,
            pipelining=PIPELINING.format(count=workload.pipelined) if workload.pipelined > 1 else "",
        )
    )
    return path


def wrk(server: Server, workload: Workload, script: Path, seconds: int) -> list[str]:
    """Return the command that sends requests from one thread."""
    command = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(workload.connections),
        "--duration",
        f"{seconds}s",
    ]
    return [*command, "--timeout", "5s", "--script", str(script), f"http://127.0.0.1:{server.port}"]


def sockets(server: Server, workload: Workload, seconds: int) -> list[str]:
    """Return the command that sends messages over WebSockets."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.sockets",
        "--port",
        str(server.port),
        "--path",
        workload.path,
    ]
    sizes = ["--size", str(workload.message), "--sockets", str(workload.connections)]
    return [*command, *sizes, "--seconds", str(seconds)]


def count_requests(told: Mapping[str, float], workload: Workload) -> float:
    """Return how many requests have been answered: a large response that has come in part counts in part."""
    return told["bytes"] / workload.answer if workload.answer > LARGE else told["requests"]


def make_load(server: Server, workload: Workload, *, script: Path, seconds: int, core: int) -> Measurement:
    """Make load for a number of seconds on one core, and measure.

    Raises:
        Unfit: the server broke off.
    """
    command = (
        sockets(server, workload, seconds) if workload.message else wrk(server, workload, script, seconds)
    )
    before = server.processor_seconds()
    run = subprocess.run(
        pinned(command, core), cwd=ROOT, capture_output=True, text=True, timeout=seconds + 30
    )
    if run.returncode:
        raise Unfit(f"the load ended with {run.returncode}: {run.stderr[-1000:]}")
    told = json.loads(run.stdout.strip().splitlines()[-1])
    requests = count_requests(told, workload)
    if not requests:
        raise Unfit("the server answered no request in time")
    rate = requests / (told["microseconds"] / 1e6)
    cost = (server.processor_seconds() - before) * 1e6 / requests
    return Measurement(rate, cost, told["median"], told["p99"], told["failed"])
