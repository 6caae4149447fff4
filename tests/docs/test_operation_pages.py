"""Each operation has a Markdown page that can be read alone."""

from __future__ import annotations

import re
from functools import cache

import pytest

from mockserver.docs import llms
from mockserver.docs.formats import FORMATS
from mockserver.docs.operation_pages import OperationPages
from mockserver.docs.options import Options
from tests.docs import large
from tests.docs.contract_reference import OPERATIONS, REFERENCE
from tests.docs.specs import Json, reference, responding, spec, to

LINK = re.compile(r"\]\(([^)]+)\)")
WHOLE = FORMATS["markdown"](REFERENCE, Options())


@cache
def pages() -> OperationPages:
    return OperationPages(REFERENCE, Options())


def names_of(*operation_ids: str) -> list[str]:
    """Return the paths of the pages of operations with these ids."""
    paths: Json = {
        f"/{number}": {"get": {"operationId": name, "responses": responding({})}}
        for number, name in enumerate(operation_ids)
    }
    return list(OperationPages(reference(spec(paths)), Options()).names)


def test_every_operation_has_a_page_of_its_name() -> None:
    """The path of the page is the operationId."""
    expected = [f"reference/{operation.operation_id}.md" for operation in OPERATIONS]
    assert list(pages().names) == expected
    for operation, name in zip(OPERATIONS, expected, strict=True):
        text = pages().text(name)
        assert f"\n# {operation.heading}\n" in text
        assert "This page was generated" in text
        assert operation.summary is None or operation.summary in text


@pytest.mark.parametrize("name", pages().names)
def test_links_lead_to_the_page_or_to_the_reference(name: str) -> None:
    """Each link has a target, here or in ``reference.md``."""
    text = pages().text(name)
    own = set(re.findall(r'<a id="([^"]+)"', text))
    whole = set(re.findall(r'<a id="([^"]+)"', WHOLE["reference.md"]))
    assert len(own) == text.count('<a id="')
    for target in LINK.findall(text):
        file, _, anchor = target.partition("#")
        assert file in ("", "../reference.md") or target.startswith("http")
        assert not anchor or anchor in (whole if file else own), target


def test_a_page_has_the_schemas_and_responses_that_it_needs() -> None:
    """The reader of one page needs no other."""
    text = pages().text("reference/create_deposit.md")
    for title in ("Unauthorized", "TooManyRequests", "ValidationError", "ValidationProblem"):
        assert f"### {title}" in text
    assert "`MoneyDisplay`" in text


def test_a_page_is_bounded_where_all_schemas_are_connected() -> None:
    """Other schemas are links to the reference."""
    made = OperationPages(reference(large.document(100)), Options())
    texts = [made.text(name) for name in made.names]
    assert max(text.count('<a id="schema-') for text in texts) <= 14
    assert any("](../reference.md#schema-" in text for text in texts)


def test_code_is_left_as_it_is() -> None:
    """What looks like a link in a code block or code span is none."""
    description = "See `[a](#b)` and [c](#d).\n\n```text\n[e](#f)\n```\n"
    operation = {"operationId": "x", "description": description, "responses": responding({})}
    made = OperationPages(reference(spec({"/x": {"get": operation}})), Options())
    text = made.text("reference/x.md")
    assert "`[a](#b)`" in text
    assert "[c](../reference.md#d)" in text
    assert "\n[e](#f)\n" in text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a", "A", "a b"], ["a", "A-2", "a-b"]),
        (["../../etc/passwd", "..", "/"], ["etc-passwd", "operation", "operation-2"]),
        (["größe", "取得", "x" * 300], ["gr-e", "operation", "x" * 80]),
        (["con", "NUL.txt", "con_"], ["con-", "NUL.txt-", "con_"]),
        (["a.b", "a%2Fb", "a?b#c"], ["a.b", "a-2Fb", "a-b-c"]),
    ],
)
def test_names_are_safe_and_unique(given: list[str], expected: list[str]) -> None:
    """No name leaves the folder, and none is that of another on any file system."""
    assert names_of(*given) == [f"reference/{name}.md" for name in expected]


def test_an_operation_without_an_id_is_named_by_its_method_and_path() -> None:
    """A document need not name its operations."""
    made = OperationPages(
        reference(spec({"/a/{b}": {"get": {"responses": responding({})}}})), Options()
    )
    assert list(made.names) in (["reference/GET-a-b.md"], ["reference/get_a_b.md"])


def test_the_index_names_every_page() -> None:
    """``llms.txt`` links to each operation and to the whole text."""
    targets = LINK.findall(WHOLE["llms.txt"])
    assert set(pages().names) <= set(targets)
    assert llms.FULL in targets
    assert all(target.partition("#")[0] in WHOLE for target in targets)


def test_the_whole_text_has_the_reference() -> None:
    """``llms-full.txt`` begins with it."""
    assert WHOLE[llms.FULL].startswith(WHOLE["reference.md"])


def test_schemas_that_are_shared_are_linked_within_the_page() -> None:
    """A schema that two operations use is described on the page of each."""
    get = {"responses": responding(to("Thing"))}
    document = spec(
        {"/a": {"get": {"operationId": "a", **get}}, "/b": {"get": {"operationId": "b", **get}}},
        {"Thing": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    )
    made = OperationPages(reference(document), Options())
    for name in made.names:
        assert "[Thing](#schema-thing)" in made.text(name)
        assert "| `size` | integer |" in made.text(name)
