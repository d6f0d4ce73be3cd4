"""Settings of the documentation: pages appear by themselves, and a warning fails the build."""

import sys
from pathlib import Path

project = "muntin"
author = "the muntin contributors"
copyright = "the muntin contributors"

# `features` is the file beside this one: it fills the table of features.
sys.path.insert(0, str(Path(__file__).parent))
extensions = ["myst_parser", "features"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["**/README.md"]
nitpicky = True

# Links to headings (`page.md#heading`) work down to this level.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

# The theme brings its own style and takes its fonts from the reader's system: nothing is fetched, nor phoned to.
html_theme = "furo"
html_title = "muntin"
html_copy_source = False
html_show_sphinx = False
