"""Server processes: started alone on one core, waited for, tried once, and stopped with all their children."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import Peer
from benchmarks.workloads import MIB, Workload

ROOT = Path(__file__).parents[1]

# How long a server may take to listen, and to go when asked. Seconds.
START = 15.0
STOP = 5.0


class Unfit(Exception):
    """A server did not start, or did not answer a workload rightly: a measurement would mean nothing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on 127.0.0.1."""

    pid: int
    port: int

    def processes(self) -> Iterator[Path]:
        """Return the folders under `/proc` of the server and whatever it started."""
        for folder in Path("/proc").glob("[0-9]*"):
            # A process may end while we look.
            with suppress(ProcessLookupError):
                if os.getsid(int(folder.name)) == self.pid:
                    yield folder

    def processor_seconds(self) -> float:
        """Return the processor time that the server has taken so far."""
        # A name in parentheses, which may hold anything, comes second; from there utime and stime are 12th and 13th.
        numbers = [(folder / "stat").read_text().rpartition(")")[2].split() for folder in self.processes()]
        return sum(int(fields[11]) + int(fields[12]) for fields in numbers) / os.sysconf("SC_CLK_TCK")

    def private_kib(self) -> int:
        """Return the memory that the server has for itself alone, in KiB."""
        lines = [
            line for folder in self.processes() for line in (folder / "smaps_rollup").read_text().splitlines()
        ]
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def pinned(command: list[str], *cores: int) -> list[str]:
    """Return a command that keeps to one core, or to some, where the system can do that."""
    kept = ",".join(map(str, cores))
    return ["taskset", "--cpu-list", kept, *command] if shutil.which("taskset") else command


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(peer: Peer, workload: Workload, *, files: Path, cores: Sequence[int]) -> Iterator[Server]:
    """Run a server inside the block; it has answered one request of the workload rightly.

    Raises:
        Unfit: it did not start in time, or did not answer rightly.
    """
    port = free_port()
    command = pinned(peer.command(workload, port, files), *cores)
    log = files.parent / f"{peer.name}.log"
    with log.open("wb") as output:
        # A session of its own: whatever the server starts is stopped with it.
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **peer.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until_listening(process, port)
        if not workload.message:  # the load on WebSockets looks at the first echoes itself
            check_answer(peer, workload, port)
        yield Server(process.pid, port)
    except Unfit as unfit:
        raise Unfit(
            f"{peer.name}, {workload.name}: {unfit}\n{log.read_text(errors='replace')[-2000:]}"
        ) from None
    finally:
        stop(process)


def wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a process accepts connections."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unfit(f"ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise Unfit(f"does not listen after {START} seconds")


def check_answer(peer: Peer, workload: Workload, port: int) -> None:
    """Make one request of a workload and look at the answer: only equal work may be compared."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(workload.method, workload.path, workload.body or None, dict(workload.fields))
        response = connection.getresponse()
        size = sum(len(word) for piece in iter(lambda: response.read(MIB), b"") for word in piece.split())
    except (OSError, http.client.HTTPException) as error:
        raise Unfit(f"does not answer: {error!r}") from None
    finally:
        connection.close()
    if response.status != 200 or (size != workload.answer and peer.name != "raw"):
        raise Unfit(f"answers {response.status} with {size} bytes instead of 200 with {workload.answer}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a server to go; after a while, end it and whatever it started."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
