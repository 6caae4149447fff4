"""The HTML page is complete without scripts, self-contained and small."""

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
from tests.docs.specs import reference, responding, spec, taking, to


@cache
def text() -> str:
    return html.page(REFERENCE, Options())


@cache
def page() -> Element:
    return parsed(text())


def words(text: str) -> str:
    """Return only the letters of a description, without Markdown syntax."""
    return re.sub(r"[^\w]+", "", text)


# --- completeness


def test_every_operation_is_described() -> None:
    """Its section has method, path, summary, description, parameters and all statuses."""
    assert len(list(page().all("section", "o"))) == len(declared_headings())
    shared = page().at("every").words
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
        errors = " ".join(part.words for part in section.all("ul", "r"))
        for documented in operation.responses:
            own = headings if documented.is_success else errors
            is_shared = all(documented in other.responses for other in OPERATIONS)
            shown = shared if is_shared else own
            assert documented.status in shown, (operation.heading, documented.status)


def _fields(node: Any) -> Iterator[str]:
    """Yield the names of all inline fields of a schema, and ``*`` for additional properties."""
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
    """Yield every value of a keyword in a document."""
    if isinstance(node, dict):
        if wanted in node and not isinstance(node[wanted], dict):
            yield node[wanted]
        for item in node.values():
            yield from _values(item, wanted)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item, wanted)


def test_every_field_occurs_exactly_once() -> None:
    """There is one row for each schema field, parameter and shared header."""
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


def test_every_schema_is_described_at_its_anchor() -> None:
    """The place is within an operation or in the chapter of schemas."""
    for shared in REFERENCE.schemas.values():
        place = page().at(shared.anchor)
        assert shared.name in place.words
        names = [row.text for row in place.all("code", "v")]
        assert {property.name for property in shared.schema.properties} <= set(names), shared.name
        assert words(shared.schema.description or "") in words(place.words)


def test_every_enum_pattern_and_default_is_shown() -> None:
    """They are shown as code."""
    codes = {element.text for element in page().all("code")}
    for enum in _values(CONTRACT.root["components"], "enum"):
        assert {str(value) for value in enum if value is not None} <= codes
    for pattern in _values(CONTRACT.root["components"], "pattern"):
        assert pattern in codes
    for operation in REFERENCE.operations:
        for parameter in operation.parameters:
            if parameter.schema.enum is not None:
                assert set(parameter.schema.enum) <= codes


def test_every_sample_and_example_is_shown_verbatim() -> None:
    """Requests in all languages and all response examples of the document are shown."""
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


def test_a_callback_is_shown_with_its_operation() -> None:
    """It has a heading, the call, its example and its responses."""
    section = page().at(find_operation("update_usage_alerts").anchor)
    assert "Callback usageAlert" in section.words
    assert "{$request.body#/webhook_url}" in {element.text for element in section.all("code")}
    assert any('"usage.alert"' in element.text for element in section.all("pre"))
    assert page().at("callback-receive_usage_alert").text == "Callback usageAlert assumed"


def test_guides_headers_and_marks_are_shown() -> None:
    """Guides are complete, response headers are linked, undocumented parts are marked."""
    for guide in REFERENCE.guides:
        shown = page().at(guide.anchor)
        cells = (re.sub(r"[-|:\s]+", "", line) for line in guide.text.splitlines())
        for line in (words(cell) for cell in cells if not cell.startswith("```")):
            assert line in words(shown.text) or line in ("json", "bash"), line
    for entry in OPERATIONS:
        places = (page().at(entry.anchor), page().at("every"))
        links = {link.attributes["href"] for place in places for link in place.all("a")}
        headers = entry.success.response.headers if entry.success else ()
        assert {f"#{header.anchor}" for header in headers if header.anchor} <= links
    marks = {mark.text for mark in page().all("small", "m")}
    assert marks == {"observed", "assumed", "type assumed"}


def test_an_assumed_type_of_a_documented_field_is_marked() -> None:
    """A field that is itself assumed has one mark only."""
    schema = {
        "x-assumed-keywords": {"type": ["a", "b"]},
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "string", "x-provenance": "assumed"},
            "c": {"type": "string"},
        },
    }
    get = {"responses": responding(schema)}
    marked = made_and_parsed({**spec({"/x": {"get": get}}), "x-provenance": "documented"})
    rows = [row for row in marked.all("li") if any(row.all("code", "v"))]
    marks = [[mark.text for mark in row.all("small", "m")] for row in rows]
    assert marks == [["type assumed"], ["assumed"], []]


# --- one piece


