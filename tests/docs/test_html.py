"""The HTML page: whole without scripts, of one piece, small, and asking nobody for anything."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from mockserver.docs import html, request, samples
from mockserver.docs.options import Options
from tests.docs.contract_reference import (
    CONTRACT,
    OPERATIONS,
    REFERENCE,
    declared_headings,
    documented_headings,
    find_operation,
)
from tests.docs.html_page import Element, made_and_parsed, parsed
from tests.docs.specs import answering, spec, taking, to


@cache
def text() -> str:
    return html.page(REFERENCE, Options())


@cache
def page() -> Element:
    return parsed(text())


def words(text: str) -> str:
    """A description as its letters alone, without what Markdown adds."""
    return re.sub(r"[^\w]+", "", text)


# --- completeness


def test_every_operation_is_there_with_its_words() -> None:
    """A section for each, with method, path, summary, description, parameters and all statuses."""
    assert len(list(page().all("section", "o"))) == len(declared_headings())
    for operation in OPERATIONS:
        section = page().at(operation.anchor)
        assert f"{operation.method} {operation.path}" in section.words
        assert (operation.summary or "") in section.words
        assert words(operation.description or "") in words(section.words)
        rows = [row.text for row in section.all("code", "v")]
        assert [parameter.name for parameter in operation.parameters] == rows[
            : len(operation.parameters)
        ]
        for parameter in operation.parameters:
            assert words(parameter.description or "") in words(section.words)
        headings = " ".join(part.text for part in section.all("h5"))
        for answer in operation.responses:
            shown = headings if answer.is_success else next(section.all("ul", "r")).words
            assert answer.status in shown, (operation.heading, answer.status)


def _fields(node: Any) -> Iterator[str]:
    """The names of all fields that a schema writes out, and a star for those without a name."""
    if not isinstance(node, dict) or "$ref" in node:
        return
    for name, inner in node.get("properties", {}).items():
        yield name
        yield from _fields(inner)
    if isinstance(node.get("additionalProperties"), dict):
        yield "*"
        yield from _fields(node["additionalProperties"])
    yield from _fields(node.get("items"))
    for kind in ("allOf", "anyOf", "oneOf"):
        for branch in node.get(kind, ()):
            yield from _fields(branch)


def _values(node: Any, wanted: str) -> Iterator[Any]:
    """What every ``wanted`` in a document says."""
    if isinstance(node, dict):
        if wanted in node and not isinstance(node[wanted], dict):
            yield node[wanted]
        for item in node.values():
            yield from _values(item, wanted)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item, wanted)


def test_every_field_is_there_exactly_once() -> None:
    """As many rows as fields in the document's schemas, parameters of operations and callbacks, and shared headers."""
    components = CONTRACT.root["components"]
    fields = [name for schema in components["schemas"].values() for name in _fields(schema)]
    media = [
        media for item in CONTRACT.root["paths"].values() for media in _values([item], "content")
    ]
    assert not media, "bodies refer to components; what they hold is counted there"
    calls = [
        callback.operation for operation in REFERENCE.operations for callback in operation.callbacks
    ]
    parameters = [
        parameter.name
        for operation in [*REFERENCE.operations, *calls]
        for parameter in operation.parameters
    ]
    headers = [header.name for header in REFERENCE.headers]
    rows = [row.text for row in page().all("code", "v")]
    assert sorted(rows) == sorted([*fields, *parameters, *headers])
    assert len(fields) > 200


def test_every_schema_has_one_place_with_its_fields() -> None:
    """By its anchor, within an operation or in the chapter of schemas."""
    for shared in REFERENCE.schemas.values():
        place = page().at(shared.anchor)
        assert shared.name in place.words
        names = [row.text for row in place.all("code", "v")]
        assert {property.name for property in shared.schema.properties} <= set(names), shared.name
        assert words(shared.schema.description or "") in words(place.words)


