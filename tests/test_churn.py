"""A few seconds of the churn of WebSockets; more of it: `nox -s churn`."""

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

CHURN = Path(__file__).parents[1] / "conformance" / "websocket" / "churn.py"


@pytest.fixture
def churn():
    spec = importlib.util.spec_from_file_location("churn", CHURN)
    module = importlib.util.module_from_spec(spec)
    sys.modules["churn"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["churn"]


@pytest.mark.row("WS-18", "HI-43", "HI-46")
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counting descriptors needs /proc")
def test_rude_clients_leave_nothing_behind(churn):
    rounds = []
    assert asyncio.run(churn.churn(2, rounds.append)) == []
    assert len(rounds) > churn.WARM_UP
