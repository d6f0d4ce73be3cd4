"""Performance: the page and its charts show the results that are kept, and what reports compute is right."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from benchmarks.chart import draw_bars, draw_lines
from benchmarks.load import Measurement
from benchmarks.page import PAGE, RESULTS, make_files
from benchmarks.report import Results, ratios, read_json, write_json
from benchmarks.rounds import Plan, median_cost, median_rate
from benchmarks.run import Run

RUN = Run("2026-01-01", "abc", "3.11", "a machine", 0.5, 3, {"aiohttp": "3"})
SVG = "{http://www.w3.org/2000/svg}"


def measure(*rates: float) -> list[Measurement]:
    return [Measurement(rate, 1e6 / rate, 10, 20, 0) for rate in rates]


RATES = {"hello": {"aiohttp": measure(100, 900, 110), "muntin": measure(330, 300, 1), "raw": measure(1000)}}
RESULT = Results(RUN, Plan(3, 1, 0, 1), RATES, {"KiB": {"aiohttp": 8.0, "muntin": 2.0}})


def test_the_page_shows_the_results_that_are_kept():
    for path, text in make_files(read_json(RESULTS), PAGE).items():
        assert path.read_text() == text, f"{path.name}: python -m benchmarks.page writes it anew"


def test_no_chart_is_left_from_an_older_run():
    made = make_files(read_json(RESULTS), PAGE)
    assert set(PAGE.with_suffix("").iterdir()) == {path for path in made if path.suffix == ".svg"}


def test_one_odd_round_moves_no_median():
    assert median_rate(measure(100, 900, 110)) == 110
    assert median_cost(measure(100, 50, 200)) == 10_000


def test_ratios_are_of_the_subject_to_each_other_peer():
    table = {"hello": {"a": 4.0, "b": 2.0, "zero": 0.0}, "without": {"b": 1.0}}
    assert ratios("a", table) == {"hello": {"b": 2.0}}


def test_results_are_read_as_they_were_written(tmp_path):
    write_json(tmp_path / "kept" / "run.json", RESULT)
    assert read_json(tmp_path / "kept" / "run.json") == RESULT


def test_a_page_tells_of_failed_requests(tmp_path):
    failed = [Measurement(1, 1, 1, 1, failed=2)]
    results = Results(RUN, RESULT.plan, {"hello": {"muntin": failed, "raw": measure(1)}})
    page = make_files(results, tmp_path / "page.md")[tmp_path / "page.md"]
    assert "In `hello`, muntin failed some requests." in page


def test_a_page_has_medians_and_ratios(tmp_path):
    lines = make_files(RESULT, tmp_path / "page.md")[tmp_path / "page.md"].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "hello" in line]
    assert ["hello", "110", "300", "1,000"] in cells
    assert ["hello", "2.73", "0.30"] in cells


@pytest.mark.parametrize(("load", "told"), [(0.5, False), (3.0, True)])
def test_a_page_tells_that_the_machine_was_busy(load, told, tmp_path):
    results = Results(replace(RUN, load=load), RESULT.plan, RATES)
    page = make_files(results, tmp_path / "page.md")[tmp_path / "page.md"]
    assert ("The machine was busy" in page) is told


class TestBars:
    def test_are_as_long_as_their_values(self):
        root = ElementTree.fromstring(draw_bars("t", {"hello": {"a": 50.0, "b": 100.0}}))
        first, second = (float(bar.attrib["width"]) for bar in root.iter(f"{SVG}rect"))
        assert second == pytest.approx(2 * first, abs=0.2)

    def test_are_told_in_words_and_escaped(self):
        root = ElementTree.fromstring(draw_bars("a < b", {"x & y": {"a": 1234.0}}))
        assert root.findtext(f"{SVG}title") == "a < b"
        assert root.findtext(f"{SVG}desc") == "x & y: a 1,234"

    def test_of_nothing_are_a_picture_still(self):
        assert ElementTree.fromstring(draw_bars("t", {"hello": {"a": 0.0}})).tag == f"{SVG}svg"


def test_lines_rise_with_their_values_over_a_logarithmic_axis():
    root = ElementTree.fromstring(draw_lines("t", "routes", {"a": [(1, 0), (10, 5), (100, 10)]}))
    line = next(root.iter(f"{SVG}polyline")).attrib["points"]
    (x1, y1), (x2, y2), (x3, y3) = (tuple(map(float, point.split(","))) for point in line.split())
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2)
    assert y1 > y2