def test_every_enum_pattern_and_default_is_there() -> None:
    """As code."""
    codes = {element.text for element in page().all("code")}
    for enum in _values(CONTRACT.root["components"], "enum"):
        assert {str(value) for value in enum if value is not None} <= codes
    for pattern in _values(CONTRACT.root["components"], "pattern"):
        assert pattern in codes
    for operation in REFERENCE.operations:
        for parameter in operation.parameters:
            if parameter.schema.enum is not None:
                assert set(parameter.schema.enum) <= codes


def test_every_sample_and_example_is_there_to_the_letter() -> None:
    """29 requests in three languages, and every example of an answer that the document has."""
    count = 0
    for operation in REFERENCE.operations:
        section = page().at(operation.anchor)
        blocks = [block.text for block in section.all("pre")]
        for sample in samples.in_all_languages(request.build(REFERENCE, operation)):
            assert sample.code in blocks
            count += 1
        for media in operation.success.response.media if operation.success else ():
            for example in media.examples:
                assert json.dumps(example.value, indent=2, ensure_ascii=False) in blocks, (
                    operation.heading
                )
    assert count == len(declared_headings()) * len(samples.LANGUAGES)
    for response in REFERENCE.responses:
        blocks = [block.text for block in page().at(response.anchor or "").all("pre")]
        for media in response.media:
            for example in media.examples:
                assert json.dumps(example.value, indent=2, ensure_ascii=False) in blocks


def test_a_callback_stands_with_its_operation() -> None:
    """Under a heading of its own: the call, its example, its answers."""
    section = page().at(find_operation("update_usage_alerts").anchor)
    assert "Callback usageAlert" in section.words
    assert "{$request.body#/webhook_url}" in {element.text for element in section.all("code")}
    assert any('"usage.alert"' in element.text for element in section.all("pre"))
    assert page().at("callback-receive_usage_alert").text == "Callback usageAlert assumed"


def test_guides_headers_and_marks_are_there() -> None:
    """Each guide in full; the headers of an answer, linked; a quiet mark on what is not documented."""
    for guide in REFERENCE.guides:
        shown = page().at(guide.anchor)
        cells = (re.sub(r"[-|:\s]+", "", line) for line in guide.text.splitlines())
        for line in (words(cell) for cell in cells if not cell.startswith("```")):
            assert line in words(shown.text) or line in ("json", "bash"), line
    for entry in OPERATIONS:
        links = {link.attributes["href"] for link in page().at(entry.anchor).all("a")}
        headers = entry.success.response.headers if entry.success else ()
        assert {f"#{header.anchor}" for header in headers if header.anchor} <= links
    assert {mark.text for mark in page().all("small", "m")} == {"observed", "assumed"}


# --- one piece


@pytest.mark.parametrize("live", [False, True])
def test_the_page_is_of_one_piece_and_small(live: bool) -> None:
    """At most 400 KB, 80 KB gzipped, and it names no file, no picture, no script elsewhere."""
    made = html.live_page(REFERENCE, Options()) if live else text()
    assert len(made.encode()) <= 400_000
    assert len(gzip.compress(made.encode())) <= 80_000
    for element in parsed(made).all():
        assert "src" not in element.attributes
        if element.tag == "link":
            assert element.attributes["href"] == "data:,"


@pytest.mark.parametrize("live", [False, True])
def test_the_policy_allows_what_is_there_and_nothing_else(live: bool) -> None:
    """Every script and style by its hash; nothing inline by name; connections only where there is a server."""
    page = parsed(html.live_page(REFERENCE, Options()) if live else text())
    policy = next(
        meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert rules.get("connect-src") == ("'self'" if live else None)
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        hashes = {
            b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
            for element in page.all(tag)
        }
        assert {f"'sha256-{digest}'" for digest in hashes} == set(rules[rule].split())
    for element in page.all():
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]


