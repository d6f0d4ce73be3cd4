"""Features: every promise has a test that proves it, and every mark of a test names a promise."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]

# Marks of other lists than the table: what clients and attackers try, and what was measured elsewhere.
OTHERS = {"AH", "BH", "DM", "HI", "XP"}


@pytest.fixture(scope="module")
def features() -> ModuleType:
    spec = importlib.util.spec_from_file_location("features", ROOT / "docs" / "features.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_promise_is_proved(features: ModuleType) -> None:
    promised = {row.id for part in features.read_parts().values() for row in part.rows}

    assert promised - set(features.gather_proofs()) == set()


def test_every_mark_names_a_promise(features: ModuleType) -> None:
    promised = {row.id for part in features.read_parts().values() for row in part.rows}
    marked = {row: proofs for row, proofs in features.gather_proofs().items() if row[:2] not in OTHERS}

    assert {row: proofs for row, proofs in marked.items() if row not in promised} == {}


def test_a_row_stands_in_one_part_and_names_its_pages(features: ModuleType) -> None:
    rows = [row for part in features.read_parts().values() for row in part.rows]

    assert len({row.id for row in rows}) == len(rows)
    assert {row.source for row in rows} == {"O", "N", "ON"}


def test_the_page_has_all_parts(features: ModuleType) -> None:
    page = [(ROOT / "docs" / "reference" / "features.md").read_text()]
    features.fill(None, "reference/features", page)

    rows = [row.id for part in features.read_parts().values() for row in part.rows]
    assert [id for id in rows if page[0].count(f"| {id} |") != 1] == []


def test_marks_are_found_wherever_they_stand(features: ModuleType) -> None:
    source = """
import pytest

pytestmark = pytest.mark.row("A")
CASES = [pytest.param(1, marks=pytest.mark.row("B"))]


@pytest.mark.row("C", "D")
class TestIt:
    @pytest.mark.row("E")
    async def test_one(self): ...


@pytest.mark.parametrize("x", [pytest.param(1, marks=[pytest.mark.row("F")])])
def test_two(x): ...
"""

    assert sorted(features.read_marks(source, "t.py")) == [
        ("A", "t.py"),
        ("B", "t.py"),
        ("C", "t.py::TestIt"),
        ("D", "t.py::TestIt"),
        ("E", "t.py::TestIt::test_one"),
        ("F", "t.py::test_two"),
    ]


def test_a_row_without_a_test_is_shown_as_open(features: ModuleType) -> None:
    part = features.Part("Some", (features.Row("XX-01", "O", "`a | b`"),))

    assert features.format_part(part, {}).splitlines()[-1] == r"| XX-01 | O | `a \| b` | **open** |"
    assert features.format_part(part, {"XX-01": ["t.py::a", "t.py::b", "t.py::c", "t.py::d"]}).endswith(
        "| `t.py::a`, `t.py::b`, `t.py::c`, and 1 more |"
    )
