"""The selection of the kernels that read heads and join lines: the compiled ones where they were built, else those in
Python.

With `MUNTIN_PURE=1` in the environment those in Python are used in any case.
"""

import os

__all__ = ["IS_COMPILED", "cut_lines", "decode_lines", "find_all", "find_each", "join_lines", "split_head"]

try:
    if os.environ.get("MUNTIN_PURE") == "1":
        raise ImportError("plain Python is asked for")
    from muntin.http_core._speedups import (
        cut_lines,
        decode_lines,
        find_all,
        find_each,
        join_lines,
        split_head,
    )
except ImportError:
    from muntin.http_core._field_lines import cut_lines, decode_lines, find_all, find_each, join_lines
    from muntin.http_core._head_parts import split_head

IS_COMPILED = split_head.__module__.endswith("_speedups")
