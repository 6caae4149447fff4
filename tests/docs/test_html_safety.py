"""No document can inject tags or attributes into the HTML page."""

from __future__ import annotations

from functools import cache

import pytest

from mockserver.docs import html_text
from tests.docs import hostile
from tests.docs.html_page import Element, made, parsed
from tests.docs.specs import spec


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _names("""
    html head meta title link script style body a header div label input kbd button span nav main
    section footer h1 h2 h3 h4 h5 h6 p ul ol li code pre small em strong b i details summary figure
    figcaption table thead tbody tr th td blockquote hr br u var dl dt dd select option
""")
_ATTRIBUTES = _names("""
    data-key data-synonyms lang charset http-equiv content name rel href id class role hidden for
    type placeholder autocomplete spellcheck tabindex data-request start title value
""")


@cache
def page_of(payload: str, *, live: bool) -> str:
    return made(hostile.document(payload), live=live)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("payload", hostile.PAYLOADS)
def test_a_payload_stays_text(payload: str, live: bool) -> None:
    """The payload creates no tag, attribute, script or link, and the page stays valid."""
    page = parsed(page_of(payload, live=live))
    for element in page.all():
        assert element.tag in _TAGS
        others = {name for name in element.attributes if not name.startswith("aria-")}
        assert others <= _ATTRIBUTES, (element.tag, element.attributes)
    assert len(list(page.all("script"))) == 2
    assert len(list(page.all("style"))) == 1
    ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for link in (link.attributes["href"] for link in page.all("a")):
        assert link.startswith(("https://", "http://", "mailto:")) or link[1:] in ids, link


def _all_text(element: Element) -> str:
    return "".join(element.text.split())


@pytest.mark.parametrize("payload", hostile.PAYLOADS)
def test_a_payload_is_shown_completely(payload: str) -> None:
    """No part of a name is lost."""
    page = parsed(page_of(payload, live=False))
    assert "".join(payload.split()) in _all_text(next(page.all("main")))


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("[x](https://example.com/a)", "https://example.com/a"),
        ("[x](#guide-errors)", "#guide-errors"),
        ("<mailto:jane@example.com>", "mailto:jane@example.com"),
        ("[x](javascript:alert(1))", None),
        ("[x](//example.com)", None),
        ("[x](file:///etc/passwd)", None),
        ("[x](data:text/html,x)", None),
        ("[x](page.html)", None),
    ],
)
def test_links_of_descriptions_lead_only_to_the_web(text: str, link: str | None) -> None:
    """An unsafe link is shown as text."""
    made = parsed(html_text.prose(text, 2))
    assert [link.attributes["href"] for link in made.all("a")] == ([link] if link else [])


def test_images_are_not_fetched() -> None:
    """An image becomes a link."""
    made = parsed(html_text.prose("![x](https://example.com/x.png)", 2))
    assert [element.tag for element in made.all()] == ["p", "a"]


def test_code_of_any_language_is_text() -> None:
    """Unknown language names reach neither the page nor the highlighter."""
    for name in ("json", "JSON", "<script>", '"onload="x', "", "no-such-language"):
        made = parsed(html_text.prose(f'```{name}\n{{"a": "<b>"}}\n```', 2))
        assert {element.tag for element in made.all()} <= {"pre", "i"}
        assert made.words == '{"a": "<b>"}'


def test_the_request_of_a_form_stays_data() -> None:
    """It is in an attribute, whatever it contains."""
    operation = {
        "requestBody": {"content": {"application/json": {"example": {"a": "</script>\"'><b>"}}}}
    }
    page = parsed(made(spec({"/a": {"post": operation}}), live=True))
    assert "</script>\\\\\\\"'><b>" in next(page.all("div", "try")).attributes["data-request"]
