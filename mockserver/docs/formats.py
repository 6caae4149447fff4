"""The output formats: each maps a reference to texts by file name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mockserver.docs import html, llms, markdown, markdown_published
from mockserver.docs.model import Reference
from mockserver.docs.options import Options

Files = Mapping[str, str]


def _markdown(reference: Reference, options: Options) -> Files:
    page = markdown_published.page if options.provenance == "documented" else markdown.page
    return {llms.PAGE: page(reference, options), "llms.txt": llms.text(reference, options)}


def _html(reference: Reference, options: Options) -> Files:
    return {html.PAGE: html.page(reference, options)}


# A new format is one entry here. ``--format`` takes its name; by default all are written.
FORMATS: Mapping[str, Callable[[Reference, Options], Files]] = {
    "markdown": _markdown,
    "html": _html,
}
