"""Performance: the page and its charts show the results that are kept, and what reports compute is right."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from benchmarks.chart import draw_bars, draw_lines, spread
from benchmarks.curves import CURVES, list_lines
from benchmarks.load import Measurement, count_requests, write_script
from benchmarks.page import CURVE_RESULTS, PAGE, RESULTS, make_files
from benchmarks.report import Results, ratios, read_json, write_json
from benchmarks.rounds import Plan, median_cost, median_rate
from benchmarks.run import Run
from benchmarks.workloads import MIB

RUN = Run("2026-01-01", "abc", "3.11", "a machine", 0.5, 3, {"aiohttp": "3"})
SVG = "{http://www.w3.org/2000/svg}"


def measure(*rates: float) -> list[Measurement]:
    return [Measurement(rate, 1e6 / rate, 10, 20, 0) for rate in rates]


RATES = {"hello": {"aiohttp": measure(100, 900, 110), "muntin": measure(330, 300, 1), "raw": measure(1000)}}
RESULT = Results(RUN, Plan(3, 1, 0, 1), RATES, {"KiB": {"aiohttp": 8.0, "muntin": 2.0}})
CURVE_RATES = {
    "routes-10": {"aiohttp": measure(100), "muntin": measure(300)},
    "routes-100": {"aiohttp": measure(50), "muntin": measure(200)},
    "bodies-32768": {"muntin": measure(20, 30, 40)},
}
CURVE_RESULT = Results(RUN, RESULT.plan, CURVE_RATES)


def test_the_page_shows_the_results_that_are_kept():
    for path, text in make_files(read_json(RESULTS), read_json(CURVE_RESULTS), PAGE).items():
        assert path.read_text() == text, f"{path.name}: python -m benchmarks.page writes it anew"


def test_no_chart_is_left_from_an_older_run():
    made = make_files(read_json(RESULTS), read_json(CURVE_RESULTS), PAGE)
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
    page = make_files(results, CURVE_RESULT, tmp_path / "page.md")[tmp_path / "page.md"]
    assert "In `hello`, muntin failed some requests." in page


def test_a_page_has_medians_and_ratios(tmp_path):
    lines = make_files(RESULT, CURVE_RESULT, tmp_path / "page.md")[tmp_path / "page.md"].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "hello" in line]
    assert ["hello", "110", "300", "1,000"] in cells
    assert ["hello", "2.73", "0.30"] in cells


@pytest.mark.parametrize(("load", "told"), [(0.5, False), (3.0, True)])
def test_a_page_tells_that_the_machine_was_busy(load, told, tmp_path):
    results = Results(replace(RUN, load=load), RESULT.plan, RATES)
    page = make_files(results, CURVE_RESULT, tmp_path / "page.md")[tmp_path / "page.md"]
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


def test_names_of_lines_that_end_together_stand_below_one_another():
    assert spread([50, 10, 12, 90], 15) == [50, 10, 25, 90]
    assert spread([20, 20, 20], 15) == [20, 35, 50]


class TestCurves:
    def test_have_a_workload_of_its_own_name_at_each_point(self):
        names = [workload.name for curve in CURVES.values() for workload in curve.points.values()]
        assert len(names) == len(set(names))

    def test_show_what_was_measured_and_nothing_else(self):
        assert CURVES["routes"].read(CURVE_RESULT) == {
            10: {"aiohttp": 100, "muntin": 300},
            100: {"aiohttp": 50, "muntin": 200},
        }
        assert CURVES["workers"].read(CURVE_RESULT) == {}

    def test_show_mib_per_second_where_the_size_of_a_response_grows(self):
        assert CURVES["bodies"].read(CURVE_RESULT) == {32 * 1024: {"muntin": 30 * 32}}

    def test_give_a_peer_the_points_that_it_has(self):
        table = {1: {"a": 5.0, "b": 6.0}, 10: {"b": 7.0}}
        assert list_lines(table) == {"a": [(1, 5.0)], "b": [(1, 6.0), (10, 7.0)]}

    def test_are_on_the_page_as_a_chart_and_tables(self, tmp_path):
        made = make_files(RESULT, CURVE_RESULT, tmp_path / "page.md")
        page = made[tmp_path / "page.md"]
        charts = {path.name for path in made if path.name.startswith("curve-")}
        assert charts == {"curve-routes.svg", "curve-bodies.svg"}
        assert "(performance/curve-routes.svg)" in page
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
        assert ["100", "50", "200"] in rows
        assert ["100", "4.00"] in rows

    def test_send_as_many_header_fields_as_they_say(self):
        for count, workload in CURVES["fields"].points.items():
            assert len(workload.fields) + len({"Host"}) == count

    def test_send_as_many_requests_at_once_as_they_say(self, tmp_path):
        for count, workload in CURVES["pipelining"].points.items():
            script = write_script(workload, tmp_path).read_text()
            assert (f"string.rep(wrk.format(), {count})" in script) is (count > 1)

    def test_count_a_large_response_by_its_bytes(self):
        points = CURVES["bodies"].points
        assert count_requests({"requests": 1, "bytes": 48 * MIB}, points[32 * 1024]) == 1.5
        assert count_requests({"requests": 7, "bytes": 8 * MIB}, points[1024]) == 7
