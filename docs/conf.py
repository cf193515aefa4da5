"""The documentation site; `make docs` builds it, and every warning is an error.

The pages read the same in the repository and on the site: plain Markdown, links to files. What the
code knows better is put in by `docs.written`; `docs.offline` sees to it that a reader's browser
asks nobody else for anything.
"""

import logging
import sys
from pathlib import Path

# A package of the theme prints what everybody logs.
logging.getLogger("alembic").setLevel(logging.WARNING)
sys.path.insert(0, str(Path(__file__).parents[1]))

project = "Kumo"
author = "the authors of Kumo"
html_title = "Kumo"
html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

extensions = ["myst_parser", "docs.written", "docs.offline"]
exclude_patterns = ["written"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
nitpicky = True
