"""The types of this package, as a type checker sees them."""

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


def test_the_fields_of_a_response_are_chosen(check):
    wrong, marked = check("""
from muntin.http_core import FieldBlock, RequestHead, ResponseHead, ServerConnection


def respond(connection: ServerConnection, head: RequestHead) -> None:
    connection.respond(ResponseHead(200))
    connection.respond(ResponseHead(200, [("a", "b")]), b"x")
    connection.respond(ResponseHead(200, (("a", "b"), (b"c", b"d"))))
    connection.respond(ResponseHead(200, FieldBlock([("a", "b")])))
    connection.respond(ResponseHead(200, [line for line in head.fields if line[0] == b"x-trace"]))
    connection.respond(ResponseHead(200, head.fields))  # wrong
    connection.respond(ResponseHead(200, {"a": "b"}))  # wrong
    connection.respond(ResponseHead(200, [("a", 5)]))  # wrong
    connection.respond(ResponseHead(200), "text")  # wrong
    connection.respond(ResponseHead("200"))  # wrong
""")
    assert wrong == marked
