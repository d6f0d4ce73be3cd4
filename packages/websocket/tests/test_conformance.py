"""Some cases of every chapter of the Autobahn suite, for both roles; `conformance/websocket/run.py` runs all cases."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("kosoku")

RUNNER = Path(__file__).parents[3] / "conformance" / "websocket" / "run.py"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.row("HI-43", "HI-44"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # kosoku leaves files open
    pytest.mark.skipif(
        not RUNNER.is_file(), reason="the runner is part of the repository, not of the package"
    ),
]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
def runner():
    spec = importlib.util.spec_from_file_location("conformance_websocket", RUNNER)
    module = importlib.util.module_from_spec(spec)
    path, had_resources = sys.path[:], "pkg_resources" in sys.modules
    spec.loader.exec_module(module)
    yield module
    # kosoku has a stand-in for pkg_resources where that is not installed; pytest would take it for the real one.
    sys.path[:] = path
    if not had_resources:
        sys.modules.pop("pkg_resources", None)


@pytest.mark.parametrize("role", ["fuzz_server", "fuzz_client"])
async def test_a_cut_through_every_chapter(runner, role):
    tally = await getattr(runner, role)(runner.Deflate(), runner.SHORT, role)
    assert tally.bad == []
    assert tally.total["OK"] >= 135
    assert set(tally.by_chapter) == set(runner.CHAPTERS)
