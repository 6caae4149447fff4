"""The published page can be reproduced from the contract, operation by operation."""

from __future__ import annotations

import re

from mockserver import packaged
from mockserver.docs import pages
from mockserver.docs.options import Options
from tests.docs.contract_reference import documented_headings
from tests.docs.published_page import Section, generated, published, published_text
from tests.spec.agreement import ALL, different, each, whole_page

PUBLISHED = [] if different() == ALL else published()
PAGE = pages.make(packaged.spec(), ["markdown"], Options("documented", "placeholder"))[
    "reference.md"
]
GENERATED = {section.heading: section for section in generated(PAGE)}


def generated_section(section: Section) -> Section:
    """Return the generated section of the same operation."""
    assert section.heading in GENERATED, f"the generated page lacks {section.heading}"
    return GENERATED[section.heading]


each_section = each("section", PUBLISHED, key="heading", id="heading")


@whole_page
def test_the_readers_find_every_section_and_row() -> None:
    """A missed section or row would not be compared by the other tests."""
    text = published_text()
    rows = re.findall("Required|Optional", text.replace("NameTypeRequiredDescription", ""))
    assert len(PUBLISHED) == text.count("Request Example")
    assert sum(len(section.rows) for section in PUBLISHED) == len(rows)
    assert sorted(GENERATED) == sorted(documented_headings())
    assert all(
        section.curl.startswith("curl -X ") and section.json.startswith("{\n")
        for section in PUBLISHED
    )


@whole_page
def test_operations_are_in_the_published_order() -> None:
    """Paths are sorted with ``{`` after letters, methods as in the contract."""
    assert list(GENERATED) == [section.heading for section in PUBLISHED]


def test_the_page_has_the_published_header() -> None:
    """It has a title, a subtitle and the banner with the command that refreshes it."""
    title, _, subtitle, _, banner, *_ = PAGE.splitlines()
    assert title == "# Billing"
    assert subtitle == "API reference for billing endpoints."
    assert banner.replace("`", "") == (
        "> This page was generated from the OpenAPI spec. "
        "Run make generate-docs to refresh after spec changes."
    )


@each_section
def test_heading_badge_and_summary_are_as_published(section: Section) -> None:
    """They are equal word for word."""
    made = generated_section(section)
    assert (made.badge, made.summary) == (section.badge, section.summary)


@each_section
def test_parameter_rows_are_as_published(section: Section) -> None:
    """Every cell of every row is equal, in the same order."""
    assert generated_section(section).rows == section.rows


@each_section
def test_the_request_is_as_published(section: Section) -> None:
    """The whole curl command is equal, including its indentation."""
    assert generated_section(section).curl.encode() == section.curl.encode()


@each_section
def test_the_response_is_as_published(section: Section) -> None:
    """The whole JSON is equal, including its indentation."""
    assert generated_section(section).json.encode() == section.json.encode()


@whole_page
def test_the_page_has_nothing_else() -> None:
    """Nothing observed or assumed is on the page."""
    assert PAGE.count("\n## ") == len(PUBLISHED)
    for word in ("assumed", "observed", "sk_test_", "127.0.0.1", "X-RateLimit", "get_balance`"):
        assert word not in PAGE
