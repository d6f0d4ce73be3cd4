"""What the tests of conformance share: the data and its readers live in `conformance/`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
