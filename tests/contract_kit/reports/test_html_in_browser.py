"""The HTML report in a real browser: filter, search, keyboard, looks, and no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result
from contract_tests.openapi.contract import Contract
from contract_tests.reports import html
from contract_tests.reports.document import document
from contract_tests.settings import Settings, packaged_spec
from tests.browser import Open, judged
from tests.contract_kit.reports.samples import (
    ALL,
    EVIL,
    exchange,
    finding,
)

pytestmark = pytest.mark.slow

MONEY = finding(
    operation="get_cost_projection",
    kind="money",
    keyword="sum",
    expected="the sum of the days",
    got="one more",
    spec="#/paths",
    steps=(exchange(1, "POST"),),
)
FINDINGS = [*ALL, MONEY]
LOOKS = pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
)


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Write a report of some findings, and return its address."""
    contract = Contract.load(packaged_spec())
    settings = Settings("https://staging.example.com", contract.path)

    def written(*findings: Finding) -> str:
        result = Result(settings, contract, list(findings), Coverage(contract), [], 9, 1.0)
        path: Path = tmp_path_factory.mktemp("report") / "report.html"
        path.write_text(html.text(document(result)), encoding="utf-8", errors="backslashreplace")
        return path.as_uri()

    return written


@pytest.fixture(scope="module")
def address(write: Callable[..., str]) -> str:
    return write(*FINDINGS)


def visible(page: Any) -> list[str]:
    """Return the operations of the findings that can be seen."""
    shown: list[str] = page.evaluate(
        "[...document.querySelectorAll('.finding')].filter((each) => each.checkVisibility())"
        ".map((each) => each.dataset.operation)"
    )
    return shown


def test_search_shows_what_matches_and_says_how_many(open_page: Open, address: str) -> None:
    """All words must match; causes and grades without a match are hidden."""
    seen = open_page(address)
    page = seen.page
    page.get_by_role("searchbox", name="Search").fill("sum OF the cost_projection")
    page.get_by_text(f"1 of {len(FINDINGS)} findings match").wait_for()
    assert visible(page) == ["get_cost_projection"]
    assert page.locator("section.graded:visible").count() == 1
    page.get_by_role("searchbox").fill("nothing like this")
    page.get_by_text(f"0 of {len(FINDINGS)} findings match").wait_for()
    assert page.locator(".cause:visible").count() == 0
    page.get_by_role("button", name="Show all").click()
    page.get_by_text(f"{len(FINDINGS)} findings", exact=True).wait_for()
    assert page.locator(".cause:visible").count() == page.locator(".cause").count()
    assert visible(page) == []
    seen.must_be_quiet()
    assert seen.requests == [address]


@pytest.mark.parametrize(
    ("label", "value", "count"),
    [
        ("Severity", "minor", 2),
        ("Grade", "drift", 1),
        ("Grade", "known", 1),
        ("Operation", "get_balance", 3),
        ("Check", "money", 1),
    ],
)
def test_each_choice_filters(
    open_page: Open, address: str, label: str, value: str, count: int
) -> None:
    """Severity, grade, operation and check can be chosen."""
    page = open_page(address).page
    page.get_by_label(label, exact=True).select_option(value)
    assert len(visible(page)) == count


def test_it_can_be_used_with_the_keyboard_alone(open_page: Open, address: str) -> None:
    """Tab reaches the search, the choices and each cause; Escape clears the search."""
    page = open_page(address).page
    page.get_by_role("searchbox").focus()
    page.keyboard.type("ledger nowhere")
    page.get_by_text(f"0 of {len(FINDINGS)} findings match").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text(f"{len(FINDINGS)} findings", exact=True).wait_for()
    for _ in range(6):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.cause') !== null")
    page.keyboard.press("Enter")
    assert len(visible(page)) >= 1


def test_everything_is_shown_without_scripts(open_page: Open, address: str) -> None:
    """The filter is hidden, and causes open by themselves."""
    page = open_page(address, java_script_enabled=False).page
    assert not page.locator("#filter").is_visible()
    assert page.locator(".cause").count() == page.locator(".cause:visible").count()
    page.locator(".cause summary").first.click()
    assert page.locator(".finding:visible").count() >= 1


@LOOKS
def test_axe_finds_nothing(
    open_page: Open, address: str, axe: str, width: int, scheme: str
) -> None:
    """All details are open, and nothing is wider than the screen."""
    seen = open_page(address, width=width, scheme=scheme)
    page = seen.page
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert judged(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen.must_be_quiet()


def test_5_000_findings_can_be_searched(open_page: Open, write: Callable[..., str]) -> None:
    """The page is bounded, and can be searched."""
    many = [
        finding(where=f"/response/200/body/{number}", got=EVIL, spec=f"#/{number % 40}")
        for number in range(5_000)
    ]
    seen = open_page(write(*many))
    page = seen.page
    page.get_by_text("4,000 of 5,000 findings are left out").wait_for()
    page.get_by_role("searchbox").fill("/body/39 ")
    page.get_by_text(" of 1000 findings match").wait_for()
    seen.must_be_quiet()
