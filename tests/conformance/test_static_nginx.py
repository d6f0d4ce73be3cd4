"""nginx responds the same requests in the same way, except where `conformance/static/nginx.toml` says who is right."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.static.cases import Case, build_site
from conformance.static.nginx import (
    comparable_cases,
    find_verdict,
    find_version,
    read_differences,
    recorded_version,
    serving,
)

CASES = [pytest.param(case, id=str(case)) for case in comparable_cases()]
DIFFERENCES = read_differences()
IS_RECORDED = find_version() == recorded_version()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def sockets(site: Path) -> Iterator[dict[str, Path]]:
    if find_version() is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    # The path of a temporary directory is short enough for that of a socket; one of pytest's need not be.
    with tempfile.TemporaryDirectory() as folder, serving(site, Path(folder)) as sockets:
        yield sockets


@pytest.mark.row("ST-13")
@pytest.mark.parametrize("case", CASES)
def test_static_nginx(case: Case, sockets: dict[str, Path], site: Path) -> None:
    verdict = find_verdict(case, sockets[case["root"]], site)
    known = DIFFERENCES.get(str(case))
    # Another version may have come to agree.
    if IS_RECORDED or verdict is not None:
        assert verdict == (None if known is None else known.response)


def test_most_cases_are_answered_alike() -> None:
    names = {str(param.values[0]) for param in CASES}
    assert set(DIFFERENCES) <= names
    assert len(names - set(DIFFERENCES)) >= 120


def test_every_difference_is_judged() -> None:
    assert {known.right for known in DIFFERENCES.values()} <= {"ours", "either"}
    assert all(known.why for known in DIFFERENCES.values())
