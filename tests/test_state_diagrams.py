"""The pictures of the states are those of the tables; `python docs/state_diagrams.py` draws them anew."""

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[1] / "docs"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("state_diagrams", DOCS / "state_diagrams.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pictures_are_up_to_date() -> None:
    diagrams = load()
    drawn = {f"{name}.svg": diagrams.draw(name, table) for name, table in diagrams.TABLES.items()}
    assert {path.name: path.read_text() for path in diagrams.FOLDER.iterdir()} == drawn


def test_pictures_show_every_state_and_input() -> None:
    diagrams = load()
    for name, table in diagrams.TABLES.items():
        picture = diagrams.draw(name, table)
        named = {state.name for state in table} | {moved.name for ways in table.values() for moved in ways}
        assert [word for word in named if f">{word}<" not in picture] == []
