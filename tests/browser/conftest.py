"""A real browser for the pages: the system's own chromium, driven through Playwright."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).parents[1]))

#: Names under which distributions install it.
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Skipped where there is none; where CI is set, that is a failure, unless none could be installed."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI") and os.environ.get("BROWSER") != "none":
            pytest.fail(f"no browser: install one of {', '.join(_NAMES)}")
        pytest.skip("no browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Pages are files made by these tests; a sandbox of its own is refused to root in containers.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of every kind of claim and verdict, under the items of a paper."""
    from dataclasses import replace

    from report_zoo import make_verification

    from theory import Entry, Item, Paper, Reference
    from verify.report import write_report

    verification = make_verification()
    ids = [j.claim.id for j in verification.judgements]
    items = (
        Item("Theorem 4.1 (all of it)", tuple(ids[:8]), r"There is $T_1 = \Theta(nm/(\eta\sigma_\xi^2 d))$."),
        Item("Lemma 2", tuple(ids[8:14])),
        Item("Sharp constants", tuple(ids[14:]), "Where the paper has a rate.", beyond=True),
    )
    paper = Paper(
        "zoo",
        Reference("A. Author", 2025, "A zoo of claims", "a journal"),
        tuple(j.claim for j in verification.judgements),
        letters=(Entry("n", "n", "number of samples", "samples", "Setting"),),
        items=items,
    )
    target = tmp_path_factory.mktemp("browser") / "zoo"
    write_report(replace(verification, papers=(paper,)), target)
    return target
