"""The documentation site: `make docs`. No network is used, neither when it is built nor when it is read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE / "_ext", HERE.parent):
    sys.path.insert(0, str(folder))
# The cells of the gallery import the code that stands beside this folder.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))

project = "Theorem verifier"
author = "The authors of the theorem verifier"
release = "0.1.0"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_nb",
    "docstrings",
    "mathml",
]
exclude_patterns = ["_build", "_ext"]
html_theme = "furo"
html_title = project
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
# The gallery's pictures are made by the code above them; notebooks show what is stored in them, and a test
# sees that it is what comes out.
nb_execution_mode = "force"
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_class_signature = "mixed"
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_use_rtype = False
# `(m, d)` in the type of an array names no object.
suppress_warnings = ["ref.python"]
