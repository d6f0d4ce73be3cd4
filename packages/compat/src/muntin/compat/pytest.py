"""A plugin for pytest: `pytest -p muntin.compat.pytest` runs the tests of an aiohttp service on muntin.

pytest registers the plugins of `-p` before it imports those that are installed, so pytest-aiohttp finds muntin.
"""

from muntin.compat.aiohttp import install

__all__ = ["pytest_plugin_registered"]


def pytest_plugin_registered() -> None:
    """Install muntin in the place of aiohttp's server half, as soon as pytest registers this plugin, or any other."""
    install()
