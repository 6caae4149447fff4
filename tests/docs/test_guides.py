"""A folder of Markdown guides becomes pages that look like the reference and link to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from mockserver import cli, packaged
from mockserver.docs import guide_markdown, guides, html
from mockserver.docs.guide_html import SERVED, GuidePages
from mockserver.docs.guide_search import GuideEntries
from mockserver.docs.guide_text import _layout_ids
from mockserver.docs.guides import Guide
from mockserver.docs.options import Options
from mockserver.openapi.yaml_file import FileError
from tests.docs import hostile
from tests.docs.contract_reference import OPERATIONS, REFERENCE
from tests.docs.html_page import Element, parsed

MAX_BYTES = 150_000
GUIDES = guides.load(packaged.guides())
NAMES = [guide.name for guide in GUIDES]

Page = Callable[[str], str]


@cache
def pages() -> GuidePages:
    return GuidePages(GUIDES, REFERENCE)


@cache
def page(name: str) -> str:
    return pages().page(name)


def entries(text: str) -> list[dict[str, str]]:
    """Return what the search of a page finds on other pages."""
    (script,) = re.findall(r'<script type="application/json" id="entries">(.*?)</script>', text)
    found = []
    for title, href, words_of, text_of, parts in json.loads(script):
        found.append({"title": title, "href": href, "words": words_of, "text": text_of})
        for part in parts:
            name, own, about, anchor = [*part, "", "", ""][:4]
            anchor = anchor or re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")
            place = f"{href}#{anchor}"
            found.append({"title": name, "href": place, "words": own, "text": about})
    return found


@pytest.fixture
def made(tmp_path: Path) -> Page:
    """Return the page of a guide that has a text."""

    def make(text: str) -> str:
        (tmp_path / "mine.md").write_text(text, encoding="utf-8")
        return GuidePages(guides.load(tmp_path), REFERENCE).page("mine")

    return make


def words(text: str) -> str:
    """Return only the letters and digits of a text."""
    return re.sub(r"[^\w]+|_", "", text)


# --- content


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_whole_guide(name: str) -> None:
    """All headings, all code and the text are there without scripts."""
    guide = next(guide for guide in GUIDES if guide.name == name)
    (main,) = parsed(page(name)).all("main")
    shown = words(main.text)
    text = re.sub(r"<!--.*?-->|!\[[^]]*\]\([^)]*\)", "", guide.text, flags=re.DOTALL)
    for block in re.findall(r"^ *```\w*\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
        assert words(block) in shown
    for heading in re.findall(r"^##+ (.+)$", re.sub(r"(?ms)^```.*?^```$", "", text), re.MULTILINE):
        assert words(heading) in shown


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_itself(name: str) -> None:
    """Its title and description are those of the guide, and it has one main heading."""
    guide = next(guide for guide in GUIDES if guide.name == name)
    whole = parsed(page(name))
    assert next(whole.all("title")).text == f"{guide.title} · {REFERENCE.title}"
    (description,) = [
        part.attributes["content"]
        for part in whole.all("meta")
        if part.attributes.get("name") == "description"
    ]
    assert description == guide.purpose
    assert 40 <= len(description) <= 200
    assert [part.words for part in whole.all("h1")] == [guide.title]


@pytest.mark.slow
@pytest.mark.parametrize("places", [None, SERVED], ids=["on the disk", "served"])
def test_links_between_pages_lead_to_pages_and_headings(places: None) -> None:
    """Guides link to each other and to the reference, and every address has its target."""
    made = GuidePages(GUIDES, REFERENCE, places)
    suffix, folder = ("", "/docs/guides/") if places else (".html", "/docs/guides/")
    pages = {
        f"{folder}{'' if name == 'index' and places else name + suffix}": made.page(name)
        for name in made.names
    }
    reference = f"/docs/reference{suffix}"
    ids = {path: set(re.findall(r'\bid="?([\w-]+)', text)) for path, text in pages.items()}
    ids[reference] = set(re.findall(r'\bid="?([\w-]+)', html.page(REFERENCE, Options())))
    ids["/openapi.yaml"] = set()
    for path, text in pages.items():
        hrefs = {link.attributes["href"] for link in parsed(text).all("a")}
        hrefs |= {entry["href"] for entry in entries(text)}
        for href in hrefs:
            target = urlsplit(resolved(path, href))
            if target.netloc != "docs.invalid" or target.path.endswith(".md"):
                continue
            assert target.path in ids, (path, href)
            assert not target.fragment or unquote(target.fragment) in ids[target.path], (path, href)


def resolved(path: str, href: str) -> str:
    """Return an address as a browser resolves it."""
    return urljoin(f"https://docs.invalid{path}", href)


def test_files_that_are_no_pages_are_named(made: Page) -> None:
    """The text of the link stays, and the path follows unless the text names it."""
    text = made("See [the screen](../../examples/frontend/README.md) and [SECURITY.md](../x.md#a).")
    assert "the screen (<code>examples/frontend/README.md</code>)" in text
    (main,) = parsed(text).all("main")
    assert "See the screen (examples/frontend/README.md) and SECURITY.md (x.md)." in main.words


def test_the_navigation_lists_all_guides_in_the_order_of_the_index() -> None:
    """The open guide is marked, and its sections are listed below it."""
    (nav,) = parsed(page("situations")).all("nav")
    links = [link.attributes["href"] for link in nav.all("a")]
    assert [f"{name}.html" for name in NAMES if name != "index"] == [
        href
        for href in links
        if href.endswith(".html") and "/" not in href and href != "index.html"
    ]
    assert "#inject-faults" in links
    assert "../reference.html" in links
    (current,) = [link for link in nav.all("a") if "aria-current" in link.attributes]
    assert current.words == "Situations on demand"
    groups = {guide.group for guide in GUIDES} - {""}
    assert {part.words for part in nav.all("h3")} == groups


def test_headings_have_the_ids_of_their_links_on_forges(made: Page) -> None:
    """A repeated heading gets a number, and an id of the layout is avoided."""
    text = made("# T\n\n## A `b`: c!\n\n## Same\n\n### Same\n\n## Search\n\n[s](#search)\n")
    whole = parsed(text)
    ids = [part.attributes["id"] for part in whole.all() if "id" in part.attributes]
    assert len(ids) == len(set(ids))
    assert {"a-b-c", "same", "same-1", "search-section"} <= set(ids)
    assert '<a href="#search-section">s</a>' in text
    assert {"search", "nav", "content"} <= _layout_ids()


# --- code in several languages


def test_successive_languages_are_tabs(made: Page) -> None:
    """Without scripts all are shown, each with its name; output belongs to its command."""
    text = made("```bash\ncurl x\n```\n\n```json\n{}\n```\n\n```python\n1\n```\n\n```ts\n2;\n```\n")
    (samples,) = parsed(text).all("div", "ss")
    figures = list(samples.all("figure"))
    assert [figure.classes for figure in figures] == [["curl"], ["python"], ["javascript"]]
    assert [next(figure.all("figcaption")).text for figure in figures] == [
        "curl",
        "pytest",
        "TypeScript",
    ]
    assert [part.text for part in figures[0].all("pre")] == ["curl x", "{}"]


@pytest.mark.parametrize(
    "text",
    [
        "```bash\na\n```\n\n```bash\nb\n```\n",
        "```bash\na\n```\n\nThen:\n\n```python\nb\n```\n",
        "```bash\na\n```\n\n<!-- not run: why -->\n```python\nb\n```\n",
        "```yaml\na: 1\n```\n\n```python\nb\n```\n",
    ],
)
def test_other_successive_code_is_no_tabs(made: Page, text: str) -> None:
    """Tabs have different languages, one after the other."""
    whole = parsed(made(text))
    assert not list(whole.all("div", "ss"))
    assert len(list(whole.all("figure"))) == 2


# --- safety and weight


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_small_and_loads_nothing(name: str) -> None:
    """It has no element that loads something, and its policy allows its own parts only."""
    text = page(name)
    whole = parsed(text)
    assert len(text.encode()) <= MAX_BYTES
    assert not re.search(
        r"<(?:img|iframe|object|embed|form)\b|\bsrc=|url\(", text.split("<script")[0]
    )
    assert not [part for part in whole.all() if "src" in part.attributes or part.tag == "img"]
    (policy,) = [
        part.attributes["content"] for part in whole.all("meta") if "http-equiv" in part.attributes
    ]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "connect-src" not in policy


@pytest.mark.parametrize("payload", hostile.PAYLOADS)
def test_no_payload_becomes_an_element(made: Page, payload: str) -> None:
    """HTML in a guide is shown as text, and links lead to the web or to pages only."""
    text = made(f"# {payload}\n\nFor {payload}: it.\n\n## {payload}\n\n{payload}\n\n- {payload}\n")
    harmless = parsed(made("# x\n\nFor x: it.\n\n## x\n\nx\n\n- x\n"))
    whole = parsed(text)
    known = {part.tag for part in harmless.all()} | {"strong", "em", "code", "pre", "figure", "br"}
    known |= {"blockquote", "hr", "ol", "table", "thead", "tbody", "tr", "th", "td", "h3", "h4"}
    assert {part.tag for part in whole.all()} <= known
    for element in whole.all():
        check_attributes(element)


def check_attributes(element: Element) -> None:
    """Check that an element has no handler and no address that runs a script."""
    assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
    href = element.attributes.get("href", "")
    scheme = urlsplit(href).scheme
    assert scheme in ("", "http", "https", "mailto", "data"), href
    assert scheme != "data" or element.tag == "link"


def test_comments_and_pictures_are_left_out(made: Page) -> None:
    """A comment is no text, and a picture would be a request."""
    (main,) = parsed(made("# T\n\n<!-- a note -->\n\n![A picture](a.png)\n\nText <!-- b -->.")).all(
        "main"
    )
    assert main.words.startswith("T Text .")
    assert not [part for part in main.all("p") if not part.text]


# --- search


def test_the_search_of_a_guide_finds_the_other_guides_and_the_operations() -> None:
    """Its own sections are found in the page itself."""
    found = entries(page("quickstart"))
    hrefs = [entry["href"] for entry in found]
    assert "situations.html#inject-faults" in hrefs
    assert not [href for href in hrefs if href.startswith("quickstart")]
    assert {f"../reference.html#{operation.anchor}" for operation in OPERATIONS} <= set(hrefs)
    anchors = {response.anchor for response in REFERENCE.responses}
    anchors |= {header.anchor for header in REFERENCE.headers}
    anchors |= {guide.anchor for guide in REFERENCE.guides if not guide.is_internal}
    assert {f"../reference.html#{anchor}" for anchor in anchors} <= set(hrefs)
    assert "data-synonyms" in page("quickstart")


def test_the_search_of_the_reference_finds_the_guides() -> None:
    """Addresses lead from its place to the pages."""
    for live, suffix in ((False, ".html"), (True, "")):
        make = html.live_page if live else html.page
        text = make(REFERENCE, Options(guides=GUIDES))
        hrefs = [entry["href"] for entry in entries(text)]
        assert f"guides/webhooks{suffix}#retries" in hrefs
        index = "guides/" if live else "guides/index.html"
        assert f'<a href="{index}">' in text


def test_guides_cost_the_reference_little() -> None:
    """Its page has a limit of its own, so it has only titles and words for the search."""
    text = html.live_page(REFERENCE, Options(guides=GUIDES))
    assert len(text.encode()) < 299_000, "addresses of mocks need the rest"
    assert len(text.encode()) - len(html.live_page(REFERENCE, Options()).encode()) < 13_000


def test_words_of_a_comment_are_found_and_not_shown(made: Page) -> None:
    """They belong to the section whose heading precedes them, or to the guide."""
    comment = "<!-- search: {} -->"
    text = (
        f"# T\n\nText.\n\n{comment.format('dollar')}\n\n## A\n\n{comment.format('slow, lag')}\n\nB."
    )
    whole = parsed(made(text))
    assert whole.at("a").attributes["data-words"] == "slow lag"
    (main,) = whole.all("main")
    assert "slow" not in main.words
    guide = Guide("t.md", "t", "", "T", "Text.", text)
    for with_texts in (True, False):
        (entry,) = GuideEntries([guide], with_texts=with_texts).entries("", "")
        assert entry[2] == "dollar"
        assert entry[4][0][:2] == ["A", "slow lag"]


def test_rare_words_of_a_section_are_found() -> None:
    """They are repeated or identifiers. Those of other sections and of titles are none."""
    common = "".join(f"## S{index}\n\nWord word.\n\n" for index in range(4))
    text = f"# T\n\nText.\n\n{common}## Rust\n\nRust iron, iron, gold, `X-Lag`. Word word.\n"
    (entry,) = GuideEntries([Guide("t.md", "t", "", "T", "", text)]).entries("", "")
    assert entry[4][-1][1] == "|iron x-lag"


def test_served_markdown_leads_to_what_is_served() -> None:
    """Other files are named. Code is as it was, and no comment or picture is left."""
    text = (
        "<!-- search: lag -->\n\n![P](../p.png)\n\nSee [the screen](../../examples/s.md#a),"
        " [`a.py`](../../x/a.py), [One](one.md#a), [the\ncontract](../../spec/openapi.yaml),"
        " [`reference.html`](../reference.html#b), [W](https://w.invalid), `[a](b.md)`.\n\n"
        "```md\n<!-- c -->\n[a](b.md)\n```\n"
    )
    assert guide_markdown.served(text, {"one.md"}) == (
        "See the screen (`examples/s.md`), `a.py`, [One](one.md#a), "
        "[the\ncontract](../../openapi.yaml), [`reference.html`](../reference#b), "
        "[W](https://w.invalid), `[a](b.md)`.\n\n"
        "```md\n<!-- c -->\n[a](b.md)\n```\n"
    )


@pytest.mark.parametrize("guide", GUIDES, ids=NAMES)
def test_served_guides_link_to_nothing_that_is_not_served(guide: Guide) -> None:
    """A relative link of their Markdown is another guide, the reference or the contract."""
    files = {other.file for other in GUIDES}
    text = guide_markdown.served(guide.text, files)
    code = re.compile(r"(?ms)^ *```.*?^ *```$|`[^`\n]+`(?!\])")
    targets = re.findall(r"\]\(([^)\s#]+)", code.sub("", text))
    known = re.compile(
        r"https?:.*|\.\./reference(?:/\w+)?(?:\.md)?|\.\./llms.*|\.\./\.\./openapi.yaml"
    )
    assert [path for path in targets if path not in files and not known.fullmatch(path)] == []


def test_a_section_that_only_links_to_guides_is_not_found() -> None:
    """The guides themselves are, and a section with a text of its own is."""
    links = "- [One](one.md)\n- [Two](two.md)\n"
    text = f"# T\n\n## Index\n\n{links}\n## Text\n\n{'word ' * 60}\n\n{links}"
    guide = Guide("t.md", "t", "", "T", "", text)
    (entry,) = GuideEntries([guide]).entries("", "")
    assert [part[0] for part in entry[4]] == ["Text"]
    index = parsed(GuidePages([guide], REFERENCE).page("t"))
    assert index.at("index").classes == ["g", "index"]
    assert index.at("text").classes == ["g"]


def test_without_guides_the_reference_has_no_entries() -> None:
    """Pages of other documents are as they were."""
    text = html.page(REFERENCE, Options())
    assert 'id="entries"' not in text
    assert "guides/" not in text


# --- files


def test_pages_are_written_beside_the_reference(tmp_path: Path) -> None:
    """HTML and Markdown are in ``guides``, and both indexes name them."""
    source, out = tmp_path / "manual", tmp_path / "out"
    source.mkdir()
    (source / "README.md").write_text("# Manual\n\n## Start\n\n- [B](b.md)\n")
    (source / "a.md").write_text("# A\n\nFor all: a.\n")
    (source / "b.md").write_text("# B\r\n\r\nFor all: b.\r\n", newline="")
    assert cli.main(["docs", "--guides", str(source), "--out", str(out)]) == 0
    names = sorted(path.name for path in (out / "guides").iterdir())
    assert names == ["README.md", "a.html", "a.md", "b.html", "b.md", "index.html"]
    assert (out / "guides" / "b.md").read_bytes() == (source / "b.md").read_bytes()
    assert "- [A](guides/a.md): For all: a." in (out / "llms.txt").read_text()
    assert (out / "llms-full.txt").read_text().count("\n---\n") >= 3
    assert cli.main(["docs", "--guides", str(source), "--out", str(out), "--check"]) == 0
    (source / "a.md").write_text("# A\n\nFor all: c.\n")
    assert cli.main(["docs", "--guides", str(source), "--out", str(out), "--check"]) == 1


def test_the_index_determines_the_order(tmp_path: Path) -> None:
    """Guides that it does not name follow, by name."""
    (tmp_path / "README.md").write_text("# I\n\n## G\n\n[c](c.md), [a](a.md#x), [none](none.md)\n")
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.md").write_text(f"# {name.upper()}\n")
    loaded = guides.load(tmp_path)
    assert [(guide.name, guide.group) for guide in loaded] == [
        ("index", ""),
        ("c", "G"),
        ("a", "G"),
        ("b", ""),
    ]


@pytest.mark.parametrize(
    "text", ["", "no title", "## Second level only\n", "```\nopen", "\ufeff# T"]
)
def test_any_text_is_a_guide(made: Page, tmp_path: Path, text: str) -> None:
    """Without a title the name of the file is the title."""
    assert parsed(made(text))
    (loaded,) = guides.load(tmp_path)
    assert loaded.title == ("T" if "# T" in text else "mine")


def test_names_of_files_are_quoted(tmp_path: Path) -> None:
    """A file may have any name."""
    (tmp_path / "a b%?#.md").write_text('# T\n\n[x](<a b%25%3F%23.md>) "q"\n')
    (loaded,) = guides.load(tmp_path)
    text = GuidePages((loaded,), REFERENCE).page(loaded.name)
    assert '<a href="a-b.html">x</a>' in text
    assert 'href="a%20b%25%3F%23.md"' in text


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "is not a folder"), ({}, "has no Markdown files"), ({"a.md": b"\xff"}, "is not UTF-8")],
)
def test_an_unusable_folder_is_one_line(
    tmp_path: Path,
    content: dict[str, bytes] | None,
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is written, and the exit code is 2."""
    folder = tmp_path / "manual"
    if content is not None:
        folder.mkdir()
        for name, data in content.items():
            (folder / name).write_bytes(data)
    with pytest.raises(FileError, match=problem):
        guides.load(folder)
    out = tmp_path / "out"
    assert cli.main(["docs", "--guides", str(folder), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1
    assert not out.exists()


def test_a_guide_is_plain_data() -> None:
    """Its fields are what the pages show."""
    quickstart = next(guide for guide in GUIDES if guide.name == "quickstart")
    assert isinstance(quickstart, Guide)
    assert (quickstart.file, quickstart.title) == ("quickstart.md", "Quickstart")
    assert quickstart.purpose.startswith("For developers who have never used the mock: ")
