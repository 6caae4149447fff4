"""The Markdown page is complete, describes each part once, and its links have targets."""

from __future__ import annotations

import json
import re

import pytest

from mockserver import packaged
from mockserver.docs import pages
from mockserver.docs.markdown_schema import mark
from mockserver.docs.model import Operation
from mockserver.docs.options import Options
from tests.docs.contract_reference import CONTRACT, REFERENCE, find_operation
from tests.docs.specs import markdown, responding, spec, taking, to

FILES = pages.make(packaged.spec(), ["markdown"], Options())
PAGE, LLMS = FILES["reference.md"], FILES["llms.txt"]
SCHEMAS = CONTRACT.root["components"]["schemas"]


def operation_part(operation: Operation) -> str:
    """Return the part of an operation, whose level depends on whether it is in a group."""
    return part(PAGE, f"{'###' if operation.group is None else '####'} {operation.heading}\n")


def part(page: str, heading: str) -> str:
    """Return the part under a heading, up to the next heading of its level or a higher one."""
    level, _, _ = heading.partition(" ")
    found = re.search(
        rf"^{re.escape(heading)}.*?(?=^#{{1,{len(level)}}} |\Z)", page, re.DOTALL | re.MULTILINE
    )
    assert found is not None, heading
    return found[0]


# --- Completeness


def test_every_operation_is_described_with_three_samples() -> None:
    """It has a summary, a description, three samples, the response and every error."""
    for operation in REFERENCE.operations:
        text = operation_part(operation)
        assert f"**{operation.summary}**" in text
        assert (operation.description or "").partition("\n")[0] in text
        for language in ("```bash\ncurl -X ", "```python\n", "```javascript\n"):
            assert language in text
        if operation.success is not None and operation.success.response.json is not None:
            assert "```json\n" in text
        for error in operation.errors:
            assert re.search(rf"^\| {error.status} \| \w", text, re.MULTILINE)
        for parameter in operation.parameters:
            assert f"| `{parameter.name}` | {parameter.location} |" in text


def test_every_field_is_in_one_table() -> None:
    """Rows have enums, and marks on observed or assumed fields and on assumed types."""
    for name, schema in SCHEMAS.items():
        if "properties" not in schema:
            continue
        (table,) = re.findall(
            rf'<a id="schema-{name.lower()}"></a>.*?(?:^\| Field.*?)\n\n',
            PAGE,
            re.DOTALL | re.MULTILINE,
        )
        for field, node in schema["properties"].items():
            (row,) = re.findall(rf"^\| `{field}`.*$", table, re.MULTILINE)
            type_cell = row.split(" | ")[1]
            assumed = schema.get("x-assumed-keywords", {}).get("type", [])
            assert type_cell.endswith(" *assumed*") == (field in assumed)
            for value in filter(None, node.get("enum", [])):
                assert f"`{value}`" in row
            assert node.get("x-provenance", "documented") in (
                "documented",
                *re.findall(r"\*(\w+)\*", row),
            )


def test_every_response_example_is_shown() -> None:
    """Of requests, only the example that the samples send is shown."""
    for operation in REFERENCE.operations:
        for documented in operation.responses:
            for media in documented.response.media:
                for example in media.examples:
                    assert json.dumps(example.value, indent=2, ensure_ascii=False) in PAGE


def test_a_callback_is_shown_with_its_operation() -> None:
    """It has the request, an example, and the accepted responses."""
    text = operation_part(find_operation("update_usage_alerts"))
    called = text[text.index("**Callback** `usageAlert`: `POST {$request.body#/webhook_url}`") :]
    assert "| `X-Alterlab-Signature` *observed* | header |" in called
    assert '"event": "usage.alert"' in called
    assert re.search(r"^\| 2XX \| \w", called, re.MULTILINE)


def test_shared_parts_are_described_once() -> None:
    """The number of references does not matter."""
    for response in REFERENCE.responses:
        assert PAGE.count(f'<a id="{response.anchor}"></a>') == 1
    for schema in REFERENCE.schemas.values():
        assert PAGE.count(f'<a id="{schema.anchor}"></a>') == 1
    for operation in REFERENCE.operations:
        assert PAGE.count(f'<a id="{operation.anchor}"></a>') == 1


def test_links_have_targets_and_anchors_are_unique() -> None:
    """Links within the page and from llms.txt have targets."""
    places = re.findall(r'<a id="([^"]+)"></a>', PAGE)
    assert len(places) == len(set(places))
    links = re.findall(r"\]\(#([^)]+)\)", PAGE) + re.findall(r"\]\(reference\.md#([^)]+)\)", LLMS)
    assert len(links) > 300
    assert set(links) <= set(places)


def test_guides_are_made_from_the_tags() -> None:
    """Guides have their mark, and headings below those of the page."""
    assert REFERENCE.guides
    for guide in REFERENCE.guides:
        marked = guide.title + mark(guide.provenance)
        text = part(PAGE, f"## {marked}\n")
        for line in guide.text.splitlines():
            assert line.lstrip("#").strip() in text


def test_llms_txt_lists_all_operations_and_guides() -> None:
    """It has a title, a summary and one link for each."""
    summary = (REFERENCE.description or "").strip().partition("\n")[0]
    assert LLMS.startswith(f"# {REFERENCE.title}\n\n> {summary}")
    for operation in REFERENCE.operations:
        page = f"reference/{operation.operation_id}.md"
        assert f"- [{operation.heading}]({page}): {operation.summary}\n" in LLMS
    for guide in REFERENCE.guides:
        assert f"- [{guide.title}](reference.md#{guide.anchor})\n" in LLMS


# --- Other documents


