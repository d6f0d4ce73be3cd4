"""Converters of variables."""

import re
import uuid

import pytest

from muntin.router import CONVERTERS, Converter, Matched, NotFound, Router, TemplateError, TemplateWarning


def test_int_takes_ascii_digits_only():
    regex = re.compile(CONVERTERS["int"].regex)
    assert regex.fullmatch("007")
    for text in ["", "-1", "+1", "1_0", "٣", "1.0"]:
        assert regex.fullmatch(text) is None


def test_typed_values_stand_beside_the_strings():
    router = Router()
    router.add_get("/{id:int()}/{key:uuid()}/{rest:path()}", "typed", name="typed")
    key = uuid.UUID(int=10)
    found = router.match("GET", f"/042/{key}/a/b%20c")
    assert isinstance(found, Matched)
    assert found.variables == {"id": "042", "key": str(key), "rest": "a/b c"}
    assert found.values == {"id": 42, "key": key, "rest": "a/b c"}
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


KNOWN = r"there are int\(\), uuid\(\), path\(\), slug\(\)"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/{x:uuuid()}", f"no converter 'uuuid' for 'x', but {KNOWN}"),
        ("/{x:INT()}", f"no converter 'INT' for 'x', but {KNOWN}"),
        ("/{x:slugs( )}", f"no converter 'slugs' for 'x', but {KNOWN}"),
        ("/{x:float()}", f"no converter 'float' for 'x', but {KNOWN}"),
        ("/{x:int(4)}", r"the converter 'int' of 'x' takes no arguments: write \{x:int\(\)\}"),
        ("/{x:int( )}", "the converter 'int' of 'x' takes no arguments"),
        ("/{x:slug(length=2)}", "the converter 'slug' of 'x' takes no arguments"),
        ("/{x:int}", r"the converter 'int' of 'x' is written with parentheses: write \{x:int\(\)\}"),
        ("/a/{x:path}/b", "the converter 'path' of 'x' is written with parentheses"),
        ("/{x:slug}", "the converter 'slug' of 'x' is written with parentheses"),
        ("/{x:int(}", "bad regular expression for 'x'"),
        ("/{x:int()", "a '{' without its '}'"),
        ("/<x>", r"path '/<x>': <x> is not a variable here, but text: write \{x\}"),
        ("/a/<int:x>/b", r"<int:x> is not a variable here, but text: write \{x\}"),
        ("/user-<string(length=2):x>", r"<string\(length=2\):x> is not a variable"),
        ("/<x:int>", "<x:int> is not a variable"),
        ("/{y}/<path:x>", "<path:x> is not a variable"),
    ],
)
def test_what_names_no_converter_is_an_error(path, says):
    router = Router(converters={"slug": Converter("[a-z-]+", str)})
    with pytest.raises(TemplateError, match=says):
        router.add_get(path, "h")


@pytest.mark.parametrize(
    "path",
    [
        "/{x:float}",
        "/{x:string}",
        "/{x:any(en,de)}",
        "/{int:x}",
        "/{str:name}",
        "/{path:x}",
        "/a/:x",
        "/:a/b",
    ],
)
def test_what_looks_like_another_router_warns(path):
    with pytest.warns(TemplateWarning, match=f"path '{re.escape(path)}'") as caught:
        Router().add_get(path, "h")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("regex", "text"),
    [
        (r"v(\d+)", "v5"), ("en|de", "de"), ("v1", "v1"), ("(?:a|b)", "b"), ("int(?:4)", "int4"),
        ("integer", "integer"), (r"page(\d)-(\d)", "page1-2"), ("a()b", "ab"), ("int|str", "int"),
    ],
)  # fmt: skip
def test_everything_else_behind_the_colon_is_an_expression(regex, text):
    router = Router()
    router.add_get(f"/{{x:{regex}}}", "h")
    assert router.match("GET", "/" + text).variables == {"x": text}


@pytest.mark.parametrize(
    "path", ["/a:b", "/v1/things:batch", "/:", "/a/:1", "/%3Cx%3E", "/a<b", "/{path}", "/{int}/{x}"]
)
def test_other_text_is_text(path):
    Router().add_get(path, "h")  # a warning is an error here
