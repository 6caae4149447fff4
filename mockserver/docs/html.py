"""The reference as one static HTML page that works without scripts and escapes all text."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from mockserver.docs import compact, guide_search, html_text
from mockserver.docs.anchors import Anchors
from mockserver.docs.html_operation import LARGE, Views, place_of
from mockserver.docs.html_samples import mark_code
from mockserver.docs.html_schema import slug
from mockserver.docs.introduction import first_call, introduction
from mockserver.docs.model import Reference
from mockserver.docs.options import Options
from mockserver.docs.published import Published
from mockserver.docs.samples import LANGUAGES
from mockserver.docs.servers import Servers

PAGE = "reference.html"
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_SIGNS = re.compile(r"[,;=]")
"""The signs between the phrases of the search."""
_CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_HEAD = Markup('<title>{}</title>\n<meta name="description" content="{}">\n')
_AFTER_HEAD = "<link rel"
_MAIN = '<main id="content"'


def page(reference: Reference, options: Options) -> str:
    """Return the page as it is written to a file."""
    return _page(reference, options, live=False)


def live_page(reference: Reference, options: Options) -> str:
    """Return the page as a server serves it, with forms that send requests to that server."""
    return _page(reference, options, live=True)


class LivePage:
    """A live page, and the same page opened at one operation, with its title and summary."""

    def __init__(self, reference: Reference, options: Options) -> None:
        self._reference = reference
        self._whole = live_page(reference, options)

    def text(self, operation_id: str | None) -> str | None:
        """Return the page, opened at an operation if one is named; None if it is unknown."""
        if operation_id is None:
            return self._whole
        operation = next(
            (entry for entry in self._reference.operations if entry.operation_id == operation_id),
            None,
        )
        if operation is None:
            return None
        title = f"{operation.summary or operation.heading} · {self._reference.title} reference"
        about = html_text.summary(operation.description or operation.summary or operation.heading)
        named = str(_HEAD.format(title, about))
        head, rest = self._whole.split(_AFTER_HEAD, 1)
        rest = rest.replace(_MAIN, f'{_MAIN} data-start="{operation.anchor}"', 1)
        return head[: head.index("<title>")] + named + _AFTER_HEAD + rest


def _page(reference: Reference, options: Options, *, live: bool) -> str:
    everything = options.provenance == "all"
    operation_count = len(list(reference.operations))
    preferences, style, script = _assets(live=live)
    servers = Servers(reference, options.origin)
    parts = introduction(reference.description or "")
    facts: dict[str, Any] = {
        "reference": reference,
        "title": f"{reference.title} reference",
        "summary": html_text.summary(parts.lead or reference.title),
        "published": Published(reference, everything=everything),
        "views": Views(reference, options),
        "introduction": parts,
        "first_call": first_call(reference),
        "servers": servers.choices,
        "anchors": Anchors(),
        "mark_code": partial(mark_code, servers),
        "synonyms": synonyms(reference),
        "banner": options.banner,
        "policy": _policy([style], [preferences, script], live=live),
        "preferences": preferences,
        "style": style,
        "script": script,
        "live": live,
        "api_key": options.api_key,
        "guides": ("guides/" if live else "guides/index.html") if options.guides else "",
        "entries": _entries(options, "" if live else ".html"),
        "languages": LANGUAGES.values() if options.examples == "realistic" else (),
        "operation_count": operation_count,
        "many": operation_count > LARGE,
        "is_marked": any(operation.provenance is not None for operation in reference.operations),
    }
    template = _environment().get_template("page.html" if everything else "published.html")
    return compact.markup(template.render(facts)).strip() + "\n"


def _entries(options: Options, suffix: str) -> list[guide_search.Entry]:
    """Return what a search finds in the guides beside the reference."""
    found = guide_search.guide_entries(tuple(options.guides), with_texts=False)
    return list(found.entries("guides/", suffix))


def synonyms(reference: Reference) -> str:
    """Return the synonyms for the search: phrases=what to look for instead of them;..."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for phrase, others in reference.synonyms.items():
        groups[_listed(others)].append(phrase)
    return ";".join(f"{_listed(phrases)}={others}" for others, phrases in groups.items())


def _listed(phrases: Iterable[str]) -> str:
    return ",".join(_SIGNS.sub(" ", phrase) for phrase in phrases)


def guide_page(facts: dict[str, Any]) -> str:
    """Return the page of a guide. It sends no requests."""
    preferences, style, script = _assets(live=False)
    style = Markup("\n").join([style, _asset("guide.css")])
    assets = {"preferences": preferences, "style": style, "script": script}
    policy = _policy([style], [preferences, script], live=False)
    text = _environment().get_template("guide.html").render({**facts, **assets, "policy": policy})
    return compact.markup(text).strip() + "\n"


def _assets(*, live: bool) -> tuple[Markup, Markup, Markup]:
    """Return the script that runs before the first paint, the style and the main script."""
    styles, scripts = ["reference.css"], ["settings.js", "reference.js", "search.js"]
    if live:
        styles.append("try.css")
        scripts.append("try.js")
    lines = Markup("\n")
    style, script = (lines.join(map(_asset, names)) for names in (styles, scripts))
    return _asset("preferences.js"), style, script


def _policy(styles: list[Markup], scripts: list[Markup], *, live: bool) -> str:
    """Return a content security policy that allows only the page's own scripts and styles."""
    allowed = {
        "default-src": "'none'",
        "style-src": " ".join(map(_hash, styles)),
        "script-src": " ".join(map(_hash, scripts)),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    if live:
        allowed["connect-src"] = "'self'"
    return "; ".join(f"{name} {sources}" for name, sources in allowed.items())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pass_context
def _prose(context: Context, text: str, heading: int, after: Markup | str = "") -> Markup:
    """Return a description as blocks. Its code has the server and the key of the reader.

    Its headings have ids.
    """
    html = str(html_text.prose(text, heading, after))
    anchors, mark = context.get("anchors"), context.get("mark_code", str)
    if anchors is not None:
        html = _HEADING.sub(lambda found: _with_id(anchors, found), html)
    return Markup(_CODE.sub(lambda found: mark(found[0]), html))  # noqa: S704 (escaped above)


def _with_id(anchors: Anchors, found: re.Match[str]) -> str:
    anchor = anchors.take("section", Markup(found[2]).striptags())  # noqa: S704 (to text)
    return f'<h{found[1]} id="{anchor}">{found[2]}</h{found[1]}>'


@pass_context
def _served(context: Context, code: Markup) -> Markup:
    """Return the code of an example with the server of the reader."""
    return Markup(context.get("mark_code", str)(code))  # noqa: S704 (escaped before)


def _attribute(text: str) -> Markup:
    """Return a text for an attribute in single quotes, which keeps JSON short."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")
    return Markup(escaped)  # noqa: S704 (escaped above)


@cache
def _asset(name: str) -> Markup:
    """Return an asset file in its compact form, to be included in the page."""
    text = files("mockserver.docs").joinpath("assets", name).read_text("utf-8")
    compacted = (compact.style if name.endswith(".css") else compact.script)(text)
    return Markup(compacted)  # noqa: S704 (an asset of this package)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mockserver.docs"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "prose": _prose,
        "served": _served,
        "inline": html_text.inline,
        "place": place_of,
        "slug": slug,
        "attribute": _attribute,
    }
    environment.filters.update(filters)
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment
