"""The output formats: each maps a reference to texts by file name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mockserver.docs import guides, html, llms, markdown, markdown_published
from mockserver.docs.guide_html import GuidePages
from mockserver.docs.model import Reference
from mockserver.docs.operation_pages import OperationPages
from mockserver.docs.options import Options

Files = Mapping[str, str]


def _markdown(reference: Reference, options: Options) -> Files:
    if options.provenance == "documented":
        page = markdown_published.page(reference, options)
        return {llms.PAGE: page, "llms.txt": llms.text(reference, options)}
    page = markdown.page(reference, options)
    operations = OperationPages(reference, options)
    return {
        llms.PAGE: page,
        **{name: operations.text(name) for name in operations.names},
        **{f"{guides.FOLDER}/{guide.file}": guide.text for guide in options.guides},
        "llms.txt": llms.text(reference, options, operations.names),
        llms.FULL: llms.full(page, [guide.text for guide in options.guides]),
    }


def _html(reference: Reference, options: Options) -> Files:
    pages = GuidePages(options.guides, reference)
    return {
        html.PAGE: html.page(reference, options),
        **{f"{guides.FOLDER}/{name}.html": pages.page(name) for name in pages.names},
    }


# A new format is one entry here. ``--format`` takes its name; by default all are written.
FORMATS: Mapping[str, Callable[[Reference, Options], Files]] = {
    "markdown": _markdown,
    "html": _html,
}
