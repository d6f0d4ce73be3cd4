"""The two readers of heads agree on a fixed set of them; `nox -s fuzz` compares a million."""

from itertools import islice

import pytest

from conformance.heads import IS_BUILT, compare_heads, main, make_heads


@pytest.mark.parametrize("seed", range(4))
def test_both_readers_agree(seed: int) -> None:
    tally = compare_heads(10_000, seed)
    # The heads are of all kinds, or nothing would have been compared.
    assert tally.heads == 10_000
    assert tally.whole > 3000
    assert tally.plain > 500


def test_the_same_seed_makes_the_same_heads() -> None:
    first = list(islice(make_heads(7), 100))
    assert first == list(islice(make_heads(7), 100))
    assert first != list(islice(make_heads(8), 100))


@pytest.mark.skipif(not IS_BUILT, reason="the compiled kernel was not built")
def test_the_command_compares_as_many_as_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["heads", "--count", "100", "--seed", "3"])
    main()
    assert capsys.readouterr().out == f"{compare_heads(100, 3)}\n"
