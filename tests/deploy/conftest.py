"""nginx from its package, with the configuration that we ship, in front of an application in this process."""

import asyncio
import getpass
import os
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from muntin import web
from muntin.web.testing import TestServer

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0

# What a distribution's nginx.conf has around the files in conf.d, with every file in one folder.
AROUND = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def find_nginx() -> str:
    """Return the path of nginx, or skip where there is none; Debian keeps it off the path of most users."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        pytest.skip("there is no nginx on this machine")
    return found


def write_configuration(folder: Path, *, port: int, application: int, places: str = "") -> list[str]:
    """Write what we ship, with these ports and more places in its server, and what is around it; return the command."""
    shipped = (ROOT / "examples" / "deploy" / "nginx.conf").read_text()
    site, upstreams = re.subn(r"\b127\.0\.0\.1:8080\b", f"127.0.0.1:{application}", shipped)
    site, listens = re.subn(r"\blisten 80;", f"listen 127.0.0.1:{port};\n{places}", site)
    assert (upstreams, listens) == (1, 1)
    (folder / "site.conf").write_text(site)
    # A worker started by root would take another user's rights.
    user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(user=user))
    return [find_nginx(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


@asynccontextmanager
async def behind_nginx(app: web.Application, folder: Path, places: str = "") -> AsyncIterator[int]:
    """Serve an application behind nginx, which has more places than the one for it; return the port of nginx."""
    # nginx takes over a socket that listens already, as when a new nginx replaces an old one: nobody else can have the
    # port, and whoever connects before it is ready waits in the queue.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        async with TestServer(app, shutdown_timeout=1.0) as server:
            process = await asyncio.create_subprocess_exec(
                *write_configuration(folder, port=port, application=server.port, places=places),
                pass_fds=[listening.fileno()],
                env={**os.environ, "NGINX": f"{listening.fileno()};"},
                stderr=asyncio.subprocess.PIPE,
            )
            listening.close()
            try:
                yield port
            finally:
                if process.returncode is None:
                    process.send_signal(signal.SIGTERM)
                _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
            assert process.returncode == 0, said.decode()
            assert b"[emerg]" not in said


@pytest.fixture
def nginx(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[int]]:
    """Return what serves an application behind nginx, and what nginx finds in more places."""
    return lambda app, places="": behind_nginx(app, tmp_path, places)
