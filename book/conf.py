"""Settings of Sphinx for the book; `python -m book` runs it."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from book import api  # noqa: E402
from book.api import addresses  # noqa: E402
from book.places import build_folder, repository  # noqa: E402

project = "Unrolled"
author = "The Unrolled authors"
project_copyright = "The Unrolled authors. Text and figures CC BY 4.0, code BSD 3-Clause"
language = "en"

extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx.ext.githubpages",
    *api.EXTENSIONS,
    "book.extension",
]
globals().update(api.SETTINGS)
linkcode_resolve = addresses.source_of  # sphinx.ext.linkcode refuses to do without it
exclude_patterns = ["notebooks/**"]
nitpicky = True

# Notebooks: executed before, by book/execution.py
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 3
# A formula is read where it stands; as a stop of the Tab key it would only be in the way.
mathjax3_config = {"options": {"menuOptions": {"settings": {"inTabOrder": False}}}}

# The site
html_theme = "sphinx_book_theme"
html_title = "Unrolled"
html_favicon = "static/favicon.svg"
html_static_path = ["static", str(build_folder() / "source" / "_static")]
templates_path = ["templates"]
html_css_files = sorted(path.name for path in (ROOT / "book" / "static").glob("*.css"))
html_js_files = [
    (path.name, {"defer": "defer"}) for path in sorted((ROOT / "book" / "static").glob("*.js"))
]
html_copy_source = False
html_scaled_image_link = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_context = {"default_mode": "light"}  # without scripts; templates/layout.html chooses with them
html_theme_options = {
    "show_navbar_depth": 1,
    "use_download_button": False,
    "home_page_in_toc": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "show_toc_level": 2,
}
if repository():
    html_theme_options |= {
        "repository_url": repository(),
        "use_repository_button": True,
        "use_issues_button": True,
    }
copybutton_exclude = ".linenos, .gp, .go"
