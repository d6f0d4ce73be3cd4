"""What a type checker sees of this package."""

import pytest

api = pytest.importorskip("mypy.api")


@pytest.fixture
def check(tmp_path):
    """Check a program, and return the numbers of the lines that have errors and of those that are marked so."""

    def check(text):
        source = tmp_path / "program.py"
        source.write_text(text)
        output, problems, _ = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(source)])
        assert not problems
        wrong = {int(line.split(":")[1]) for line in output.splitlines() if ": error:" in line}
        return wrong, {number for number, line in enumerate(text.split("\n"), 1) if line.endswith("# wrong")}

    return check


def test_a_match_keeps_the_type_of_the_handler_when_it_is_narrowed(check):
    wrong, marked = check("""
from collections.abc import Callable
from muntin.router import Match, Matched, MethodNotAllowed, NotFound, Router

Handler = Callable[[str], str]
router: Router[Handler] = Router()
router.add_get("/", 5)  # wrong


def by_isinstance(found: Match[Handler]) -> None:
    if isinstance(found, Matched):
        found.route.handler("x")
        found.route.handler(5)  # wrong
        found.resource.url_for(x="y")
        take(found)
    if isinstance(found, MethodNotAllowed):
        found.allowed.append("x")  # wrong


def by_match() -> None:
    match router.match("GET", "/"):
        case Matched() as found:
            found.route.handler(5)  # wrong
            found.route.handler("x")
            found.variables["x"].upper()
            found.variables["x"].nothing  # wrong
        case MethodNotAllowed() as refused:
            refused.allowed.append("x")  # wrong
        case NotFound() as missing:
            missing.route  # wrong


def by_position() -> None:
    match router.match("GET", "/"):
        case Matched(route, variables, values):
            route.handler(5)  # wrong


def take(found: Matched[Handler]) -> str:
    return found.route.handler(5)  # wrong
""")
    assert wrong == marked


def test_resources_of_ones_own(check):
    wrong, marked = check("""
from collections.abc import Iterator
from typing import Any
from muntin.router import AbstractResource, Match, Matched, Route, Router
from yarl import URL


class Resource(AbstractResource[str]):
    canonical = "(mine)"

    def match(self, method: str, path: str, host: str | None = None) -> Match[str] | None:
        return Matched(Route("GET", "handler", self), {}, {})

    def url_for(self, **parts: Any) -> URL:
        return URL("/")

    def get_info(self) -> dict[str, Any]:
        return {}

    def __iter__(self) -> Iterator[Route[str]]:
        return iter([])


class Wrong(Resource):
    def match(self, method: str, path: str, host: str | None = None) -> Match[int] | None:  # wrong
        return None


class Plain(AbstractResource[str]):
    canonical = "(plain)"

    def match(self, method: str, path: str, host: str | None = None) -> Matched[str] | None:
        return Matched(Route("GET", "handler", self), {}, {})


strings: Router[str] = Router()
strings.register_resource(Resource())
numbers: Router[int] = Router()
numbers.register_resource(Resource())  # wrong
""")
    assert wrong == marked


def test_converters_and_tables_have_arguments(check):
    wrong, marked = check("""
from collections.abc import Callable
from datetime import date
from muntin.router import Converter, Router, RouteTableDef

day = Converter("[0-9-]+", date.fromisoformat, date.isoformat)
day.parse("2024-02-29").year
day.format(5)  # wrong
Converter("[0-9]+", int, date.isoformat)  # wrong
number: Converter[int] = Converter("[0-9]+", int)
Router[str](converters={"day": day, "number": number})

table: RouteTableDef[Callable[[str], str]] = RouteTableDef()
loose = RouteTableDef()


@table.get("/")
def right(text: str) -> str:
    return text


@table.route("PUT", "/")  # wrong
def other(number: int) -> str:
    return ""


@loose.get("/")
@loose.post("/")
def anything(number: int) -> int:
    return number


anything(1)
anything("x")  # wrong
""")
    assert wrong == marked
