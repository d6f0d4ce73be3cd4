"""What errors say, and what they are."""

from muntin.static import FileChanged, ManifestError, RootError, StaticError


def test_errors_name_what_is_wrong() -> None:
    error = RootError("/srv", "it does not exist")
    assert (error.directory, str(error)) == ("/srv", "cannot serve files from '/srv': it does not exist")
    assert FileChanged(7).missing == 7
    assert "7 bytes" in str(FileChanged(7))


def test_errors_can_be_caught_by_remedy() -> None:
    assert issubclass(RootError, ValueError)
    assert issubclass(ManifestError, ValueError)
    assert issubclass(FileChanged, OSError)
    assert all(issubclass(kind, StaticError) for kind in (RootError, ManifestError, FileChanged))
