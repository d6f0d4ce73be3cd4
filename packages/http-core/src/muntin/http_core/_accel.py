"""The selection of the kernel that splits heads: the compiled one where it was built, else the one in Python.

With `MUNTIN_PURE=1` in the environment the one in Python is used in any case.
"""

import os

__all__ = ["IS_COMPILED", "split_head"]

try:
    if os.environ.get("MUNTIN_PURE") == "1":
        raise ImportError("plain Python is asked for")
    from muntin.http_core._speedups import split_head
except ImportError:
    from muntin.http_core._head_parts import split_head

IS_COMPILED = split_head.__module__.endswith("_speedups")
