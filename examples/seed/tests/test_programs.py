"""Every program started as a user starts it: it says where it serves, answers there, and ends in order at Ctrl-C."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

SEED = Path(__file__).parents[1]

# These are started by tests of their own: they serve in their own way, print something and end, or need a database.
OTHERWISE = {
    "older": {"command_line", "finalization", "resources"},
    "current": {"database", "database_signals", "redis_listener", "runners"},
}
ARGUMENTS = {"static_files": [str(SEED)], "zeromq_listener": ["tcp://127.0.0.1:9"]}
AT_ONCE = 4
# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0


@pytest.mark.row("RN-01", "RN-02", "CF-17")
@pytest.mark.parametrize("folder", ["older", "current"])
def test_every_program_starts_answers_and_ends(start: Any, folder: str) -> None:
    names = sorted({path.stem for path in (SEED / folder).glob("*.py")} - OTHERWISE[folder])

    def try_out(name: str) -> tuple[bool, int]:
        program = start(folder, f"{name}.py", *ARGUMENTS.get(name, []))
        response = httpx.get(program.read_url(), trust_env=False, timeout=PATIENCE)
        failed = response.is_server_error
        return failed, program.stop(quietly=not failed)[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = dict(zip(names, pool.map(try_out, names), strict=True))

    # The one that shows what a failure looks like has one.
    assert ended == {name: (name == "debug", 0) for name in names}
    assert len(names) > 18
