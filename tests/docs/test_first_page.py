"""The first page leads a newcomer in: what it is, a first call, a story. Provenance comes last."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver.docs.introduction import first_call, introduction
from tests.docs.contract_reference import REFERENCE
from tests.docs.html_page import Element, made_and_parsed
from tests.docs.specs import reference, responding, spec
from tests.docs.test_html import page


def sections(whole: Element) -> list[str]:
    """Return the ids of the parts of a page in their order."""
    return [
        element.attributes["id"]
        for element in next(whole.all("main")).all()
        if element.tag in ("section", "h1", "h2") and "id" in element.attributes
    ]


def test_the_contract_leads_from_a_first_call_to_a_webhook() -> None:
    """Guides and operations follow, and what is for maintainers comes last."""
    order = sections(page())
    known = ["start", "first-call", "story", "every", "guide-errors", "operation-get_balance"]
    assert [anchor for anchor in order if anchor in known] == known
    assert order.index("guide-provenance") > order.index("about") > order.index("schemas")
    story = page().at("story")
    assert "Create the deposit" in story.words
    assert "deposit.completed" in story.words
    assert next(block.text[:12] for block in story.all("pre")) == "curl -X POST"
    assert "x-provenance" in page().at("guide-provenance").words
    assert "x-provenance" not in "".join(part.words for part in page().all("section", "first"))


@pytest.mark.parametrize(
    ("text", "lead", "chapters", "maintenance"),
    [
        ("It.", "It.", "", ""),
        ("It.\n\n# A\na\n## B\nb", "It.", "# A\na\n## B\nb", ""),
        ("## A\na\n## Marks\n`x-provenance`\n### Deep\nd\n## B", "", "## A\na\n## B", "## Marks"),
        ("It.\n```\n# no heading\n```\n# A", "It.\n```\n# no heading\n```", "# A", ""),
    ],
)
def test_a_description_is_taken_apart_at_its_headings(
    text: str, lead: str, chapters: str, maintenance: str
) -> None:
    """Chapters about provenance come last, with their sections."""
    parts = introduction(text)
    assert (parts.lead, parts.chapters) == (lead, chapters)
    assert parts.maintenance.startswith(maintenance)
    assert ("### Deep" in parts.maintenance) == ("### Deep" in text)


def test_every_document_has_a_first_call() -> None:
    """It is a read that needs no parameters, if there is one."""
    needs = {"parameters": [{"name": "q", "in": "query", "required": True, "schema": {}}]}
    paths: dict[str, Any] = {
        "/a/{id}": {"get": {"operationId": "one"}},
        "/b": {"post": {"operationId": "two"}, "get": {"operationId": "three", **needs}},
        "/c": {"get": {"operationId": "four", "responses": responding({"type": "string"})}},
    }
    found = first_call(reference(spec(paths)))
    assert found is not None
    assert found.operation_id == "four"
    del paths["/c"]
    assert first_call(reference(spec(paths))) is not None
    assert first_call(reference(spec())) is None
    assert first_call(REFERENCE).operation_id == "get_balance"  # type: ignore[union-attr]
    shown = made_and_parsed(spec({"/a": {"get": {"summary": "Read A"}}}))
    assert "Read A" in shown.at("first-call").words


def test_a_story_is_read_from_the_document() -> None:
    """Unknown operations and parts of a wrong shape are left out."""
    steps = [
        {"title": "Go", "description": "Do *it*.", "operationId": "read"},
        {"operationId": "unknown"},
        "text",
        {"title": 5, "description": "Then this."},
    ]
    document = spec({"/a": {"get": {"operationId": "read"}}})
    document["x-story"] = {"steps": steps}
    story = made_and_parsed(document).at("story")
    assert len(list(story.all("li"))) == 2
    assert [heading.text for heading in story.all("h3")] == ["Go"]
    assert next(story.all("em")).text == "it"
    wrongs: list[Any] = ["text", {"steps": "text"}, {"steps": []}, [], None]
    for wrong in wrongs:
        whole = made_and_parsed({**spec(), "x-story": wrong})
        assert "story" not in {element.attributes.get("id") for element in whole.all()}


def test_what_all_operations_share_is_described_once() -> None:
    """An error that one operation does not have is listed with the others."""
    refused = {"description": "Refused.", "content": {}}
    shared = {"$ref": "#/components/responses/Late"}
    paths = {
        f"/{name}": {"get": {"responses": {"200": {"description": "It."}, "429": shared, **own}}}
        for name, own in (("a", {"409": refused}), ("b", {}))
    }
    document = spec(paths)
    document["components"]["responses"] = {"Late": {"description": "Too late."}}
    whole = made_and_parsed(document)
    assert "Too late." in whole.at("every").words
    first, second = whole.all("section", "o")
    assert "Refused." in first.words
    assert "Too late." not in first.words + second.words
    assert "429" in first.words
    assert "Errors: 429, as for every operation" in second.words
    del paths["/b"]
    alone = next(made_and_parsed(document).all("section", "o"))
    assert "Too late." in alone.words


def test_headings_and_fields_have_ids() -> None:
    """Each parameter, field and heading can be linked."""
    main = next(page().all("main"))
    operation = page().at("operation-create_deposit")
    ids = {element.attributes["id"] for element in operation.all() if "id" in element.attributes}
    assert {"create_deposit.body", "create_deposit.response-200", "create_deposit.errors"} <= ids
    assert {"DepositCreate.amount_cents", "DepositSession.url"} <= ids
    for row in (row for row in main.all("li") if any(part.tag == "code" for part in row.all())):
        names = [part for part in row.parts if isinstance(part, Element) and "v" in part.classes]
        assert not names or "id" in row.attributes, row.words
    parts = [*main.all("section"), *main.all("details"), main]
    for part in parts:
        headings = [
            element
            for element in part.parts
            if isinstance(element, Element) and re.fullmatch("h[1-6]", element.tag)
        ]
        assert all("id" in heading.attributes for heading in headings) or "id" in part.attributes


@pytest.mark.parametrize(
    ("name", "schema", "shown"),
    [
        ("amount_cents", {"minimum": 2500, "maximum": 200_000}, "2500 to 200000 ($25 to $2,000)"),
        ("fee_cents", {"minimum": 50}, "at least 50 (at least $0.50)"),
        ("x_microcents", {"maximum": 500_000_000}, "at most 500000000 (at most $5)"),
        ("x_microcents", {"minimum": 20_000, "maximum": 10**8}, "($0.0002 to $1)"),
        ("price", {"minimum": 100, "x-unit": "cents"}, "at least 100 (at least $1)"),
        ("amount_cents", {"minimum": 100, "x-unit": "EUR cents"}, "integer, at least 100 "),
        ("cents", {"minimum": 100}, "integer, at least 100 "),
        ("accents", {"minimum": 100}, "integer, at least 100 "),
    ],
)
def test_bounds_of_amounts_are_written_in_dollars(
    name: str, schema: dict[str, Any], shown: str
) -> None:
    """Only where the document says the unit, by its name or by ``x-unit``."""
    fields = {name: {"type": "integer", **schema}}
    get = {"responses": responding({"type": "object", "properties": fields})}
    (row,) = (
        row
        for row in made_and_parsed(spec({"/a": {"get": get}})).all("li")
        if any(row.all("code", "v"))
    )
    assert shown in row.words + " "
    assert ("$" in row.words) == ("$" in shown)


def test_the_default_of_an_amount_is_written_in_dollars_too() -> None:
    """A default of another type stays as it is."""
    fields = {
        "a_cents": {"type": "integer", "default": 5000},
        "b_cents": {"type": "string", "default": "5000"},
    }
    get = {"responses": responding({"type": "object", "properties": fields})}
    text = made_and_parsed(spec({"/a": {"get": get}})).words
    assert "Default: 5000 ($50)" in text
    assert "Default: 5000" in text.replace("Default: 5000 ($50)", "")
