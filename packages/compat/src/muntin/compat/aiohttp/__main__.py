"""`python -m muntin.compat.aiohttp [-m] TARGET ...`: run a program that was written for aiohttp on muntin.

TARGET is a file, or with `-m` a module, and what follows are its arguments, as for the interpreter itself.
"""

import os
import runpy
import sys
from collections.abc import Sequence

from muntin.compat.aiohttp import install

__all__ = ["main"]

_USAGE = "usage: python -m muntin.compat.aiohttp [-m] TARGET [ARGUMENT ...]"


def main(arguments: Sequence[str]) -> None:
    """Install muntin in the place of aiohttp's server half, and run a program as the main one.

    Args:
        arguments: of the command line, without the name of the command.

    Raises:
        SystemExit: there is no target.
    """
    rest = list(arguments)
    is_module = rest[:1] == ["-m"]
    if is_module:
        del rest[0]
    if not rest or rest[0].startswith("-"):
        raise SystemExit(_USAGE)
    target = rest[0]
    install()
    sys.argv[:] = rest
    if is_module:
        # The interpreter looks for modules in the current folder first.
        sys.path.insert(0, os.getcwd())
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(target)))
        runpy.run_path(target, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
