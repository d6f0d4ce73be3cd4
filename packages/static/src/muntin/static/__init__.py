"""Files over HTTP: from a URL path and request fields to a plan for the response, without any I/O but the file's own.

    root = StaticRoot("public", append_version=True)
    with root.plan("GET", "css/site.css", request_fields) as plan:
        ...  # send plan.status, plan.fields, then plan.body or plan.segments of plan.file

`muntin.static.asgi.StaticFiles` does the sending for any ASGI server.
"""

from muntin.static._apart import plan_apart, read_apart
from muntin.static._cache import CacheLimits
from muntin.static._file import plan_file
from muntin.static._locate import NO_FILE, Flavour, Place, locate
from muntin.static._manifest import read_manifest
from muntin.static._media_types import guess_media_type
from muntin.static._plan import CHUNK_SIZE, FilePlan, FileSegment, plan_redirect
from muntin.static._root import REQUEST_FIELDS, RequestFields, StaticRoot
from muntin.static._variants import CachePolicy
from muntin.static.errors import FileChanged, ManifestError, RootError, StaticError

__all__ = [
    "CHUNK_SIZE",
    "NO_FILE",
    "REQUEST_FIELDS",
    "CacheLimits",
    "CachePolicy",
    "FileChanged",
    "FilePlan",
    "FileSegment",
    "Flavour",
    "ManifestError",
    "Place",
    "RequestFields",
    "RootError",
    "StaticError",
    "StaticRoot",
    "guess_media_type",
    "locate",
    "plan_apart",
    "plan_file",
    "plan_redirect",
    "read_apart",
    "read_manifest",
]
