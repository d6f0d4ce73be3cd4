"""Errors: mistakes of programmers and operators; a hostile request never raises, its plan has a status.

StaticError
├── RootError        the directory to serve is none                        → fix the configuration
├── ManifestError    a build tool's manifest cannot be understood          → fix the build
└── FileChanged      a file became shorter while it was sent               → cut the connection
"""

__all__ = ["FileChanged", "ManifestError", "RootError", "StaticError"]


class StaticError(Exception):
    """The root of every error that this package raises on purpose."""


class RootError(StaticError, ValueError):
    """The directory that should be served does not exist, or is something else.

    Attributes:
        directory: the directory as it was passed.
    """

    def __init__(self, directory: str, reason: str) -> None:
        super().__init__(f"cannot serve files from {directory!r}: {reason}")
        self.directory = directory


class ManifestError(StaticError, ValueError):
    """A manifest is no JSON object of names, or names something outside the root."""


class FileChanged(StaticError, OSError):
    """A file ended before all of its planned bytes were read.

    `Content-Length` is on the wire by then, so the only honest end is to cut the connection (RFC 9112 §8).

    Attributes:
        missing: bytes of the segment that could not be read.
    """

    def __init__(self, missing: int) -> None:
        super().__init__(f"the file ended {missing} bytes before its planned length")
        self.missing = missing
