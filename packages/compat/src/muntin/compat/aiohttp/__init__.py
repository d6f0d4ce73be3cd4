"""muntin in the place of aiohttp's server half: `import aiohttp.web` gets `muntin.web`.

Call `install` before anything imports `aiohttp.web`: a program, a plugin or a test suite that was written for aiohttp
then serves by muntin, without a change. aiohttp's client stays its own. Where aiohttp is not installed, a stand-in
package offers the server half alone.
"""

from muntin.compat.aiohttp._installation import TooLateError, install, is_installed, uninstall

__all__ = ["TooLateError", "install", "is_installed", "uninstall"]
