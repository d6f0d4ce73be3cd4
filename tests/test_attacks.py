"""Slow peers, 500 at a time, beside a healthy one: they are dropped in time, and it is answered each time."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the attacks count descriptors")


@pytest.mark.row("AH-39", "HI-23", "HI-24", "HI-25", "HI-50")
@pytest.mark.parametrize("attack", ["never a byte", "slowloris", "slow body", "slow read", "no handshake"])
def test_slow_peers_are_dropped(attack: str) -> None:
    """In time means here: in two minutes, as a busy machine may be slow; the time-outs are about a second."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance.attacks", "--brief", attack],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"| {attack} | 500 |" in done.stdout
