"""A report of the changes for a project that comes from aiohttp: `python -m muntin.migrate PATH`.

It reads the sources as text and reports file and line. It imports nothing of the project and changes nothing.
"""

from muntin.migrate._examination import examine
from muntin.migrate._rules import Finding, Kind

__all__ = ["Finding", "Kind", "examine"]
