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
import yaml

from mockserver import packaged
from mockserver.docs import html, request, samples
from mockserver.docs.document import Document
from mockserver.docs.model import Reference
from mockserver.docs.options import Options
from mockserver.docs.reader import read
from tests.docs.html_page import Element, made_and_parsed, parsed
from tests.docs.specs import answering, spec, taking, to
from tests.spec import contract
from tests.spec.published import read_page


@cache
def whole() -> Reference:
    return read(Document.load(packaged.spec()))


@cache
def text() -> str:
    return html.page(whole(), Options())


@cache
def page() -> Element:
    return parsed(text())


@cache
def raw() -> Any:
    return yaml.load(packaged.spec().read_text(), yaml.CSafeLoader)


def words(text: str) -> str:
    """A description as its letters alone, without what Markdown adds."""
    return re.sub(r"[^\w]+", "", text)


# -------------------------------------------------------------------------------------------------------- completeness


def test_every_operation_is_there_with_its_words() -> None:
    """A section for each, with method, path, summary, description, parameters and all statuses."""
    operations = list(whole().operations)
    assert len(list(page().all("section", "o"))) == len(operations) == len(contract.operations())
    for each in operations:
        section = page().at(each.anchor)
        assert f"{each.method} {each.path}" in section.words
        assert each.summary is not None
        assert each.summary in section.words
        assert words(each.description or "") in words(section.words)
        rows = [row.text for row in section.all("code", "v")]
        assert [parameter.name for parameter in each.parameters] == rows[: len(each.parameters)]
        for parameter in each.parameters:
            assert words(parameter.description or "") in words(section.words)
        headings = " ".join(part.text for part in section.all("h5"))
        for answer in each.answers:
            shown = headings if answer.is_success else next(section.all("ul", "r")).words
            assert answer.status in shown, (each.heading, answer.status)


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
        for each in node.get(kind, ()):
            yield from _fields(each)


def _values(node: Any, wanted: str) -> Iterator[Any]:
    """What every ``wanted`` in a document says."""
    if isinstance(node, dict):
        if wanted in node and not isinstance(node[wanted], dict):
            yield node[wanted]
        for each in node.values():
            yield from _values(each, wanted)
    elif isinstance(node, list):
        for each in node:
            yield from _values(each, wanted)


def test_every_field_is_there_exactly_once() -> None:
    """As many rows as fields in the document's schemas, parameters of operations and callbacks, and shared headers."""
    components = raw()["components"]
    fields = [name for schema in components["schemas"].values() for name in _fields(schema)]
    media = [media for item in raw()["paths"].values() for media in _values([item], "content")]
    assert not media, "bodies refer to components; what they hold is counted there"
    calls = [each.operation for operation in whole().operations for each in operation.callbacks]
    parameters = [
        each.name for operation in [*whole().operations, *calls] for each in operation.parameters
    ]
    headers = [each.name for each in whole().headers]
    rows = [each.text for each in page().all("code", "v")]
    assert sorted(rows) == sorted([*fields, *parameters, *headers])
    assert len(fields) > 200


def test_every_schema_has_one_place_with_its_fields() -> None:
    """By its anchor, within an operation or in the chapter of schemas."""
    for shared in whole().schemas.values():
        place = page().at(shared.anchor)
        assert shared.name in place.words
        names = [each.text for each in place.all("code", "v")]
        assert {each.name for each in shared.schema.properties} <= set(names), shared.name
        assert words(shared.schema.description or "") in words(place.words)


def test_every_enum_pattern_and_default_is_there() -> None:
    """As code."""
    codes = {each.text for each in page().all("code")}
    for enum in _values(raw()["components"], "enum"):
        assert {str(each) for each in enum if each is not None} <= codes
    for pattern in _values(raw()["components"], "pattern"):
        assert pattern in codes
    for each in whole().operations:
        for parameter in each.parameters:
            if parameter.schema.enum is not None:
                assert set(parameter.schema.enum) <= codes


def test_every_sample_and_example_is_there_to_the_letter() -> None:
    """The request of every operation in three languages, and every example of the document."""
    count = 0
    for operation in whole().operations:
        section = page().at(operation.anchor)
        blocks = [each.text for each in section.all("pre")]
        for sample in samples.all_of(request.of(whole(), operation)):
            assert sample.code in blocks
            count += 1
        success = operation.success
        assert success is not None
        for media in success.response.media:
            for example in media.examples:
                assert json.dumps(example.value, indent=2, ensure_ascii=False) in blocks, (
                    operation.heading
                )
    assert count == len(contract.operations()) * len(samples.LANGUAGES)
    for response in whole().responses:
        blocks = [each.text for each in page().at(response.anchor or "").all("pre")]
        for media in response.media:
            for example in media.examples:
                assert json.dumps(example.value, indent=2, ensure_ascii=False) in blocks


