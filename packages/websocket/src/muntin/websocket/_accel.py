"""The kernel that is used: the compiled one where it was built, and else the one in Python.

`MUNTIN_PURE=1` in the environment takes the one in Python in any case.
"""

import os

__all__ = ["IS_COMPILED", "apply_mask", "unmask"]

try:
    if os.environ.get("MUNTIN_PURE") == "1":
        raise ImportError("plain Python is asked for")
    from muntin.websocket._speedups import apply_mask, unmask
except ImportError:
    from muntin.websocket._mask import apply_mask, unmask

IS_COMPILED = apply_mask.__module__.endswith("_speedups")
