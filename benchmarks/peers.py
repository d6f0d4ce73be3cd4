"""Who is measured: one row a server, with what it takes to start it."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.workloads import Workload


@dataclass(frozen=True, slots=True)
class Peer:
    """A server program of `benchmarks.servers`, and what has to be installed for it."""

    name: str
    program: str
    modules: tuple[str, ...] = ()
    executable: str = ""
    api: str = ""
    wheels: bool = False
    """Whether it runs on the wheels of muntin that were built for the run, where there are any."""
    interpreter: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that its process has besides."""

    def missing(self) -> list[str]:
        """Return the names of requirements that are not installed; none where the peer can take part."""
        modules = [name for name in self.modules if not is_installed(name)]
        return modules + ([self.executable] if self.executable and not shutil.which(self.executable) else [])

    def command(self, workload: Workload, port: int, files: Path) -> list[str]:
        """Return the command that serves what a workload asks for."""
        options = {
            "--port": port,
            "--resources": workload.resources,
            "--varying": workload.varying,
            "--middlewares": workload.middlewares,
            "--workers": workload.workers,
            "--files": files,
        }
        if workload.logged:
            options["--access-log"] = files.parent / f"{self.name}.access"
        if self.api:
            options["--api"] = self.api
        words = [str(word) for option in options.items() for word in option]
        return [self.interpreter, "-m", f"benchmarks.servers.{self.program}", *words]


def is_installed(module: str) -> bool:
    """Tell whether a module could be imported, without importing more than its parents."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


PEERS = {
    peer.name: peer
    for peer in (
        Peer("raw", "raw", ("uvloop",)),
        Peer("aiohttp", "application", ("aiohttp", "uvloop"), api="aiohttp.web"),
        Peer("muntin", "application", ("muntin.web", "uvloop"), api="muntin.web", wheels=True),
        Peer(
            "muntin-pure",
            "application",
            ("muntin.web", "uvloop"),
            api="muntin.web",
            environment={"MUNTIN_PURE": "1"},
        ),
        Peer("runner", "runner", ("muntin.runner", "uvloop"), wheels=True),
        Peer("uvicorn", "uvicorn", ("uvicorn", "httptools", "uvloop")),
        Peer("granian", "granian", ("granian", "uvloop")),
        Peer("starlette", "starlette", ("starlette", "uvicorn", "httptools", "uvloop")),
        Peer("blacksheep", "blacksheep", ("blacksheep", "uvicorn", "httptools", "uvloop")),
        Peer("websockets", "websockets", ("websockets", "uvloop")),
        Peer("bare", "bare", ("uvloop",)),
        Peer("picows", "picows", ("picows", "uvloop")),
        Peer("nginx", "nginx", executable="nginx"),
    )
}
