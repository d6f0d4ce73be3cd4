"""Kinds of callables."""

import functools

import pytest

from muntin.middleware import describe_callable, is_coroutine_callable, is_plain_function


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
