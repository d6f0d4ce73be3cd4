"""The pictures of ARCHITECTURE.md show what is there; `python -m docs.pictures` draws them anew."""

from docs.pictures import PAGE, draw_packages, draw_way, redraw


def test_pictures_are_up_to_date() -> None:
    assert redraw(PAGE.read_text()) == PAGE.read_text()


def test_every_package_has_its_box() -> None:
    packages = [path.parent.name for path in PAGE.parent.glob("packages/*/pyproject.toml")]
    assert [name for name in packages if f"│ {name} │" not in draw_packages()] == []


def test_a_request_goes_down_and_up_again() -> None:
    visits = [line.split()[0] for line in draw_way().splitlines() if line[1] != " "]
    assert visits[0] == "runner"
    assert {"http_core", "router", "web"} <= set(visits)
