import pytest

from muntin.http_core.multipart.boundary import boundary_of, is_boundary, make_boundary
from muntin.http_core.multipart.errors import MultipartError


@pytest.mark.parametrize("boundary", ["a", "0" * 70, "a b", "'()+_,-./:=?"])
def test_boundaries(boundary: str) -> None:
    assert is_boundary(boundary)
    assert boundary_of(f'multipart/form-data; boundary="{boundary}"') == boundary


@pytest.mark.parametrize("boundary", ["", "0" * 71, "a ", " ", "a\tb", "a;b", "a\r\nb", "é", "٠", "a*b"])
def test_no_boundaries(boundary: str) -> None:
    assert not is_boundary(boundary)


@pytest.mark.parametrize(
    "boundary", ["----=_Part_7_12.34", "ab/cd+ef", "a:b", "=-=x", "a?b", "(a,b)", "a b c"]
)
@pytest.mark.parametrize("written", ["boundary={}", "x; boundary = {}", "charset=; Boundary={} ; y=z"])
def test_boundaries_that_should_be_quoted_are_read(boundary: str, written: str) -> None:
    assert boundary_of(f"multipart/form-data; {written.format(boundary)}") == boundary


def test_the_same_boundary_twice_is_one() -> None:
    assert boundary_of('multipart/form-data; boundary=a; boundary="a"') == "a"


@pytest.mark.row("HI-29")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "multipart/form-data",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "a" * 71,
        "multipart/form-data; boundary=" + "a" * 1_000_000,
        "multipart/form-data; boundary=a; boundary=b",
        'multipart/form-data; boundary="a',
        'multipart/form-data; boundary="a"b',
        'multipart/form-data; boundary="a"b; boundary=a',
        "multipart/form-data; boundary=ä",
        "multipart/form-data; boundary=a@b",
        "multipart/form-data, multipart/form-data; boundary=a",
        "multipart/form-data boundary=a",
        "multipart/form-data; boundary=a;" + "x=y;" * 50_000 + "boundary=b",
        "text/plain; boundary=a",
        "application/x-www-form-urlencoded",
    ],
)
def test_a_field_without_a_boundary_is_400(content_type: str) -> None:
    with pytest.raises(MultipartError) as caught:
        boundary_of(content_type)
    assert caught.value.status == 400


def test_what_is_made_cannot_be_guessed() -> None:
    made = {make_boundary() for _ in range(100)}
    assert len(made) == 100
    assert all(map(is_boundary, made))
