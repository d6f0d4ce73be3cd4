"""The load: wrk sends one request over and over, and tells how that went."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Server, pinned
from benchmarks.workloads import Workload

SCRIPT = """
wrk.method = {method}
wrk.path = {path}
{fields}
{body}
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\\n{{"requests": %d, "microseconds": %d, "median": %d, "p99": %d, "failed": %d}}\\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one stretch of load came to."""

    rate: float
    """Requests per second."""
    median: int
    """Half of the answers took no longer; microseconds."""
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
            method=json.dumps(workload.method), path=json.dumps(workload.path), fields=fields, body=body
        )
    )
    return path


def make_load(server: Server, workload: Workload, *, script: Path, seconds: int, core: int) -> Measurement:
    """Send requests for a number of seconds from one thread on one core, and measure."""
    command = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(workload.connections),
        "--duration",
        f"{seconds}s",
    ]
    command += ["--timeout", "5s", "--script", str(script), f"http://127.0.0.1:{server.port}"]
    run = subprocess.run(
        pinned(command, core), capture_output=True, text=True, check=True, timeout=seconds + 30
    )
    told = json.loads(run.stdout.strip().splitlines()[-1])
    rate = told["requests"] / (told["microseconds"] / 1e6)
    return Measurement(rate, told["median"], told["p99"], told["failed"])
