"""The other files of `examples/deploy`: what they name exists, and what they promise is kept.

No image is built and no cluster started here; the command of the image runs as process 1 of a namespace.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "examples" / "deploy"
GUESTBOOK = ROOT / "examples" / "guestbook"
PATIENCE = 120.0


def read(name):
    return (DEPLOY / name).read_text()


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_settings_are_those_of_the_guestbook(path):
    known = set(re.findall(r"GUESTBOOK_[A-Z]+", (GUESTBOOK / "guestbook" / "settings.py").read_text()))
    assert set(re.findall(r"GUESTBOOK_[A-Z]+", path.read_text())) <= known


def test_the_units_are_right(tmp_path):
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("there is no systemd-analyze on this machine")
    units = [tmp_path / name for name in ("guestbook.socket", "guestbook.service")]
    for unit in units:
        # The one thing that is not there on every machine.
        unit.write_text(read(unit.name).replace("/opt/guestbook/bin/python", sys.executable))
    command = [tool, "verify", "--man=no", *map(str, units)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    complaints = [line for line in said.stderr.splitlines() if "guestbook" in line]
    assert complaints == []


def test_the_service_has_the_time_to_stop():
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", read("guestbook.service"), re.MULTILINE)
    assert int(seconds) > 2 * grace()


def grace():
    """Return the seconds that the guestbook gives to requests under way."""
    (seconds,) = re.findall(
        r"^GRACE = ([\d.]+)$", (GUESTBOOK / "guestbook" / "__main__.py").read_text(), re.MULTILINE
    )
    return float(seconds)


def test_kubernetes_gives_the_time_to_stop_and_to_notice():
    text = read("kubernetes.yaml")
    (termination,) = re.findall(r"terminationGracePeriodSeconds: (\d+)", text)
    (delay,) = re.findall(r'GUESTBOOK_DELAY, value: "(\d+)"', text)
    ready = text[text.index("readinessProbe") :]
    period, threshold = (
        int(re.search(rf"{name}: (\d+)", ready)[1]) for name in ("periodSeconds", "failureThreshold")
    )
    assert int(delay) > period * threshold
    assert int(termination) > int(delay) + 2 * grace()
    assert set(re.findall(r"path: (\S+),", text)) == {"/livez", "/readyz"}


def entrypoint():
    """Return the command of the image, in the form without a shell (the other one is no JSON)."""
    (command,) = re.findall(r"^ENTRYPOINT (.+)$", read("Containerfile"), re.MULTILINE)
    return json.loads(command)


def test_the_image_is_made_of_what_is_there():
    text = read("Containerfile")
    sources = re.findall(r"^COPY (?!--from)(\S+) (\S+)$", text, re.MULTILINE)
    assert [source for source, _ in sources if not (ROOT / source).is_dir()] == []
    installed = re.findall(
        r"/src/([\w/*-]+)(?:\[([\w,]+)\])?'?", text[text.index("pip install") :].split("\n\n")[0]
    )
    assert {path for path, _ in installed} == {"packages/*", "examples/guestbook"}
    extras = tomllib.loads((GUESTBOOK / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {extra for _, extras in installed for extra in extras.split(",") if extra} == extras.keys()
    assert entrypoint()[1:] == ["-m", "guestbook"]


def test_the_command_of_the_image_stops_in_order_as_process_1(tmp_path):
    """Process 1 is not ended by signals that it does not handle: a container would be killed in the end."""
    # As user 0 of a new namespace where we are another one.
    unshare = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child=KILL"]
    tried = subprocess.run([*unshare, "true"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    if tried.returncode:
        pytest.skip(f"no process may have a namespace of its own here: {tried.stderr.strip()}")
    environment = {
        **os.environ,
        "GUESTBOOK_HOST": "127.0.0.1",
        "GUESTBOOK_PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    program = "import os, sys; print(os.getpid()); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    process = subprocess.Popen(
        [*unshare, sys.executable, "-c", program, *entrypoint()[1:]],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout.readline() == "1\n"
            assert "Serving on" in process.stdout.readline()
            # Its number out here, where signals are sent from.
            (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(int(child), signal.SIGTERM)
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, output) == (0, "")