def test_parameters_are_described_with_their_constraints() -> None:
    """Bounds, formats, nullability, enums, defaults and patterns are shown, with escaped pipes."""
    parameters = [
        {
            "name": "limit",
            "in": "query",
            "description": "How many",
            "schema": {"type": "integer", "minimum": 1, "default": 5},
        },
        {
            "name": "at",
            "in": "query",
            "schema": {"type": "string", "format": "date", "nullable": True, "pattern": "a|b"},
        },
        {"name": "kind", "in": "header", "deprecated": True, "schema": to("Kind")},
        {
            "name": "tags",
            "in": "query",
            "required": True,
            "schema": {"type": "array", "items": to("Kind"), "maxItems": 3},
        },
    ]
    page = markdown(
        spec(
            {"/x": {"get": {"parameters": parameters}}},
            {"Kind": {"type": "string", "enum": ["a|b", "c"]}},
        )
    )
    assert "| `limit` | query | integer, at least 1 | no | How many. Default: `5`. |" in page
    assert "| `at` | query | string (date) or null | no | Pattern: `a\\|b`. |" in page
    assert "| `kind` | header | string ([Kind](#schema-kind)) | no | Deprecated. |" in page
    assert (
        "| `tags` | query | array of string ([Kind](#schema-kind)), at most 3 entries | yes |  |"
        in page
    )
    assert "`Kind` | one of `a\\|b`, `c` |" in page


def test_a_schema_that_is_used_once_is_described_there() -> None:
    """Schemas that are used more often have a section and are linked."""
    once, shared = (
        {"properties": {"a": {"type": "string"}}},
        {"properties": {"b": {"type": "string"}}},
    )
    operation = {"requestBody": taking(to("Once")), "responses": responding(to("Shared"))}
    page = markdown(
        spec(
            {"/x": {"post": operation}, "/y": {"put": {"responses": responding(to("Shared"))}}},
            {"Once": once, "Shared": shared},
        )
    )
    assert 'json`: <a id="schema-once"></a>Once\n\n| Field' in part(page, "### POST /x")
    assert "json`: [Shared](#schema-shared)\n" in part(page, "### POST /x")
    assert "### Once" not in page
    assert "### Shared\n\n| Field" in page


def test_nested_fields_have_a_path() -> None:
    """Paths go through inline lists and maps."""
    inner = {"type": "object", "properties": {"deep": {"type": "integer"}}}
    schema = {
        "properties": {"one": inner, "many": {"type": "array", "items": inner}},
        "additionalProperties": {"type": "array", "items": {"type": "array", "items": inner}},
    }
    page = markdown(spec({"/x": {"get": {"responses": responding(schema)}}}))
    assert re.findall(r"^\| `(\S+)` \|", page, re.MULTILINE) == [
        "one",
        "one.deep",
        "many",
        "many[].deep",
        "*",
        "*[][].deep",
    ]


def test_choices_and_recursion_are_linked() -> None:
    """Recursive schemas are linked by name."""
    schemas = {
        "Tree": {
            "properties": {"left": to("Tree"), "value": {"oneOf": [{"type": "string"}, to("Leaf")]}}
        },
        "Leaf": {"anyOf": [to("Tree"), {"type": "integer"}]},
    }
    page = markdown(spec({"/x": {"get": {"responses": responding(to("Tree"))}}}, schemas))
    assert "| `left` | [Tree](#schema-tree) | no |  |" in page
    assert "| `value` | one of string, [Leaf](#schema-leaf) | no |  |" in page
    assert "`Leaf` | any of [Tree](#schema-tree), integer |" in page


def test_authentication_is_shown_if_it_differs() -> None:
    """An operation without security is shown among others that have one."""
    document = spec({"/x": {"get": {}}, "/y": {"get": {"security": []}}}, security=[{"Key": []}])
    document["components"]["securitySchemes"] = {
        "Key": {"type": "apiKey", "in": "header", "name": "K"}
    }
    page = markdown(document)
    assert "Authentication: [Key](#security-key)." in part(page, "### GET /x")
    assert "Authentication: none." in part(page, "### GET /y")
    assert "Authentication:" not in PAGE


@pytest.mark.parametrize("examples", ["realistic", "placeholder"])
def test_an_empty_document_makes_a_page(examples: str) -> None:
    """The page has at least a title."""
    assert examples in ("realistic", "placeholder")
    assert markdown(spec()).startswith("# Small\n\n> This page was generated")
    assert markdown(spec(), "documented", "placeholder").startswith("# Small\n")


def test_a_full_page_may_have_placeholders() -> None:
    """The published layout of requests and responses is used for all parts."""
    operation = {
        "responses": responding(
            {"properties": {"a": {"type": "integer"}, "b": {"x-provenance": "assumed"}}}
        )
    }
    document = {**spec({"/x": {"get": operation}}), "x-provenance": "documented"}
    document["components"]["securitySchemes"] = {
        "Key": {"type": "apiKey", "in": "header", "name": "X-Small-Key"}
    }
    page = markdown(document, "all", "placeholder")
    assert '-H "X-Small-Key: YOUR_API_KEY"' in page
    assert '```json\n{\n  "a": 0,\n  "b": "example"\n}\n```' in page
    assert "```python" not in page


def test_long_and_non_ascii_texts_are_complete() -> None:
    """Nothing is cut off or replaced."""
    long = "Über 中文 😀 " * 20_000
    page = markdown(
        spec(
            {
                "/größe": {
                    "get": {
                        "description": long,
                        "parameters": [{"name": "ä", "in": "query", "description": long}],
                    }
                }
            }
        )
    )
    assert page.count(long.strip()) == 2
