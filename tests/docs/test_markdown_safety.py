"""No document can inject HTML, scripts or broken structure into the Markdown page."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mockserver.docs.markdown_text import cell, code, fence, paragraph, plain, prose
from tests.docs.hostile import PAYLOADS, document
from tests.docs.specs import markdown

# A forge: HTML is active and tables are supported.
FORGE = MarkdownIt("commonmark", {"html": True}).enable("table")
# A renderer without tables.
BARE = MarkdownIt("commonmark", {"html": True})
OUR_HTML = re.compile(r'<a id="[\w-]+">|</a>|<details><summary>[^<>]*</summary>\n?|</details>\n?')
GOOD_ADDRESS = re.compile(r"https?:|#|[^:]*$")

each_payload = pytest.mark.parametrize(
    "text", PAYLOADS, ids=[f"{number}" for number in range(len(PAYLOADS))]
)


def flat(tokens: list[Token]) -> list[Token]:
    """Return all tokens, nested ones included."""
    return [inner for token in tokens for inner in [token, *flat(token.children or [])]]


def assert_harmless(page: str) -> None:
    """Check that the page has no HTML except ours, and links only to the web or into the page."""
    for token in [*flat(FORGE.parse(page)), *flat(BARE.parse(page))]:
        if token.type in ("html_block", "html_inline"):
            assert OUR_HTML.sub("", token.content) == "", token.content
        for name in ("href", "src"):
            assert GOOD_ADDRESS.match(str(token.attrGet(name) or "")), token.attrs


def test_there_are_more_than_fifty_payloads() -> None:
    """No payload is repeated."""
    assert len(set(PAYLOADS)) == len(PAYLOADS) > 50


@each_payload
def test_a_hostile_document_makes_a_harmless_page(text: str) -> None:
    """A payload in every text field is shown as text."""
    assert_harmless(markdown(document(text)))
    assert_harmless(markdown(document(text), "documented", "placeholder"))


@each_payload
def test_a_hostile_document_keeps_the_outline_of_the_page(text: str) -> None:
    """No part swallows the next, and every table row has the same number of cells."""
    tokens = FORGE.parse(markdown(document(text)))
    headings = [
        tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"
    ]
    assert [
        heading
        for heading in headings
        if heading in ("Contents", "Shared responses", "Schemas", "Values")
    ] == [
        "Contents",
        "Shared responses",
        "Schemas",
        "Values",
    ]
    width = 0
    for token in tokens:
        if token.type == "tr_open":
            width = 0
        width += token.type in ("th_open", "td_open")
        assert width <= 5
    assert sum(token.type == "table_open" and token.level == 0 for token in tokens) >= 8


@each_payload
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    """Names, titles and summaries have no markup. Only white space is normalized."""
    (inline,) = [token for token in FORGE.parse(paragraph(text)) if token.type == "inline"]
    assert {token.type for token in inline.children or []} <= {"text", "text_special"}
    assert "".join(token.content for token in inline.children or []) == " ".join(text.split())
    heading = [token.content for token in FORGE.parse(f"# {plain(text)}") if token.type == "inline"]
    assert len(heading) == 1


@each_payload
def test_code_is_shown_as_it_is(text: str) -> None:
    """This includes backticks. In a table a pipe may lose the backslashes before it."""
    line = " ".join(text.split())
    (span,) = [token for token in flat(FORGE.parse(code(text))) if token.type == "code_inline"]
    assert span.content == line
    table = f"| a | b |\n|---|---|\n| {code(text, in_table=True)} | end |"
    spans = [token.content for token in flat(FORGE.parse(table)) if token.type == "code_inline"]
    assert spans == [re.sub(r"\\+\|", "|", line)]
    (block,) = FORGE.parse(fence(text, "json"))
    assert block.content == f"{text}\n"


@each_payload
def test_a_description_does_not_affect_the_text_after_it(text: str) -> None:
    """The next heading and the next cell are read normally."""
    tokens = FORGE.parse(f"{prose(text, 3)}\n\n## After it\n\ntext")
    at = [
        index
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0
    ][-1]
    assert tokens[at].tag == "h2"
    assert tokens[at + 1].content == "After it"
    (row,) = [
        token
        for token in FORGE.parse(f"| a | b |\n|---|---|\n| {cell(text)} | end |")[14:]
        if token.content == "end"
    ]
    assert row.type == "inline"


def test_the_markdown_of_a_description_is_kept() -> None:
    """Code, emphasis, links, lists and tables keep their meaning."""
    words = "Use `a < b`, **not** [this](https://example.com) nor <https://example.com>."
    text = f"{words}\n\n- one\n- two\n\n| a |\n|---|\n| `<b>` |"
    assert prose(text, 3) == text


def test_headings_of_a_description_are_below_the_enclosing_one() -> None:
    """The highest heading gets the given level and the others follow."""
    assert prose("# A\n\n## B\n\nC\n=\n", 4) == "#### A\n\n##### B\n\n#### C"
    assert prose("##### A\n\n###### B", 2) == "## A\n\n### B"


def test_an_open_fence_is_closed() -> None:
    """It is closed at the end of the description."""
    assert prose("~~~~ sh\nls", 3) == "~~~~ sh\nls\n~~~~"
    assert prose("```\nls\n```", 3) == "```\nls\n```"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("1. July", "1\\. July"),
        ("- a", "\\- a"),
        ("+1", "\\+1"),
        ("> quote", "\\> quote"),
        ("# a", "\\# a"),
        ("C #", "C \\#"),
        ("a_b_c", "a_b_c"),
        ("_a_", "\\_a\\_"),
        ("Get auto-recharge settings", "Get auto-recharge settings"),
        ("($10-$2000) = 1,000,000 (e.g. 'crawl')", "($10-$2000) = 1,000,000 (e.g. 'crawl')"),
        ("a\n  b", "a b"),
    ],
)
def test_only_markup_is_escaped(text: str, safe: str) -> None:
    """Ordinary text stays as it is."""
    assert paragraph(text) == safe
