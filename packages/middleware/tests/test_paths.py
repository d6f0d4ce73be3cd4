"""Slash normalisation: candidates, and that none of them leads elsewhere."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.middleware.paths import normalize_candidates, to_same_origin


@pytest.mark.parametrize(
    ("path", "options", "candidates"),
    [
        ("/a", {}, ["/a/"]),
        ("/a/", {}, []),
        ("/a//b", {}, ["/a/b", "/a//b/", "/a/b/"]),
        ("/a//", {}, ["/a/"]),
        ("/a/", {"append_slash": False, "remove_slash": True}, ["/a"]),
        ("/", {"append_slash": False, "remove_slash": True}, []),
        ("/a//b/", {"append_slash": False, "remove_slash": True}, ["/a/b/", "/a//b", "/a/b"]),
        ("/a//b", {"merge_slashes": False}, ["/a//b/"]),
        ("/a//b", {"append_slash": False}, ["/a/b"]),
    ],
)
def test_candidates(path, options, candidates):
    assert list(normalize_candidates(path, **options)) == candidates


def test_appending_and_removing_exclude_each_other():
    with pytest.raises(ValueError, match="exclude"):
        list(normalize_candidates("/", remove_slash=True))


@pytest.mark.row("HI-33")
@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/..", "///evil.example", "/\\evil.example", "\\\\evil.example"]
)
@pytest.mark.parametrize("merge", [True, False])
def test_a_foreign_host_becomes_a_path(path, merge):
    for candidate in normalize_candidates(path, merge_slashes=merge):
        assert candidate.startswith("/evil.example")


@pytest.mark.row("HI-33")
@given(st.text(alphabet="/\\.ab%2F:@?", max_size=12), st.booleans(), st.booleans())
def test_no_candidate_has_an_authority(path, append, merge):
    candidates = normalize_candidates(
        "/" + path, append_slash=append, remove_slash=not append, merge_slashes=merge
    )
    for candidate in candidates:
        assert urlsplit(urljoin("http://here.example/x", candidate)).netloc == "here.example"
        assert not candidate.startswith("//")
        assert "\\" not in candidate


def test_same_origin_leaves_good_paths_alone():
    assert to_same_origin("/a/b//c") == "/a/b//c"
