from typing import Any

import pytest

from muntin import web
from muntin.web.keys import AppKey, NotAppKeyWarning, RequestKey, ResponseKey


@pytest.mark.row("WB-03")
def test_two_keys_of_one_name_are_two() -> None:
    assert AppKey("x", str) != AppKey("x", str)
    assert len({AppKey("x", str), AppKey("x", str)}) == 2


@pytest.mark.row("WB-03")
@pytest.mark.parametrize("kind", [AppKey, RequestKey, ResponseKey])
def test_repr_shows_module_name_and_type(kind: Any) -> None:
    module = __name__
    assert repr(kind("x", str)) == f"<{kind.__name__}({module}.x, type=str)>"
    assert repr(kind("x")) == f"<{kind.__name__}({module}.x, type=unknown)>"
    assert repr(kind("x", dict[str, int])) == f"<{kind.__name__}({module}.x, type=dict[str, int])>"


def test_the_type_may_be_the_parameter() -> None:
    assert "type=int" in repr(AppKey[int]("x"))
    assert repr(AppKey[int]("x")).startswith(f"<AppKey({__name__}.x")


def test_keys_are_sorted_by_their_names_before_plain_ones() -> None:
    first, second = web.AppKey("a", str), web.AppKey("b", int)
    app = web.Application()
    app[second] = app[first] = 1
    with pytest.warns(NotAppKeyWarning):
        app.update(plain=1, another=1)
    assert sorted(app) == sorted(app, reverse=True)[::-1] == [first, second, "another", "plain"]
    with pytest.raises(TypeError):
        first < 1  # noqa: B015