@pytest.mark.parametrize("live", [False, True])
def test_the_page_is_self_contained_and_small(live: bool) -> None:
    """It has at most 300 KB, 80 KB gzipped, and loads no other file."""
    made = html.live_page(REFERENCE, Options()) if live else text()
    assert len(made.encode()) <= 300_000
    assert len(gzip.compress(made.encode())) <= 80_000
    for element in parsed(made).all():
        assert "src" not in element.attributes
        if element.tag == "link":
            assert element.attributes["href"] == "data:,"


@pytest.mark.parametrize("live", [False, True])
def test_the_policy_allows_only_the_page_itself(live: bool) -> None:
    """Scripts and styles are allowed by hash, connections only to the server of a live page."""
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


def test_links_have_targets_and_ids_are_unique() -> None:
    """Every link within the page has a target."""
    ids = [element.attributes["id"] for element in page().all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [link.attributes["href"] for link in page().all("a")]
    assert len(links) > 100
    for link in links:
        assert link.startswith("https://") or link[1:] in ids, link


def test_heading_levels_are_not_skipped() -> None:
    """There is one first-level heading."""
    main = next(page().all("main"))
    levels = [int(heading.tag[1]) for heading in main.all() if re.fullmatch(r"h[1-6]", heading.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_only_the_live_page_has_try_it_forms() -> None:
    """The static page has no trace of them."""
    assert 'class="try"' not in text()
    assert "fetch(" not in text().rpartition("<script>")[2]
    live = parsed(html.live_page(REFERENCE, Options()))
    forms = [json.loads(form.attributes["data-request"]) for form in live.all("div", "try")]
    assert len(forms) == len(OPERATIONS)
    calls = [next(section.all("p", "u")) for section in live.all("section", "o")]
    assert [call.words for call in calls] == [
        f"{operation.method} {operation.path}"
        for page in REFERENCE.pages
        for group in page.groups
        for operation in group.operations
    ]
    key_headers = {scheme.parameter for scheme in REFERENCE.schemes if scheme.location == "header"}
    assert {form["key"] for form in forms} <= key_headers


@pytest.mark.parametrize(
    ("scheme", "key", "prefix"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Small-Key"}, "X-Small-Key", ""),
        ({"type": "http", "scheme": "bearer"}, "Authorization", "Bearer "),
    ],
)
def test_try_it_forms_send_the_credentials_of_the_document(
    scheme: dict[str, Any], key: str, prefix: str
) -> None:
    """The header and its prefix come from the security scheme."""
    document = spec({"/a": {"get": {}}}, security=[{"Key": []}])
    document["components"]["securitySchemes"] = {"Key": scheme}
    (form,) = made_and_parsed(document, live=True).all("div", "try")
    request = json.loads(form.attributes["data-request"])
    assert (request["key"], request.get("key_prefix", "")) == (key, prefix)


def test_the_first_key_of_the_forms_is_an_option() -> None:
    """The document does not contain keys, so the caller may pass one in."""
    document = reference(spec({"/a": {"get": {}}}))
    for options, expected in ((Options(), None), (Options(api_key="key-1"), "key-1")):
        (main,) = parsed(html.live_page(document, options)).all("main")
        assert main.attributes.get("data-key") == expected
    (main,) = parsed(html.page(document, Options(api_key="key-1"))).all("main")
    assert "data-key" not in main.attributes


# --- other documents


def test_the_published_layout_shows_documented_operations_only() -> None:
    """Observed and assumed parts are left out."""
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
            {"/a": {"get": {"tags": ["x"], "responses": responding(to("A"))}}},
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
def test_other_documents_make_valid_pages(document: dict[str, Any]) -> None:
    """Documents may lack any optional part."""
    for live in (False, True):
        shown = made_and_parsed(document, live=live)
        ids = [element.attributes["id"] for element in shown.all() if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        for link in shown.all("a"):
            assert link.attributes["href"][1:] in ids, link.attributes


def test_a_long_chain_of_schemas_is_nested_and_then_linked() -> None:
    """Each schema occurs once however long the chain is."""
    chain = {f"S{n}": {"properties": {"next": to(f"S{n + 1}")}} for n in range(300)}
    document = spec(
        {"/a": {"get": {"responses": responding(to("S0"))}}}, {**chain, "S300": {"type": "string"}}
    )
    shown = made_and_parsed(document)
    anchors = [
        element.attributes["id"]
        for element in shown.all()
        if element.attributes.get("id", "").startswith("schema-")
    ]
    assert len(anchors) == 301


def test_schemas_that_include_each_other_are_linked() -> None:
    """A ring of ``allOf`` does not multiply the fields."""
    ring = {
        f"S{n}": {
            "allOf": [to(f"S{(n + 1) % 50}"), {"properties": {f"own{n}": {"type": "string"}}}]
        }
        for n in range(50)
    }
    shown = made_and_parsed(spec({"/a": {"get": {"responses": responding(to("S0"))}}}, ring))
    assert len(list(shown.all("code", "v"))) == 50
