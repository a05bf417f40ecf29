"""The pages in a real browser: no errors, nothing beside the screen, the filter, print, accessibility."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.timeout(300)

LAYERS = ("report", "appendix")
#: A page is whole within this many bytes.
MOST_BYTES = 2_000_000
MOST_PAGES = 8


@contextmanager
def opened(browser: Browser, file: Path, *, width: int = 1200, **options: Any) -> Iterator[Page]:
    """A page; any message of the console, error or request to elsewhere fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: said.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    page.goto(file.as_uri())
    try:
        yield page
    finally:
        context.close()
    assert said == []


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_goes_wrong_and_nothing_is_fetched(browser: Browser, folder: Path, layer: str) -> None:
    with opened(browser, folder / f"{layer}.html") as page:
        assert page.title()
    assert (folder / f"{layer}.html").stat().st_size < MOST_BYTES


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("width", [400, 1200])
def test_no_sideways_scroll(browser: Browser, folder: Path, layer: str, width: int) -> None:
    with opened(browser, folder / f"{layer}.html", width=width) as page:
        # Unfolded claims hold the widest lines.
        page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("layer", LAYERS)
def test_claims_are_filtered(browser: Browser, folder: Path, layer: str) -> None:
    from playwright.sync_api import expect

    with opened(browser, folder / f"{layer}.html") as page:
        everything = page.locator("details.claim:visible").count()
        assert everything >= 20
        assert page.locator("output").inner_text() == f"{everything} of {everything} claims"
        page.get_by_label("Search").fill("eta  exponent zoo.exponent.eta")
        assert "zoo.exponent.eta" in ids(page)
        assert len(ids(page)) < everything
        page.get_by_role("button", name="Show all").click()
        expect(page.locator("details.claim[hidden]")).to_have_count(0)
        page.locator("select[name=verdict]").select_option("refuted")
        found = page.locator("details.claim:visible")
        assert 0 < found.count() < everything
        assert all("refuted" in text for text in found.locator(".word").all_inner_texts())
        page.get_by_label("Search").fill("no such words anywhere")
        assert ids(page) == []
        assert page.locator("section.claims:visible").count() == 0


def ids(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "details.claim:not([hidden])", "found => found.map(box => box.dataset.id)"
    )
    return found


def test_a_link_to_a_claim_unfolds_it_whatever_is_filtered(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "report.html") as page:
        body = page.locator('[id="claim-zoo.lemma.norms"]')
        assert not body.is_visible()
        page.locator("select[name=verdict]").select_option("refuted")
        page.evaluate("location.hash = 'claim-zoo.lemma.norms'")
        body.wait_for(state="visible")
        assert "reproduce:" in body.inner_text()
        body.get_by_text("Everything the verdict rests on").click()
        page.wait_for_url("**/appendix.html#claim-zoo.lemma.norms")
        page.locator('[id="claim-zoo.lemma.norms"]').wait_for(state="visible")


def test_the_keyboard_reaches_what_a_mouse_does(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "report.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.locator("details.claim > summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.claim").first.evaluate("box => box.open")


def test_without_scripts_all_claims_are_there(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "appendix.html", java_script_enabled=False) as page:
        assert not page.locator("form.filter").is_visible()
        assert page.locator("details.claim:visible").count() >= 20


def test_the_report_prints_on_few_pages(browser: Browser, folder: Path, tmp_path: Path) -> None:
    with opened(browser, folder / "report.html") as page:
        assert pages(page.pdf(format="A4", prefer_css_page_size=True)) <= MOST_PAGES


def pages(pdf: bytes) -> int:
    """How many a document has: its page tree's largest count."""
    return max(int(count) for count in re.findall(rb"/Type\s*/Pages.*?/Count\s+(\d+)", pdf, re.DOTALL))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser: Browser, folder: Path, layer: str, scheme: str) -> None:
    with opened(browser, folder / f"{layer}.html", color_scheme=scheme) as page:
        assert faults(page) == []


def faults(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]} ({len(fault['nodes'])})"
        for fault in found
        if fault["impact"] in ("serious", "critical") or fault["id"] == "heading-order"
    ]


def test_axe_would_find_a_fault(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text("<!DOCTYPE html><html><title>t</title><p style='color:#ccc'>pale</p><img src=''></html>")
    with opened(browser, file) as page:
        assert {fault.partition(":")[0] for fault in faults(page)} >= {"color-contrast", "image-alt"}
