import dataclasses

import pytest

from muntin.http_core.multipart.events import NEED_DATA, Finished, PartBegin, PartData, PartEnd


def test_a_part_knows_what_its_fields_mean() -> None:
    part = PartBegin(
        (
            ("Content-Disposition", 'form-data; name="a"; filename="../b.txt"'),
            ("CONTENT-TYPE", "text/plain; charset=utf-8"),
            ("X", "1"),
            ("x", "2"),
        )
    )
    assert part.disposition is not None
    assert (part.disposition.name, part.disposition.safe_filename) == ("a", "b.txt")
    assert part.media_type is not None
    assert part.media_type.charset == "utf-8"
    assert (part.get("x"), part.get("y")) == ("1", None)


def test_missing_and_malformed_are_none() -> None:
    assert PartBegin(()).disposition is None
    assert PartBegin(()).media_type is None
    part = PartBegin((("content-disposition", "form-data name"), ("content-type", "text")))
    assert (part.disposition, part.media_type) == (None, None)


def test_events_are_frozen() -> None:
    assert repr(NEED_DATA) == "NEED_DATA"
    for event in (PartBegin(()), PartData(b"x"), PartEnd(), Finished()):
        assert not hasattr(event, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        PartData(b"x").data = b"y"  # type: ignore[misc]  # that it is refused is the test
