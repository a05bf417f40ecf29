"""The zoo of claims that the tests of the report share, and readers of what was written."""

from __future__ import annotations

import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from verify.outcome import Judgement, Verification

sys.path.insert(0, str(Path(__file__).parent.parent))
from report_zoo import INJECTION, make_verification

__all__ = ["FILES", "INJECTION", "Page", "by_id", "make_verification", "strict"]

FILES = {
    "report.html", "report.md", "appendix.html", "appendix.md", "claims.json", "comparison.csv", "run.json",
    "figures",
}  # fmt: skip


def by_id(verification: Verification, claim_id: str) -> Judgement:
    return next(j for j in verification.judgements if j.claim.id == claim_id)


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


class Page(HTMLParser):
    """Tags, resource addresses and visible text of a page; unclosed tags raise."""

    VOID = frozenset(("meta", "img", "br", "path", "input", "hr", "wbr"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster", "xlink:href"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title", "script"} & set(self.open):
            self.text.append(data)
