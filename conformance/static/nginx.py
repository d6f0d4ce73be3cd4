"""nginx as a second opinion: a process on unix sockets that serves the same tree, and where it responds otherwise.

python -m conformance.static.nginx       print what differs, with who is right and why
"""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from conformance.static.cases import (
    Case,
    WholeResponse,
    build_site,
    find_faults_of_content,
    format_request,
    parse_response,
    read_cases,
)

__all__ = [
    "Difference",
    "comparable_cases",
    "find_verdict",
    "find_version",
    "read_differences",
    "recorded_version",
    "serving",
]

RECORDED = tomllib.loads(Path(__file__).with_name("nginx.toml").read_text("utf-8"))
PATIENCE = 10.0
"""Seconds for a response."""

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
{user}
events {{ worker_connections 64; }}
http {{
    access_log off;
    error_log {folder}/error.log;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    index no-such-index-file;
    root {site};
    gzip_static on;
    gzip_vary on;
    {servers}
}}
"""

# The options that come nearest to those of each root; it has none for a fallback by Accept, nor for versions.
OPTIONS = {
    "plain": "disable_symlinks on from={site};",
    "follow": "",
    "index": "disable_symlinks on from={site}; index index.html;",
    "listing": "disable_symlinks on from={site}; autoindex on;",
    "listing-and-index": "disable_symlinks on from={site}; autoindex on; index index.html;",
    "policy": "disable_symlinks on from={site};",
}


class Difference(NamedTuple):
    """What nginx says to some case in place of what is expected of us."""

    response: str
    """A status, or "other bytes"."""
    right: str
    """Whose response is right: "ours", or "either"."""
    why: str


def find_version() -> str | None:
    """Return the version of nginx, or None where it is not installed."""
    if not shutil.which("nginx"):
        return None
    told = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return told.strip().rpartition("/")[2].partition(" ")[0]


def recorded_version() -> str:
    """Return the version with which the differences were recorded."""
    return str(RECORDED["recorded_with"])


def read_differences() -> dict[str, Difference]:
    """Return the differences that are recorded, by the names of their cases."""
    return {
        case: Difference(response, group["right"], group["why"])
        for group in RECORDED["difference"]
        for case, response in group["cases"].items()
    }


def comparable_cases() -> Iterator[Case]:
    """Return the cases that can be put to nginx."""
    return (case for case in read_cases() if case.is_sendable and case["root"] in OPTIONS)


@contextmanager
def serving(site: Path, folder: Path) -> Iterator[dict[str, Path]]:
    """Run nginx inside the block, and return the socket on which it serves the tree as each root would."""
    paths = {name: folder / f"{name}.sock" for name in OPTIONS}
    servers = "\n".join(
        f"server {{ listen unix:{paths[name]}; {options.format(site=site)} }}"
        for name, options in OPTIONS.items()
    )
    # Started by root, it would take another user's rights, and could not read the tree.
    user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, site=site, servers=servers, user=user))
    process = subprocess.Popen(
        ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(configuration)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_listening(process)
        yield paths
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def _wait_until_listening(process: "subprocess.Popen[str]") -> None:
    told = []
    for line in process.stderr or ():
        if "event method" in line:  # it says how it waits for events when it begins to
            return
        told.append(line)
    raise OSError(f"nginx did not start: {''.join(told)}")


def find_verdict(case: Case, path: Path, site: Path) -> str | None:
    """Put a case to nginx, and return its response where that differs from what is expected of us."""
    # Both make entity tags of time and size; its are in seconds.
    raw = format_request(case).replace(b"16345785d8a00000-", b"5f5e1000-")
    response = _ask(path, raw)
    if response.status != case["status"]:
        return str(response.status)
    if response.status not in (200, 206) or case["file"] is None:
        return None
    ranges = case["expect"].get("Content-Range", response.get("Content-Range"))
    differs = response.get("Content-Range") != ranges or any(find_faults_of_content(case, response, site))
    return "other bytes" if differs else None


def _ask(path: Path, raw: bytes) -> WholeResponse:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
        connection.sendall(raw)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return parse_response(b"".join(pieces))


def main() -> None:
    """Print what differs."""
    if find_version() is None:
        sys.exit("nginx is not installed: apt-get install nginx-light")
    recorded = read_differences()
    with tempfile.TemporaryDirectory() as base, tempfile.TemporaryDirectory() as folder:
        site = build_site(Path(base))
        with serving(site, Path(folder)) as paths:
            for case in comparable_cases():
                verdict = find_verdict(case, paths[case["root"]], site)
                if verdict is not None:
                    known = recorded.get(str(case))
                    judged = f"{known.right}: {known.why}" if known else "not judged yet"
                    print(f"{case}\n    nginx: {verdict}, we: {case['status']}. {judged}")


if __name__ == "__main__":
    main()
