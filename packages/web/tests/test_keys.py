from typing import Any

import pytest

from muntin.web.keys import AppKey, RequestKey, ResponseKey


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
