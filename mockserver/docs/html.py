"""The reference as one static HTML page that works without scripts and escapes all text."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from mockserver.docs import guide_search, html_text
from mockserver.docs.html_operation import Views
from mockserver.docs.model import Reference
from mockserver.docs.options import Options
from mockserver.docs.published import Published
from mockserver.docs.samples import LANGUAGES

PAGE = "reference.html"
_MANY_OPERATIONS = 100
"""Above this number of operations, browsers lay out only the visible ones."""


def page(reference: Reference, options: Options) -> str:
    """Return the page as it is written to a file."""
    return _page(reference, options, live=False)


def live_page(reference: Reference, options: Options) -> str:
    """Return the page as a server serves it, with forms that send requests to that server."""
    return _page(reference, options, live=True)


def _page(reference: Reference, options: Options, *, live: bool) -> str:
    everything = options.provenance == "all"
    operation_count = len(list(reference.operations))
    styles, scripts = [_asset("reference.css")], [_asset("reference.js")]
    if live:
        styles.append(_asset("try.css"))
        scripts.append(_asset("try.js"))
    preferences, style, script = (
        _asset("preferences.js"),
        Markup("\n").join(styles),
        Markup("\n").join(scripts),
    )
    policy = _policy([style], [preferences, script], live=live)
    facts: dict[str, Any] = {
        "reference": reference,
        "title": f"{reference.title} reference",
        "published": Published(reference, everything=everything),
        "views": Views(reference, options),
        "banner": options.banner,
        "policy": policy,
        "preferences": preferences,
        "style": style,
        "script": script,
        "live": live,
        "api_key": options.api_key,
        "guides": ("guides/" if live else "guides/index.html") if options.guides else "",
        "entries": _entries(options, "" if live else ".html"),
        "languages": LANGUAGES.values() if options.examples == "realistic" else (),
        "operation_count": operation_count,
        "many": operation_count > _MANY_OPERATIONS,
        "is_marked": any(operation.provenance is not None for operation in reference.operations),
    }
    template = _environment().get_template("page.html" if everything else "published.html")
    return template.render(facts).strip() + "\n"


def _entries(options: Options, suffix: str) -> list[guide_search.Entry]:
    """Return what a search finds in the guides beside the reference."""
    return list(guide_search.of_guides(options.guides, "guides/", suffix, with_texts=False))


def guide_page(facts: dict[str, Any]) -> str:
    """Return the page of a guide. It sends no requests."""
    preferences, script = _asset("preferences.js"), _asset("reference.js")
    style = Markup("\n").join(map(_asset, ("reference.css", "guide.css")))
    assets = {"preferences": preferences, "style": style, "script": script}
    policy = _policy([style], [preferences, script], live=False)
    text = _environment().get_template("guide.html").render({**facts, **assets, "policy": policy})
    return text.strip() + "\n"


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


@cache
def _asset(name: str) -> Markup:
    """Return an asset file that is included in the page as it is."""
    text = files("mockserver.docs").joinpath("assets", name).read_text("utf-8")
    return Markup(text.strip())  # noqa: S704 (an asset of this package)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mockserver.docs"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "prose": html_text.prose,
        "inline": html_text.inline,
    }
    environment.filters.update(filters)
    return environment
