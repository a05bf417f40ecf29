"""`make docs`: the site is built without a warning, and its pages ask nothing of the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import simulation
import theory
import verify
from documentation.pages import DOCS, HOW_TO

for needed in ("sphinx", "myst_nb", "furo", "ipykernel"):
    pytest.importorskip(needed, reason=f"{needed} is not installed: pip install '.[docs]' builds the site")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; every name outside the machine is unreachable while it is built."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d"]
    command += [str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = os.environ | nowhere | {"IPYTHONDIR": str(folder / "ipython")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Resources(HTMLParser):
    """What a page loads: scripts, styles, pictures, fonts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        loaded = of.get("src") if tag in ("script", "img", "iframe") else None
        if tag == "link" and of.get("rel") not in ("canonical",):
            loaded = of.get("href")
        self.found += [loaded] if loaded else []


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        parser = Resources()
        parser.feed(page.read_text(encoding="utf-8"))
        assert [r for r in parser.found if re.match(r"(https?:)?//", r)] == [], page
        assert parser.found, page


def test_every_public_name_has_its_entry(site: Path) -> None:
    for package in (theory, simulation):
        text = (site / "api" / f"{package.__name__}.html").read_text(encoding="utf-8")
        missing = [n for n in package.__all__ if f'id="{package.__name__}.{n}"' not in text]
        assert missing == [], package.__name__
    text = (site / "api" / "verify.html").read_text(encoding="utf-8")
    both = set(simulation.__all__)
    assert [n for n in verify.__all__ if n not in both and f'id="verify.{n}"' not in text] == []


def test_formulas_are_set_and_pictures_made(site: Path) -> None:
    for page in ("derivations/recursions.html", "which_rule.html", "notebooks/first_theorem.html"):
        assert "<math" in (site / page).read_text(encoding="utf-8"), page
    for page in ("evidence", "threshold", "two_stages"):
        text = (site / "gallery" / f"{page}.html").read_text(encoding="utf-8")
        assert re.search(r'<img[^>]+src="\.\./_images/\w+\.png"', text), page


def test_every_page_can_be_reached(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    for page in (*HOW_TO, "which_rule.md", "verdicts.md", "conventions.md", "references.md", "claims.md"):
        assert f'href="{page.removesuffix(".md")}.html"' in text, page
