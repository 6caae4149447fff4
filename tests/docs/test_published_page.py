"""The published page can be made again from the contract, operation by operation."""

from __future__ import annotations

import pytest

from mockserver import packaged
from mockserver.docs import pages
from mockserver.docs.options import Options
from tests.docs.published_page import Section, generated, published
from tests.spec.published import read_page

PUBLISHED = published()
PAGE = pages.make(packaged.spec(), ["markdown"], Options("documented", "placeholder"))[
    "reference.md"
]
GENERATED = {section.heading: section for section in generated(PAGE)}

each_section = pytest.mark.parametrize("section", PUBLISHED, ids=lambda section: section.heading)


def test_the_readers_find_all_of_both_pages() -> None:
    """All operations and rows of the page: fewer would let the other tests pass for less."""
    page = read_page()
    assert len(PUBLISHED) == len(GENERATED) == len(page)
    assert sum(len(section.rows) for section in PUBLISHED) == sum(len(p.rows) for p in page)
    assert all(
        section.curl.startswith("curl -X ") and section.json.startswith("{\n")
        for section in PUBLISHED
    )


def test_operations_are_in_the_published_order() -> None:
    """Paths by the alphabet with `{` after the letters, methods as in the contract."""
    assert list(GENERATED) == [section.heading for section in PUBLISHED]


def test_the_page_has_the_published_head() -> None:
    """Title, subtitle, and the banner that says how to refresh it."""
    title, _, subtitle, _, banner, *_ = PAGE.splitlines()
    assert title == "# Billing"
    assert subtitle == "API reference for billing endpoints."
    assert banner.replace("`", "") == (
        "> This page was generated from the OpenAPI spec. Run make generate-docs to refresh after spec changes."
    )


@each_section
def test_heading_badge_and_summary_are_the_published_ones(section: Section) -> None:
    """Word for word."""
    made = GENERATED[section.heading]
    assert (made.badge, made.summary) == (section.badge, section.summary)


@each_section
def test_parameter_rows_are_the_published_ones(section: Section) -> None:
    """Every cell of every row, in the published order."""
    assert GENERATED[section.heading].rows == section.rows


@each_section
def test_the_request_is_the_published_one_byte_by_byte(section: Section) -> None:
    """The whole curl command, its indentation included."""
    assert GENERATED[section.heading].curl.encode() == section.curl.encode()


@each_section
def test_the_answer_is_the_published_one_byte_by_byte(section: Section) -> None:
    """The whole JSON, its indentation included."""
    assert GENERATED[section.heading].json.encode() == section.json.encode()


def test_nothing_else_is_told() -> None:
    """The page has no word of what is observed or assumed: it is made of the published sections alone."""
    assert PAGE.count("\n## ") == len(PUBLISHED)
    for word in ("assumed", "observed", "sk_test_", "127.0.0.1", "X-RateLimit", "get_balance`"):
        assert word not in PAGE
