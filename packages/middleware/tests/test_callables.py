"""Kinds of callables."""

import functools
import warnings

import pytest

from muntin.middleware.callables import (
    describe_callable,
    is_coroutine_callable,
    is_plain_function,
    warn_about,
)


async def coroutine(): ...


def plain(): ...


async def generator():
    yield


@functools.wraps(coroutine)
def wrapper():
    return coroutine()


class Async:
    async def __call__(self): ...

    async def method(self): ...


class Plain:
    def __call__(self): ...

    def method(self): ...


@pytest.mark.parametrize(
    ("function", "is_async", "is_plain"),
    [
        (coroutine, True, False),
        (functools.partial(coroutine), True, False),
        (functools.partial(functools.partial(plain)), False, True),
        (wrapper, True, False),
        (Async(), True, False),
        (Async().method, True, False),
        (functools.partial(Async()), True, False),
        (plain, False, True),
        (Plain(), False, True),
        (Plain().method, False, True),
        (lambda: None, False, False),
        (generator, False, False),
        (len, False, False),
        (Plain, False, False),
    ],
)
def test_kinds(function, is_async, is_plain):
    assert is_coroutine_callable(function) is is_async
    assert is_plain_function(function) is is_plain


def test_descriptions_name_the_function():
    assert describe_callable(functools.partial(coroutine)) == f"{__name__}.coroutine"
    assert "test_callables" in describe_callable(Plain().method)
    assert describe_callable(3) == "3"


def test_a_wrapper_of_itself_is_no_endless_loop():
    def loop(): ...

    loop.__wrapped__ = loop
    assert not is_coroutine_callable(functools.partial(loop))


def test_a_warning_points_at_where_the_function_was_written():
    with pytest.warns(DeprecationWarning, match="old") as caught:
        warn_about(functools.partial(Plain().method), "old", DeprecationWarning)
    method = Plain.method.__code__
    assert (caught[0].filename, caught[0].lineno) == (__file__, method.co_firstlineno)


def test_a_warning_of_what_was_written_in_c_points_at_who_asked():
    with pytest.warns(DeprecationWarning, match="old") as caught:
        warn_about(len, "old", DeprecationWarning)
    assert caught[0].filename == __file__


def test_a_place_is_warned_of_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        warn_about(plain, "old", DeprecationWarning)
        warn_about(plain, "old", DeprecationWarning)
    assert len(caught) == 1
