"""Converters of variables."""

import re
import uuid

import pytest

from muntin.router import CONVERTERS, Converter, Matched, NotFound, Router


def test_int_takes_ascii_digits_only():
    regex = re.compile(CONVERTERS["int"].regex)
    assert regex.fullmatch("007")
    for text in ["", "-1", "+1", "1_0", "٣", "1.0"]:
        assert regex.fullmatch(text) is None


def test_typed_values_stand_beside_the_strings():
    router = Router()
    router.add_get("/{id:int()}/{key:uuid()}/{rest:path()}", "typed", name="typed")
    key = uuid.UUID(int=10)
    answer = router.match("GET", f"/042/{key}/a/b%20c")
    assert isinstance(answer, Matched)
    assert answer.variables == {"id": "042", "key": str(key), "rest": "a/b c"}
    assert answer.values == {"id": 42, "key": key, "rest": "a/b c"}
    assert router["typed"].url_for(id=42, key=key, rest="a/b c").raw_path == f"/42/{key}/a/b%20c"


def test_a_number_too_long_for_python_is_not_found():
    router = Router()
    router.add_get("/{id:int()}", "number")
    assert isinstance(router.match("GET", "/" + "9" * 640), Matched)
    assert router.match("GET", "/" + "9" * 8000) == NotFound()


def test_own_converters_refuse_by_value_error():
    def parse_month(text):
        if not 1 <= int(text) <= 12:
            raise ValueError(text)
        return int(text)

    router = Router(converters={"month": Converter("[0-9]{2}", parse_month, "{:02}".format)})
    router.add_get("/{m:month()}", "month", name="month")
    router.add_get("/{text}", "text")
    assert router.match("GET", "/12").values == {"m": 12}
    assert router.match("GET", "/13").route.handler == "text"
    assert router["month"].url_for(m=3).raw_path == "/03"


@pytest.mark.parametrize("text", ["int", "int(", "other()"])
def test_everything_else_behind_the_colon_is_an_expression(text):
    router = Router()
    if text == "int(":
        with pytest.raises(ValueError, match="bad regular expression"):
            router.add_get(f"/{{x:{text}}}", "h")
    else:
        router.add_get(f"/{{x:{text}}}", "h")
        assert router.match("GET", "/" + text.removesuffix("()")).variables == {"x": text.removesuffix("()")}
