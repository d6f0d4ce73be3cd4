"""A plugin for pytest: `pytest -p muntin.compat.pytest` runs the tests of an aiohttp service on muntin.

pytest loads the plugins of `-p` before those that are installed, so pytest-aiohttp finds muntin.
"""

from muntin.compat.aiohttp import install

__all__: list[str] = []

install()
