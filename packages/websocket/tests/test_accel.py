"""The selection of the kernel: the compiled one where it was built, the one in Python elsewhere and on request."""

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from muntin import websocket
from muntin.websocket import _accel, _frames, _mask, _whole_frames

IS_PURE = os.environ.get("MUNTIN_PURE") == "1"
BUILT = [
    suffix
    for suffix in EXTENSION_SUFFIXES
    if Path(websocket.__file__).with_name(f"_speedups{suffix}").exists()
]


def test_the_compiled_kernel_is_used_where_it_was_built():
    if os.environ.get("MUNTIN_COMPILED") == "1" and not IS_PURE:
        # Set where the kernel was built with a compiler: see noxfile.py.
        assert _accel.IS_COMPILED
    assert _accel.IS_COMPILED is (BUILT != [] and not IS_PURE)
    assert _frames.unmask is _accel.unmask
    assert (_accel.apply_mask is _mask.apply_mask) is not _accel.IS_COMPILED
    assert (_accel.take_messages is _whole_frames.take_messages) is not _accel.IS_COMPILED
    assert (_accel.format_frame is _whole_frames.format_frame) is not _accel.IS_COMPILED


@pytest.mark.parametrize("pure", ["1", "0"])
def test_plain_python_can_be_asked_for(pure):
    program = "from muntin.websocket import _accel; print(_accel.IS_COMPILED)"
    environment = os.environ | {"MUNTIN_PURE": pure}
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == str(pure == "0" and BUILT != [])
