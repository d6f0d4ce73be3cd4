"""The selection of the kernel for masks and whole frames: the compiled one where it was built, else the one in Python.

With `MUNTIN_PURE=1` in the environment the one in Python is used in any case.
"""

import os

__all__ = ["IS_COMPILED", "apply_mask", "format_frame", "take_messages", "unmask"]

try:
    if os.environ.get("MUNTIN_PURE") == "1":
        raise ImportError("plain Python is asked for")
    from muntin.websocket._speedups import apply_mask, format_frame, take_messages, unmask
except ImportError:
    from muntin.websocket._mask import apply_mask, unmask
    from muntin.websocket._whole_frames import format_frame, take_messages

IS_COMPILED = apply_mask.__module__.endswith("_speedups")