def test_links_lead_somewhere_and_places_are_unique() -> None:
    """Every link within the page has its target; every id is there once."""
    ids = [element.attributes["id"] for element in page().all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [link.attributes["href"] for link in page().all("a")]
    assert len(links) > 100
    for link in links:
        assert link.startswith("https://") or link[1:] in ids, link


def test_headings_go_down_step_by_step() -> None:
    """No level is left out."""
    main = next(page().all("main"))
    levels = [int(heading.tag[1]) for heading in main.all() if re.fullmatch(r"h[1-6]", heading.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_try_it_is_only_where_there_is_a_server() -> None:
    """The page on the disk has no trace of it."""
    assert 'class="try"' not in text()
    assert "fetch(" not in text().rpartition("<script>")[2]
    live = parsed(html.live_page(REFERENCE, Options()))
    forms = [json.loads(form.attributes["data-request"]) for form in live.all("div", "try")]
    assert [(form["method"], form["path"]) for form in forms] == [
        (operation.method, operation.path)
        for page in REFERENCE.pages
        for group in page.groups
        for operation in group.operations
    ]
    key_headers = {scheme.parameter for scheme in REFERENCE.schemes if scheme.location == "header"}
    assert {form["key"] for form in forms} <= key_headers


# --- other documents


def test_the_published_form_holds_no_more_than_the_published_page() -> None:
    """--provenance documented: 29 operations, nothing that is observed or assumed."""
    shown = parsed(html.page(REFERENCE, Options("documented", "placeholder")))
    headings = [element.text for element in shown.all("h3")]
    assert sorted(heading.strip() for heading in headings) == sorted(documented_headings())
    assert not list(shown.all("small", "m"))
    first = next(shown.all("section", "o"))
    assert "YOUR_API_KEY" in next(first.all("pre")).text
    assert "$API_KEY" not in shown.text


@pytest.mark.parametrize(
    "document",
    [
        spec(),
        spec({"/a": {"get": {}}}),
        spec({"/a": {"get": {"responses": {"204": {"description": "Nothing."}}}}}),
        spec(
            {"/a": {"get": {"tags": ["x"], "responses": answering(to("A"))}}},
            {"A": {"properties": {"a": to("A")}}},
        ),
        spec(
            {
                "/a": {
                    "post": {
                        "requestBody": taking(
                            {"type": "array", "items": {"oneOf": [to("A"), to("B")]}}
                        )
                    }
                }
            },
            {"A": {"properties": {"b": to("B")}}, "B": {"properties": {"a": to("A")}}},
        ),
        spec({"/\u00e9/{\u4e2d}": {"get": {"summary": "\u4e2d\u6587", "tags": ["\u00e9"]}}}),
    ],
    ids=["empty", "bare", "no content", "recursive", "ring", "not ascii"],
)
def test_other_documents_make_pages_that_hold_together(document: dict[str, Any]) -> None:
    """Whatever is missing in them."""
    for live in (False, True):
        shown = made_and_parsed(document, live=live)
        ids = [element.attributes["id"] for element in shown.all() if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        for link in shown.all("a"):
            assert link.attributes["href"][1:] in ids, link.attributes


def test_a_chain_of_schemas_is_nested_so_far_and_linked_beyond() -> None:
    """However long it is, each schema is there once."""
    chain = {f"S{n}": {"properties": {"next": to(f"S{n + 1}")}} for n in range(300)}
    document = spec(
        {"/a": {"get": {"responses": answering(to("S0"))}}}, {**chain, "S300": {"type": "string"}}
    )
    shown = made_and_parsed(document)
    anchors = [
        element.attributes["id"]
        for element in shown.all()
        if element.attributes.get("id", "").startswith("schema-")
    ]
    assert len(anchors) == 301


def test_what_is_all_of_others_links_them() -> None:
    """A ring of schemas that include each other does not multiply."""
    ring = {
        f"S{n}": {
            "allOf": [to(f"S{(n + 1) % 50}"), {"properties": {f"own{n}": {"type": "string"}}}]
        }
        for n in range(50)
    }
    shown = made_and_parsed(spec({"/a": {"get": {"responses": answering(to("S0"))}}}, ring))
    assert len(list(shown.all("code", "v"))) == 50
