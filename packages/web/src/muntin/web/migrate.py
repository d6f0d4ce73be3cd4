"""`python -m muntin.web.migrate PATH`: another name of the command `python -m muntin.migrate PATH`.

The report is a package of its own, `muntin-migrate`; this module only starts it.
"""

import runpy
import sys
from importlib.util import find_spec

__all__ = ["main"]


def main() -> int:
    """Run the report as the main program, which ends with its exit code; return 2 if it is not installed."""
    if find_spec("muntin.migrate") is None:
        print("error: the report is not installed: pip install muntin-migrate", file=sys.stderr)
        return 2
    runpy.run_module("muntin.migrate", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
