"""``report.html``: one file that loads nothing, bounded and complete."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from contract_tests.findings.result import Result
from contract_tests.reports import html
from contract_tests.reports.document import document
from tests.contract_kit.reports.samples import (
    ALL,
    exchange,
    finding,
)


class _Page(HTMLParser):
    """The elements, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (the base class calls it)
        self._within = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._within] = self.texts.get(self._within, "") + data


@pytest.fixture(scope="module")
def page(make: Callable[..., Result]) -> _Page:
    return _Page(html.text(document(make(*ALL))))


def test_html_is_self_contained(page: _Page) -> None:
    """The content security policy allows the page's own style and script, by their hashes."""
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 1
    assert set(tags).isdisjoint({"link", "img", "iframe", "object", "form", "base"})
    assert not [
        name
        for _, attributes in page.elements
        for name in attributes
        if name.startswith("on") or name == "style"
    ]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)
    style, script = (
        base64.b64encode(hashlib.sha256(page.texts[tag].encode()).digest()).decode()
        for tag in ("style", "script")
    )
    metas = {
        attributes.get("http-equiv") or attributes.get("name"): attributes
        for tag, attributes in page.elements
        if tag == "meta"
    }
    policy = metas["Content-Security-Policy"]["content"] or ""
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{style}'",
        f"script-src 'sha256-{script}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "url(" not in page.texts["style"]
    assert "prefers-color-scheme: dark" in page.texts["style"]
    assert "viewport" in metas


def test_html_shows_every_finding(page: _Page, make: Callable[..., Result]) -> None:
    """Every finding has its line, steps and command; untested parts are listed."""
    text = html.text(
        document(make(*ALL, finding(kind="story", steps=(exchange(1, "POST"), exchange(2, "PUT")))))
    )
    opened = [attributes for tag, attributes in _Page(text).elements if tag == "details"]
    findings = [element for element in opened if "finding" in (element.get("class") or "")]
    assert len(findings) == len(ALL) + 1
    causes = [element for element in opened if "cause" in (element.get("class") or "").split()]
    assert len(causes) == len(document(make(*ALL, finding(kind="story")))["causes"])
    assert len(opened) == len(findings) + len(causes) + 2
    assert text.count("curl -i") == len(ALL) + 2
    for sign in (
        "seed 7",
        "1,200 times",
        "spec/openapi.yaml:",
        "1,234 requests",
        "me: later",
        "one key only",
        "a note",
    ):
        assert sign in text
    sections = {attributes.get("id") for tag, attributes in page.elements if tag == "section"}
    assert {"failure", "difference", "drift", "known", "coverage"} <= sections


@pytest.mark.slow
def test_html_of_many_findings_is_bounded_and_says_so(make: Callable[..., Result]) -> None:
    """Each cause is shown, its first places first; what is left out is counted."""
    many = [
        finding(
            where=f"/response/200/body/{number}",
            spec=f"#/{number % 7}",
            exchange=exchange(response_body=b"x" * 3_000),
        )
        for number in range(5_000)
    ]
    rare = finding(kind="money", keyword="sum", spec="#/rare")
    view = document(make(*many, rare))
    text = html.text(view)
    assert len(text) < 5_000_000
    shown = [
        attributes
        for tag, attributes in _Page(text).elements
        if tag == "details" and "finding" in (attributes.get("class") or "").split()
    ]
    assert len(shown) == html.MAX_FINDINGS
    assert "money" in {attributes["data-check"] for attributes in shown}
    assert "4,001 of 5,001 findings are left out." in text
    assert "... and 4,001 more causes, which report.json has" in text
    assert "are shown without their exchange." in text


def test_html_without_findings_has_no_filter(make: Callable[..., Result]) -> None:
    """There is nothing to search."""
    tags = {tag for tag, _ in _Page(html.text(document(make()))).elements}
    assert tags.isdisjoint({"script", "input", "select", "button"})