def test_a_callback_stands_with_its_operation() -> None:
    """Under a heading of its own: the call, its example, its answers."""
    section = page().at(whole().anchors["update_usage_alerts"])
    assert "Callback usageAlert" in section.words
    assert "{$request.body#/webhook_url}" in {each.text for each in section.all("code")}
    assert any('"usage.alert"' in each.text for each in section.all("pre"))
    assert page().at("callback-receive_usage_alert").text == "Callback usageAlert assumed"


def test_guides_headers_and_marks_are_there() -> None:
    """Each guide in full; the headers of an answer, linked; a quiet mark on what is not documented."""
    for guide in whole().guides:
        shown = page().at(guide.anchor)
        cells = (re.sub(r"[-|:\s]+", "", line) for line in guide.text.splitlines())
        for line in (words(each) for each in cells if not each.startswith("```")):
            assert line in words(shown.text) or line in ("json", "bash"), line
    balance = page().at(whole().anchors["get_balance"])
    links = {each.attributes["href"] for each in balance.all("a")}
    assert {
        f"#{each.anchor}" for each in whole().headers if each.name.startswith("X-RateLimit")
    } <= links
    assert {each.text for each in page().all("small", "m")} == {"observed", "assumed"}


# ----------------------------------------------------------------------------------------------------------- one piece


@pytest.mark.parametrize("live", [False, True])
def test_the_page_is_of_one_piece_and_small(live: bool) -> None:
    """At most 400 KB, 80 KB gzipped, and it names no file, no picture, no script elsewhere."""
    made = html.live_page(whole(), Options()) if live else text()
    assert len(made.encode()) <= 400_000
    assert len(gzip.compress(made.encode())) <= 80_000
    for each in parsed(made).all():
        assert "src" not in each.attributes
        if each.tag == "link":
            assert each.attributes["href"] == "data:,"


@pytest.mark.parametrize("live", [False, True])
def test_the_policy_allows_what_is_there_and_nothing_else(live: bool) -> None:
    """Every script and style by its hash; nothing inline by name; connections only where there is a server."""
    page = parsed(html.live_page(whole(), Options()) if live else text())
    policy = next(
        each.attributes["content"] for each in page.all("meta") if "http-equiv" in each.attributes
    )
    rules = dict(each.split(" ", 1) for each in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert rules.get("connect-src") == ("'self'" if live else None)
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        hashes = {
            b64encode(hashlib.sha256(each.text.encode()).digest()).decode()
            for each in page.all(tag)
        }
        assert {f"'sha256-{each}'" for each in hashes} == set(rules[rule].split())
    for each in page.all():
        assert "style" not in each.attributes
        assert not [name for name in each.attributes if name.startswith("on")]


def test_links_lead_somewhere_and_places_are_unique() -> None:
    """Every link within the page has its target; every id is there once."""
    ids = [each.attributes["id"] for each in page().all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = [each.attributes["href"] for each in page().all("a")]
    assert len(links) > 100
    for link in links:
        assert link.startswith("https://") or link[1:] in ids, link


def test_headings_go_down_step_by_step() -> None:
    """No level is left out."""
    main = next(page().all("main"))
    levels = [int(each.tag[1]) for each in main.all() if re.fullmatch(r"h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_try_it_is_only_where_there_is_a_server() -> None:
    """The page on the disk has no trace of it."""
    assert 'class="try"' not in text()
    assert "fetch(" not in text().rpartition("<script>")[2]
    live = parsed(html.live_page(whole(), Options()))
    forms = [json.loads(each.attributes["data-request"]) for each in live.all("div", "try")]
    assert [(each["method"], each["path"]) for each in forms] == [
        (each.method, each.path)
        for page in whole().pages
        for group in page.groups
        for each in group.operations
    ]
    assert {each["key"] for each in forms} == {"X-API-Key"}


# ------------------------------------------------------------------------------------------------------ other documents


def test_the_published_form_holds_no_more_than_the_published_page() -> None:
    """--provenance documented: the published operations, nothing that is observed or assumed."""
    shown = parsed(html.page(whole(), Options("documented", "placeholder")))
    assert len(list(shown.all("section", "o"))) == len(read_page())
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
        ids = [each.attributes["id"] for each in shown.all() if "id" in each.attributes]
        assert len(ids) == len(set(ids))
        for each in shown.all("a"):
            assert each.attributes["href"][1:] in ids, each.attributes


def test_a_chain_of_schemas_is_nested_so_far_and_linked_beyond() -> None:
    """However long it is, each schema is there once."""
    chain = {f"S{n}": {"properties": {"next": to(f"S{n + 1}")}} for n in range(300)}
    document = spec(
        {"/a": {"get": {"responses": answering(to("S0"))}}}, {**chain, "S300": {"type": "string"}}
    )
    shown = made_and_parsed(document)
    anchors = [
        each.attributes["id"]
        for each in shown.all()
        if each.attributes.get("id", "").startswith("schema-")
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
