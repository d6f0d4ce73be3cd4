"""The proxies: how each is configured and started in front of an origin.

Each keeps connections to the origin and uses them again for whomever it likes, passes bodies on as they come, and
stamps every request that it forwards. So a request without a stamp is one that no proxy has seen.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["PROXIES", "Proxy", "find_program", "running"]

PATIENCE: Final = 60.0
"""Seconds for a proxy to start or to stop; only what hangs takes them."""
_PAUSE: Final = 0.02
"""Seconds between two attempts to connect."""


class Proxy(NamedTuple):
    """A program, its configuration, and the command that runs it in the foreground."""

    program: str
    configuration: str
    command: tuple[str, ...]
    package: str


NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{port};
        underscores_in_headers on;
        ignore_invalid_headers off;
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header Connection $http_connection;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Expect $http_expect;
            proxy_set_header X-Stamp seen;
        }}
    }}
}}
"""

HAPROXY = """
global
    log stderr local0 emerg
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
    http-reuse always
    option http-keep-alive
frontend clients
    bind 127.0.0.1:{port}
    http-request set-header X-Stamp seen
    default_backend origins
backend origins
    server origin 127.0.0.1:{origin}
"""

APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex pthread
ErrorLog {folder}/error.log
{owner}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
Listen 127.0.0.1:{port}
HttpProtocolOptions Unsafe
RequestHeader set X-Stamp seen
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:{origin}/ enablereuse=on keepalive=On
"""

VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_recv {{
    set req.http.X-Stamp = "seen";
    return (pass);
}}
"""

SQUID = """
http_port 127.0.0.1:{port} accel defaultsite=origin vhost
cache_peer 127.0.0.1 parent {origin} 0 no-query no-digest originserver name=origin
http_access allow all
cache deny all
cache_mem 0
memory_cache_shared off
netdb_filename none
pinger_enable off
pid_filename {folder}/squid.pid
coredump_dir {folder}
cache_log {folder}/cache.log
access_log none
shutdown_lifetime 0 seconds
request_header_add X-Stamp seen all
relaxed_header_parser on
server_persistent_connections on
{effective}
"""

CADDY = """
{{
    admin off
    auto_https off
}}
:{port} {{
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:{origin} {{
        flush_interval -1
        # As Go's own transport waits, and with it most reverse proxies that are written in Go; Caddy would not.
        transport http {{
            expect_continue_timeout 1s
        }}
        header_up X-Stamp seen
    }}
}}
"""

PROXIES: Final = {
    "nginx": Proxy(
        "nginx", NGINX, ("{program}", "-e", "stderr", "-p", "{folder}", "-c", "{configuration}"), "nginx"
    ),
    "haproxy": Proxy("haproxy", HAPROXY, ("{program}", "-db", "-q", "-f", "{configuration}"), "haproxy"),
    "apache2": Proxy(
        "apache2", APACHE, ("{program}", "-D", "FOREGROUND", "-f", "{configuration}"), "apache2-bin"
    ),
    "varnish": Proxy(
        "varnishd",
        VARNISH,
        (
            *("{program}", "-F", "-j", "none", "-n", "{folder}/work", "-f", "{configuration}"),
            *("-a", "127.0.0.1:{port}", "-s", "malloc,16m"),
        ),
        "varnish",
    ),
    "squid": Proxy("squid", SQUID, ("{program}", "-N", "-f", "{configuration}"), "squid"),
    "caddy": Proxy(
        "caddy", CADDY, ("{program}", "run", "--config", "{configuration}", "--adapter", "caddyfile"), "caddy"
    ),
}
"""By their names."""


def find_program(name: str) -> str | None:
    """Return the path of a proxy's program, None where it is not installed; Debian keeps most off the path of users."""
    return shutil.which(PROXIES[name].program, path=os.environ.get("PATH", "") + ":/usr/sbin")


def _fill(folder: Path, port: int, origin: int, program: str) -> dict[str, object]:
    is_root = os.getuid() == 0
    return {
        "folder": folder,
        "configuration": folder / "configuration",
        "program": program,
        "port": port,
        "origin": origin,
        "modules": "/usr/lib/apache2/modules",
        # Started by root, most would take another user's rights, and could not use the folder.
        "user": f"user {getpass.getuser()};" if is_root else "",
        "owner": "User www-data" if is_root else "",
        "effective": "cache_effective_user proxy" if is_root else "",
    }


def _find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, folder: Path, origin: int) -> Iterator[int]:
    """Run a proxy in front of an origin inside the block, and return the port on which it serves.

    Args:
        name: one of `PROXIES`.
        folder: an empty one, for all that it writes.
        origin: the port of the origin.

    Raises:
        OSError: it is not installed, or does not start.
    """
    proxy, program = PROXIES[name], find_program(name)
    if program is None:
        raise FileNotFoundError(f"{name} is not installed: apt-get install {proxy.package}")
    # Squid lets go of root's rights before it writes its files.
    folder.chmod(0o777)
    port = _find_port()
    values = _fill(folder, port, origin, program)
    (folder / "configuration").write_text(proxy.configuration.format(**values))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [word.format(**values) for word in proxy.command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=os.environ
            | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        )
        try:
            _wait_until_listening(process, port, lambda: (folder / "output").read_text(errors="replace"))
            yield port
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_listening(
    process: "subprocess.Popen[bytes]", port: int, read_output: Callable[[], str]
) -> None:
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(_PAUSE)
    raise OSError(f"{process.args!r} did not start: {read_output()}")
