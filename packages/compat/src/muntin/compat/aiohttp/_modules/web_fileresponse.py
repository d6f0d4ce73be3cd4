"""`aiohttp.web_fileresponse`: responses from files."""

import os
from typing import Final

from muntin.web import FileResponse

__all__ = ["FileResponse"]

NOSENDFILE: Final = bool(os.environ.get("AIOHTTP_NOSENDFILE"))
