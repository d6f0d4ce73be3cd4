"""Other implementations still differ from us where `docs/explanation/http1-differences.md` says so, only there."""

import pytest

from conformance.http1.cases import read_groups
from conformance.http1.differences import (
    OTHERS,
    comparable_cases,
    find_differences,
    read_recorded,
    recorded_versions,
)
from conformance.http1.peers import find_version


@pytest.mark.row("AH-05", "AH-35")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("peer", OTHERS)
def test_differences_are_as_recorded(peer: str) -> None:
    version, recorded = find_version(peer), recorded_versions()[peer]
    if version != recorded:
        pytest.skip(f"recorded with {peer} {recorded}; here is {version or 'none'}")
    assert find_differences(peer) == read_recorded(peer)


def test_every_difference_is_judged() -> None:
    judged = {name for name, group in read_groups().items() if "why" in group}
    differing = {case.partition("/")[0] for peer in OTHERS for case in read_recorded(peer)}
    assert differing <= judged
    assert differing <= {case.id.partition("/")[0] for case in comparable_cases()}
