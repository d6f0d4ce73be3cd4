"""What would change for a project that comes from aiohttp: `python -m muntin.web.migrate PATH`.

It reads sources, as text, and tells file and line; it imports nothing of the project and changes nothing.
"""

from muntin.web.migrate._examination import examine
from muntin.web.migrate._rules import Finding, Kind

__all__ = ["Finding", "Kind", "examine"]
