"""Status codes: their reasons, and which of them have no body."""

import pytest

from muntin.http_core import REASONS, forbids_body, reason_of


def test_reasons() -> None:
    assert (reason_of(200), reason_of(413), reason_of(799)) == ("OK", "Content Too Large", "")
    assert all(reason.isascii() for reason in REASONS.values())


@pytest.mark.parametrize(("status", "is_bodiless"), [(101, True), (200, False), (204, True), (304, True)])
def test_bodies(status: int, is_bodiless: bool) -> None:
    assert forbids_body(status) is is_bodiless
